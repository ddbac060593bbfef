"""What the champion makes of an account today: how likely, what is at stake, and every feature's contribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.phrases import known_value, tell, topic_words
from models.account.subject import Account, plain
from models.bucket_scores import score_rows
from models.explain import reasons_for
from models.manifest import FittedModel, check_features, check_target, check_time, load_model
from models.material import Material
from models.registry import Registry
from models.targets import Target
from pipeline.errors import ModelError
from pipeline.likelihood import with_observed
from pipeline.lists import candidates
from pipeline.settings import Play

OBSERVED = ("probability", "band", "observed_rate", "observed_low", "observed_high")


def score_now(account: Account, target: Target, standing: pd.DataFrame) -> dict[str, Any]:
    """Return what the champion makes of today's tables at the as_of.

    probability, band, observed_rate, observed_low, observed_high, likely_month (YYYY-MM or None), curve (of a risk:
    `days` and the `probability` of the event within them, ascending), gap (days from the as_of on that `days` count
    from), silent_days (see `Target.silent_days`), value_at_stake, expected_value, model, reasons,
    log_odds = base_log_odds + the sum of `topics`' contributions, and per topic its features' value, typical, text and
    contribution, the weightiest first. Raises ModelError where no champion can score.
    """
    material, settings = account.material, account.material.settings
    name, model = _champion(material, target, account.as_of)
    rows = account.features
    table = pa.Table.from_pandas(rows.reset_index(), preserve_index=False)
    scored = score_rows(model, standing, table, set(), account.as_of)
    play = settings.plays.get(target.name, Play(name=target.name))
    nobody = pd.DataFrame(columns=["account_id", "reason"])
    display = pd.DataFrame([{"account_id": account.account_id, **account.shown}])
    worth = candidates(scored, display, nobody, play, settings.lists).scores.iloc[0]
    language, currency = settings.lists.language, settings.money.currency
    likely = with_observed(scored, model.manifest["bands"], language).iloc[0]
    facts = material.with_facts(rows, account.as_of)
    shares = model.scorer.contributions(model.encode(rows))[0]
    return {
        "model": name,
        **{column: plain(likely[column]) for column in OBSERVED},
        "likely_month": plain(scored["likely_month"].iloc[0]),
        "curve": _curve(model, rows, float(likely["probability"])),
        "gap": target.window.gap,
        "silent_days": target.silent_days,
        "value_at_stake": plain(worth["value_at_stake"]),
        "expected_value": plain(worth["expected_value"]),
        "currency": currency,
        "reasons": reasons_for(model, material.features, facts, currency, language)[0],
        "log_odds": float(shares.sum()),
        "base_log_odds": float(shares[-1]),
        "topics": _topics(account, model, facts.to_dict("records")[0], shares[:-1]),
    }


def _curve(model: FittedModel, rows: pd.DataFrame, probability: float) -> list[dict[str, float]]:
    if model.curve is None:
        return []
    cumulative = model.curve.cumulative(model.encode(rows), np.array([probability]))[:, 0]
    return [
        {"days": days, "probability": float(within)} for days, within in zip(model.curve.ends, cumulative, strict=True)
    ]


def _champion(material: Material, target: Target, as_of: date) -> tuple[str, FittedModel]:
    champion = Registry(material.settings).champion(target.name)
    if champion is None:
        raise ModelError(f"target '{target.name}' has no champion yet. Train one with `keepgrow train`.")
    model = load_model(champion.folder, champion.digest, material.settings.training.threads)
    check_target(model.manifest, target)
    check_features(model.manifest, material.features)
    check_time(model.manifest, as_of)
    return f"{champion.name} version {champion.number}", model


def _topics(
    account: Account, model: FittedModel, values: Mapping[Any, Any], shares: Iterable[float]
) -> list[dict[str, Any]]:
    settings = account.material.settings
    currency, language = settings.money.currency, settings.lists.language
    topics: dict[str, list[dict[str, Any]]] = {}
    for feature, described, share in zip(account.material.features, model.manifest["features"], shares, strict=True):
        telling = {
            "feature": feature.name,
            "value": known_value(values[feature.name]),
            "typical": described["typical"],
            "contribution": float(share),
            "text": tell(feature, values, currency, language).text,
            "shown": account.figure(feature, values[feature.name]),
            "shown_typical": account.figure(feature, described["typical"]),
        }
        topics.setdefault(feature.topic, []).append(telling)
    told = [
        {
            "topic": topic,
            "words": topic_words(topic, language),
            "contribution": sum(each["contribution"] for each in members),
            "features": sorted(members, key=lambda each: (-abs(each["contribution"]), each["feature"])),
        }
        for topic, members in topics.items()
    ]
    return sorted(told, key=lambda each: (-abs(each["contribution"]), each["topic"]))

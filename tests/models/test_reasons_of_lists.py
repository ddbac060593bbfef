"""Every figure in every reason of whole lists, recomputed: of the made-up company and of Online Retail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.catalogue import facts_for
from features.engine import build_features
from features.phrases import figure, known_value
from features.words import LANGUAGES
from models.material import Material
from models.scoring import Chosen, drafts
from models.split import training_dates
from models.train import fit
from pipeline.drafts import Draft
from pipeline.likelihood import in_words
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import make_company

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Lists:
    """The drafts of one config in every language, with what their figures are checked against."""

    def __init__(self, settings: Settings) -> None:
        as_of = settings.run.as_of
        if as_of is None:
            raise ValueError("the config names no as_of")
        snapshot = take_snapshot(settings, as_of)
        self.material = material = Material.of(settings, snapshot)
        parts = (*material.features, *facts_for(material.features))
        self.parts = {part.name: part for part in parts}
        # Straight from the engine over all accounts; lists ask it for the listed ones alone.
        built = [
            build_features(history, [as_of], parts, material.references.at([as_of])) for history in material.histories()
        ]
        self.figures = pd.concat(built).set_index("account_id").to_dict("index")
        self.drafts: dict[tuple[str, str], Draft] = {}
        self.typical: dict[str, dict[str, Any]] = {}
        for name, target in material.targets.items():
            until = material.data_until(target, as_of)
            dates = training_dates(settings.training, target.window, material.first_day(target), until)[-1:]
            model = fit(material.dataset(target, dates, until), target, material.features, settings, until)
            self.typical[name] = {each["name"]: each["typical"] for each in model.manifest["features"]}
            for language in LANGUAGES:
                lists = settings.lists.model_copy(update={"language": language})
                spoken = Material(
                    settings.model_copy(update={"lists": lists}), snapshot, material.features, material.targets, {}
                )
                with drafts(spoken, {name: Chosen(model, name, "1")}, as_of) as (draft,):
                    self.drafts[name, language] = draft

    def reasons(self) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        """Yield target, language, row and reason of every row to call."""
        for (target, language), draft in self.drafts.items():
            for row in draft.rows[draft.rows["section"] == "call"].to_dict("records"):
                for reason in row["reasons"]:
                    yield target, language, {str(key): value for key, value in row.items()}, reason


QUICK = {"training": {"threads": 1, "min_positives": 20, "every_days": 28}}


@pytest.fixture(scope="module", params=["demo", "online_retail"])
def lists(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Lists:
    folder = tmp_path_factory.mktemp(request.param)
    changes: dict[str, Any] = {"state": str(folder / "state"), **QUICK}
    if request.param == "demo":
        make_company(folder / "company", 600, 2)
        changes["root"] = str(folder)
        changes["accounts"] = {"features": ["segment"], "constant": ["segment"], "peers": "segment"}
    return Lists(read_settings(root / f"configs/{request.param}.toml", **changes))


def test_every_figure_equals_the_snapshots(lists: Lists) -> None:
    currency, seen = lists.material.settings.money.currency, 0
    for target, language, row, reason in lists.reasons():
        for shown in reason["figures"]:
            found = known_value(lists.figures[row["account_id"]][shown["feature"]])
            assert shown["value"] == found, (row["account_id"], reason)
            assert shown["shown"] in reason["text"]
            if found is not None and reason["text"].count(shown["shown"]) and NUMBER.search(shown["shown"]):
                assert shown["shown"] == figure(lists.parts[shown["feature"]], found, currency, language)
                seen += 1
        if reason["typical"]:
            assert reason["typical"]["value"] == lists.typical[target][reason["typical"]["feature"]]
    assert seen > 100


def test_a_shown_figure_read_back_is_its_value(lists: Lists) -> None:
    for _, language, _, reason in lists.reasons():
        for shown in reason["figures"]:
            part, value = lists.parts[shown["feature"]], shown["value"]
            if isinstance(value, str) or value is None or not NUMBER.search(shown["shown"]) or part.unit == "change":
                continue
            text = NUMBER.findall(shown["shown"])[-1]
            thousands, decimal = (",", ".") if language == "en" else (".", ",")
            read = float(text.replace(thousands, "").replace(decimal, "."))
            expected = abs(value) * (100 if part.unit == "share" else 1)
            assert read == pytest.approx(expected, abs=0.51 if expected >= 10 or part.unit == "share" else 0.051), shown


def test_no_other_number_stands_in_a_text(lists: Lists) -> None:
    for _, language, _, reason in lists.reasons():
        shown = [each["shown"] for each in reason["figures"]]
        shown += [reason["typical"]["shown"]] if reason["typical"] else []
        declared = [
            phrase.told(language)
            for feature in lists.material.features
            if feature.topic == reason["topic"]
            for phrase in (feature.words, feature.unknown)
        ]
        allowed = {number for text in (*shown, *declared) for number in NUMBER.findall(text)}
        assert {*NUMBER.findall(reason["text"])} <= allowed, reason


def test_reasons_are_topics_in_order_and_claim_no_cause(lists: Lists) -> None:
    for draft in lists.drafts.values():
        for row in draft.rows.to_dict("records"):
            roles = [reason["role"] for reason in row["reasons"]]
            weights = [reason["contribution"] for reason in row["reasons"] if reason["role"] == "raises"]
            assert weights == sorted(weights, reverse=True)
            assert len({reason["topic"] for reason in row["reasons"]}) == len(roles)
            if row["section"] == "call":
                assert re.fullmatch(r"((raises ){1,3}|none )(eases )?", "".join(f"{role} " for role in roles))
            else:
                assert roles == ["apart"]
            for reason in row["reasons"]:
                assert not re.search(r"because|fordi|\bnan\b|[{}]", reason["text"], re.IGNORECASE)


def test_both_languages_say_the_same_of_the_same_rows(lists: Lists) -> None:
    for target in lists.material.targets:
        english, danish = (lists.drafts[target, language].rows for language in LANGUAGES)
        assert english.drop(columns=["reasons", "band"]).equals(danish.drop(columns=["reasons", "band"]))
        for one, other in zip(english["reasons"], danish["reasons"], strict=True):
            assert [(each["role"], each["topic"]) for each in one] == [(each["role"], each["topic"]) for each in other]
        for language, rows in zip(LANGUAGES, (english, danish), strict=True):
            scored = rows[rows["probability"].notna()]
            assert scored["band"].tolist() == [in_words(value, language) for value in scored["probability"]]

"""Priority lists: scored accounts ranked by what a call is expected to be worth, within what each manager can work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import ModelError, nearest
from pipeline.settings import ListSettings, Play

UNASSIGNED = "unassigned"
"""The account manager of accounts that have none."""

COHORT_SECTIONS = ("cohort", "leaving", "too_new", "outside")
"""Where a target's cohort puts an account; `outside` is neither listed nor kept among the scores, only counted."""

_DISPLAY = ("name", "account_manager", "team")
_SCORES = ("account_id", "section", "probability", "value_at_stake", "expected_value")


@dataclass(frozen=True)
class Ranking:
    """A list before reasons, bands and changes are added to its rows."""

    rows: pd.DataFrame
    """account_id, section (call, leaving, too_new), rank and manager_rank (Int64; blank unless to be called), name,
    account_manager, team, probability, value_at_stake, expected_value, play. To call first, by rank."""
    scores: pd.DataFrame
    """One row per account neither excluded nor outside: account_id, section (cohort, leaving, too_new), probability,
    value_at_stake, expected_value."""
    counts: dict[str, Any]
    """scored = listed + over_capacity + not_worth_it; leaving, too_new, outside; excluded: reason -> accounts."""


def rank(
    scored: pd.DataFrame, display: pd.DataFrame, excluded: pd.DataFrame, play: Play, settings: ListSettings
) -> Ranking:
    """Rank accounts by expected value = probability x value at stake x the play's effect - its cost.

    `scored` has one row per account: account_id, section (COHORT_SECTIONS), probability in [0, 1] and value_at_stake
    in currency units, both compulsory in the cohort only, and not for excluded accounts. `display` has account_id,
    name, account_manager and team; `excluded` account_id and reason. Excluded accounts are removed and counted. Rows
    worth nothing or less are left off; each account manager gets the best `capacity` rows, accounts without one go to
    `unassigned`, and equal expected values are ordered by account id. Raises ModelError for scores that are missing,
    doubled or out of range.
    """
    _check_columns(scored)
    kept, excluded_by_reason = _without_excluded(scored, excluded)
    _check_values(kept)
    sections = kept["section"].value_counts()
    valued = _with_expected_value(kept[kept["section"] != "outside"], play)
    shown = _with_display(valued, display)

    candidates = shown[shown["section"] == "cohort"]
    worth_it = candidates[candidates["expected_value"] > 0].sort_values(
        ["expected_value", "account_id"], ascending=[False, True]
    )
    manager_rank = worth_it.groupby("account_manager").cumcount() + 1
    capacity = worth_it["account_manager"].map(dict(settings.capacities)).fillna(settings.capacity)
    call = worth_it.assign(manager_rank=manager_rank, section="call", play=play.name)[manager_rank <= capacity]
    call = call.assign(rank=np.arange(1, len(call) + 1))
    apart = shown[shown["section"] != "cohort"].sort_values(["section", "account_id"])

    rows = pd.concat([call, apart], ignore_index=True).astype({"rank": "Int64", "manager_rank": "Int64"})
    counts = {
        "scored": len(candidates),
        "listed": len(call),
        "over_capacity": len(worth_it) - len(call),
        "not_worth_it": len(candidates) - len(worth_it),
        **{section: int(sections.get(section, 0)) for section in ("leaving", "too_new", "outside")},
        "excluded": excluded_by_reason,
    }
    columns = ["account_id", "section", "rank", "manager_rank", *_DISPLAY, *_SCORES[2:], "play"]
    return Ranking(rows[columns], valued[list(_SCORES)].sort_values("account_id", ignore_index=True), counts)


def _check_columns(scored: pd.DataFrame) -> None:
    missing = [name for name in _SCORES[:-1] if name not in scored]
    if missing:
        raise ModelError(f"scores lack the column '{missing[0]}'; {nearest(missing[0], map(str, scored.columns))}")


def _check_values(scored: pd.DataFrame) -> None:
    unknown = scored[~scored["section"].isin(COHORT_SECTIONS)]
    if len(unknown):
        _refuse(unknown, f"the section {unknown['section'].iloc[0]!r}; expected one of {', '.join(COHORT_SECTIONS)}")
    twice = scored[scored["account_id"].duplicated()]
    if len(twice):
        _refuse(twice, "more than one score; expected one row per account")
    cohort = scored[scored["section"] == "cohort"].astype({"probability": "float64", "value_at_stake": "float64"})
    # Written so that a missing value fails too.
    unlikely = cohort[~cohort["probability"].between(0, 1)]
    if len(unlikely):
        _refuse(unlikely, f"the probability {unlikely['probability'].iloc[0]}; expected a number from 0 to 1")
    worthless = cohort[~np.isfinite(cohort["value_at_stake"])]
    if len(worthless):
        _refuse(worthless, f"the value at stake {worthless['value_at_stake'].iloc[0]}; expected an amount")


def _refuse(rows: pd.DataFrame, found: str) -> None:
    raise ModelError(f"{len(rows)} accounts cannot be ranked: account {rows['account_id'].iloc[0]!r} has {found}")


def _without_excluded(scored: pd.DataFrame, excluded: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the accounts that may be listed, and how many may not, by the first of their reasons."""
    rules = excluded.assign(reason=excluded["reason"].fillna("no reason given").astype(str))
    first = rules.sort_values(["account_id", "reason"]).drop_duplicates("account_id")
    hit = first[first["account_id"].isin(scored["account_id"])]
    counts = hit["reason"].value_counts().sort_index()
    return (
        scored[~scored["account_id"].isin(first["account_id"])],
        {str(reason): int(count) for reason, count in counts.items()},
    )


def _with_expected_value(kept: pd.DataFrame, play: Play) -> pd.DataFrame:
    """Return the rows with their expected value; accounts that are not scored have neither it nor a probability."""
    cohort = kept["section"] == "cohort"
    probability = kept["probability"].astype("float64").where(cohort)
    value = kept["value_at_stake"].astype("float64")
    return kept.assign(
        probability=probability, value_at_stake=value, expected_value=probability * value * play.effect - play.cost
    )


def _with_display(shown: pd.DataFrame, display: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with name, account manager and team, and blank ranks and play."""
    people = display.drop_duplicates("account_id").set_index("account_id").reindex(columns=list(_DISPLAY))
    found = people.reindex(shown["account_id"]).astype(object)
    found = found.where(found.notna(), None).set_index(shown.index)
    manager = found["account_manager"].where(found["account_manager"].astype("string").str.strip().fillna("") != "")
    return shown.drop(columns=[name for name in _DISPLAY if name in shown]).assign(
        name=found["name"],
        team=found["team"],
        account_manager=manager.fillna(UNASSIGNED),
        rank=None,
        manager_rank=None,
        play=None,
    )

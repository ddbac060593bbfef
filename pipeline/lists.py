"""Priority lists: scored accounts ranked by what a call is expected to be worth, within what each manager can work.

Accounts come in parts: `candidates` keeps of each part what can still reach the list, `rank` makes the list of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import ModelError, nearest
from pipeline.score_files import AHEAD
from pipeline.settings import ListSettings, Play

UNASSIGNED = "unassigned"
"""The account manager of accounts that have none."""

COHORT_SECTIONS = ("cohort", "leaving", "too_new", "outside")
"""Where a target's cohort puts an account; `outside` is neither listed nor kept among the scores, only counted."""

_DISPLAY = ("name", "account_manager", "team")
_SCORES = ("account_id", "section", "probability", "value_at_stake", "expected_value")
_LISTED = ("likely_month",)


WAITING = 50_000
"""Candidates that may wait before those without a chance are dropped."""


@dataclass(frozen=True)
class Candidates:
    """What some of the accounts bring to a list."""

    rows: pd.DataFrame
    """account_id, section (cohort, leaving, too_new), name, account_manager, team, probability, value_at_stake,
    expected_value, and whatever else was given. Of the cohort each manager's best, of the other sections all."""
    scores: pd.DataFrame
    """One row per account neither excluded nor outside, by account_id: account_id, section (cohort, leaving, too_new),
    probability, value_at_stake, expected_value and the columns `pipeline.score_files.AHEAD`, blank where not given."""
    counts: Mapping[str, Any]
    """scored, worth_it, leaving, too_new, outside; excluded: reason -> accounts."""


@dataclass(frozen=True)
class Ranking:
    """A list before reasons, bands and changes are added to its rows."""

    rows: pd.DataFrame
    """account_id, section (call, leaving, too_new), rank and manager_rank (Int64; blank unless to be called), name,
    account_manager, team, probability, value_at_stake, expected_value, play, and whatever else the candidates carry.
    To call first, by rank."""
    counts: dict[str, Any]
    """scored = listed + over_capacity + not_worth_it; leaving, too_new, outside; excluded: reason -> accounts."""


def candidates(
    scored: pd.DataFrame, display: pd.DataFrame, excluded: pd.DataFrame, play: Play, settings: ListSettings
) -> Candidates:
    """Return what can reach the list, by expected value = probability x value at stake x the play's effect - its cost.

    `scored` has one row per account: account_id, section (COHORT_SECTIONS), probability in [0, 1] and value_at_stake
    in currency units, both compulsory in the cohort only, and not for excluded accounts; further columns stay beside
    the rows. `display` has account_id, name, account_manager and team; `excluded` account_id and reason. Excluded
    accounts are removed and counted. Rows worth nothing or less are left off; accounts without a manager go to
    `unassigned`. Raises ModelError for scores that are missing, doubled or out of range.
    """
    _check_columns(scored)
    kept, excluded_by_reason = _without_excluded(scored, excluded)
    _check_values(kept)
    sections = kept["section"].value_counts()
    valued = _with_expected_value(kept[kept["section"] != "outside"], play)
    worth_it = (valued["section"] == "cohort") & (valued["expected_value"] > 0)
    shown = _with_display(valued[worth_it | (valued["section"] != "cohort")], display)
    counts = {
        "scored": int(sections.get("cohort", 0)),
        "worth_it": int(worth_it.sum()),
        **{section: int(sections.get(section, 0)) for section in ("leaving", "too_new", "outside")},
        "excluded": excluded_by_reason,
    }
    scores = valued.reindex(columns=[*_SCORES, *AHEAD]).sort_values("account_id", ignore_index=True)
    shown = shown.drop(columns=[name for name in AHEAD if name in shown and name not in _LISTED])
    return Candidates(_with_a_chance(shown, settings), scores, counts)


class Ranker:
    """Takes candidates part by part; not more are held at once than the list has rows, and `WAITING` more."""

    def __init__(self, play: Play, settings: ListSettings) -> None:
        self._play, self._settings = play, settings
        self._waiting: list[pd.DataFrame] = []
        self._settled = 0
        self._counted: Counter[str] = Counter()
        self._excluded: Counter[str] = Counter()

    def add(self, part: Candidates) -> None:
        self._counted.update({name: number for name, number in part.counts.items() if name != "excluded"})
        self._excluded.update(part.counts["excluded"])
        self._waiting.append(part.rows)
        if sum(map(len, self._waiting)) > self._settled + WAITING:
            self._waiting = [self._chosen()]
            self._settled = len(self._waiting[0])

    def ranking(self) -> Ranking:
        """Return the list of the parts so far, of which there is at least one."""
        shown = self._chosen()
        call = shown[shown["section"] == "cohort"]
        call = call.assign(
            section="call",
            rank=np.arange(1, len(call) + 1),
            manager_rank=call.groupby("account_manager").cumcount() + 1,
            play=self._play.name,
        )
        apart = shown[shown["section"] != "cohort"].assign(rank=None, manager_rank=None, play=None)
        rows = pd.concat([call, apart], ignore_index=True).astype({"rank": "Int64", "manager_rank": "Int64"})
        counted = self._counted
        counts = {
            "scored": counted["scored"],
            "listed": len(call),
            "over_capacity": counted["worth_it"] - len(call),
            "not_worth_it": counted["scored"] - counted["worth_it"],
            **{section: counted[section] for section in ("leaving", "too_new", "outside")},
            "excluded": {reason: self._excluded[reason] for reason in sorted(self._excluded)},
        }
        columns = ["account_id", "section", "rank", "manager_rank", *_DISPLAY, *_SCORES[2:], "play"]
        return Ranking(rows[[*columns, *(name for name in shown if name not in columns)]], counts)

    def _chosen(self) -> pd.DataFrame:
        return _with_a_chance(pd.concat(self._waiting, ignore_index=True), self._settings)


def rank(parts: Iterable[Candidates], play: Play, settings: ListSettings) -> Ranking:
    """Rank the candidates of all parts, of which there is at least one; how accounts were dealt into them is all one.

    Each account manager gets the best `capacity` rows; equal expected values are ordered by account id.
    """
    ranker = Ranker(play, settings)
    for part in parts:
        ranker.add(part)
    return ranker.ranking()


def _with_a_chance(shown: pd.DataFrame, settings: ListSettings) -> pd.DataFrame:
    """Return each manager's best rows of the cohort, the best first, and then the others by section and account."""
    cohort = shown[shown["section"] == "cohort"]
    cohort = cohort.sort_values(["expected_value", "account_id"], ascending=[False, True])
    capacity = cohort["account_manager"].map(dict(settings.capacities)).fillna(settings.capacity)
    apart = shown[shown["section"] != "cohort"].sort_values(["section", "account_id"])
    return pd.concat([cohort[cohort.groupby("account_manager").cumcount() < capacity], apart], ignore_index=True)


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
    """Return the rows with name, account manager and team."""
    people = display.drop_duplicates("account_id").set_index("account_id").reindex(columns=list(_DISPLAY))
    found = people.reindex(shown["account_id"]).astype(object)
    found = found.where(found.notna(), None).set_index(shown.index)
    manager = found["account_manager"].where(found["account_manager"].astype("string").str.strip().fillna("") != "")
    return shown.drop(columns=[name for name in _DISPLAY if name in shown]).assign(
        name=found["name"], team=found["team"], account_manager=manager.fillna(UNASSIGNED).astype(object)
    )

"""Cohorts from what an as_of may see, and labels from what became known afterwards.

This is the only module that opens `History.known_by`: nothing else in keepgrow looks ahead of an as_of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from models.targets.target import COHORT, LEAVING, OUTSIDE, TOO_NEW, Floats, Standing, Target
from pipeline.asof import DAY, MISSING
from pipeline.errors import AsOfError
from pipeline.history import Flags, History, Ints, View
from pipeline.tables import SCALE


def cohort(target: Target, view: View) -> pd.DataFrame:
    """Return how every account seen at the view's as_of stands, one row per account, ascending by account_id.

    Columns: account_id; section ("cohort", "leaving", "too_new" or "outside"); base (MRR or net spend, currency
    units); value_at_stake (currency units, NaN where a model of the increment tells it); since and ends_on (when the
    end of a leaving account became known, and when it comes; NaT for others).
    """
    standing = target.standing(view)
    return _standings(target, view, standing)


def label(target: Target, history: History, as_ofs: Iterable[date], known_by: date) -> pd.DataFrame:
    """Return what became of every account seen at each as_of, sorted by as_of and account_id.

    Columns: account_id; as_of; section; label (1.0 or 0.0, NaN outside the cohort); base and value_at_stake as
    `cohort` gives them; realised (currency units, NaN outside the cohort): the value at stake where the label is 1, or
    for a target that grows the growth over base where it is 1, else 0; event_after and seen_days; waited.

    event_after: days from as_of to the event, 0 on as_of's own day; NaN where none was seen, outside the cohort, and
    for labels that have no day. seen_days: an event after fewer days would have been seen by `known_by` and have
    settled (0 for labels that have no day). Label 1 exactly where event_after < gap + horizon. waited: share of the
    window, in whole days, that passed before the account did what makes the label 0, 1 where the label is 1; NaN for
    labels without such a moment.

    Cohort and base are what was visible at as_of; the label is what was known by midnight of `known_by`. Raises
    AsOfError for an as_of whose window is not closed by then.
    """
    parts = []
    for told in _told(target, history, as_ofs, known_by):
        seen = told.seen
        asked = told.sections[seen] == COHORT
        parts.append(
            pd.DataFrame(
                {
                    "account_id": pd.Series(history.accounts[seen], dtype="str"),
                    "as_of": np.full(len(asked), told.as_of, dtype="datetime64[us]"),
                    "section": pd.Series(told.sections[seen], dtype="str"),
                    "label": np.where(asked, told.label[seen].astype(np.float64), np.nan),
                    "base": told.base[seen],
                    "value_at_stake": told.stake[seen],
                    "realised": np.where(asked, told.realised[seen], np.nan),
                    "event_after": np.where(asked, told.event_after[seen], np.nan),
                    "seen_days": np.full(len(asked), told.seen_days, dtype=np.int32),
                    "waited": np.where(asked, told.waited[seen], np.nan),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def label_cohort(target: Target, history: History, as_ofs: Iterable[date], known_by: date) -> pa.Table:
    """Return the rows of `label` that are in the cohort, without `section` and with `label` as int8."""
    parts = []
    for told in _told(target, history, as_ofs, known_by):
        asked = np.flatnonzero(told.seen & (told.sections == COHORT))
        columns = {
            "account_id": pa.array(history.accounts[asked], pa.string()),
            "as_of": pa.array(np.full(len(asked), told.as_of, dtype="datetime64[us]")),
            "label": pa.array(told.label[asked].astype(np.int8)),
            "base": pa.array(told.base[asked]),
            "value_at_stake": pa.array(told.stake[asked]),
            "realised": pa.array(told.realised[asked]),
            "event_after": pa.array(told.event_after[asked]),
            "seen_days": pa.array(np.full(len(asked), told.seen_days, dtype=np.int32)),
            "waited": pa.array(told.waited[asked]),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


@dataclass(frozen=True)
class _Told:
    """How each account of a bucket stood at an as_of and what became of it. Arrays of shape (accounts,)."""

    as_of: date
    seen: Flags
    sections: NDArray[np.object_]
    label: Flags
    base: Floats
    stake: Floats
    realised: Floats
    """For members of the cohort: what was really at stake, or won, where the label is 1, else 0; currency units."""
    event_after: Floats
    seen_days: int
    waited: Floats


def _told(target: Target, history: History, as_ofs: Iterable[date], known_by: date) -> Iterator[_Told]:
    dates = sorted(set(as_ofs))
    _check_closed(target, dates, known_by)
    standings: dict[date, Standing] = {}
    seen: list[tuple[Flags, NDArray[np.object_]]] = []
    for as_of in dates:
        view = history.upto(as_of)  # held one at a time: a view is as large as what is read of the bucket
        standings[as_of] = target.standing(view)
        seen.append((view.seen, _sections(target, view, standings[as_of])))
    outcomes = target.outcomes(history.known_by(known_by), standings)
    for as_of, (those, sections), outcome in zip(dates, seen, outcomes, strict=True):
        standing = standings[as_of]
        gained = outcome.increment / SCALE if target.grows else standing.stake
        realised = np.where(outcome.label, gained, 0.0)
        days, after = 0, np.full(len(realised), np.nan)
        if outcome.event_after is not None:
            days = (known_by - as_of).days - target.window.settle_days
            # What came later is there already, but may still be taken back.
            after = np.where(outcome.event_after < days, outcome.event_after, np.nan)
        waited = np.full(len(realised), np.nan) if outcome.waited is None else outcome.waited
        yield _Told(
            as_of, those, sections, outcome.label, standing.base / SCALE, standing.stake, realised, after, days, waited
        )


def notices_of(target: Target, history: History, known_by: date) -> Floats:
    """Return the days of notice of each termination past by `known_by`, for `Target.check`; often none."""
    return target.notices(history.known_by(known_by))


def _check_closed(target: Target, dates: Sequence[date], known_by: date) -> None:
    window = target.window
    if not dates:
        raise AsOfError(f"target '{target.name}' has no as_of to label; give at least one.")
    for as_of in dates:
        if not window.closed_by(as_of, known_by):
            raise AsOfError(
                f"target '{target.name}' cannot be labelled at as_of {as_of}: its window is judged {window.embargo} "
                f"days later (gap {window.gap} + horizon {window.horizon} + settle_days {window.settle_days}), and "
                f"rows are known only up to {known_by}. Take an as_of of {window.last_usable(known_by)} or earlier."
            )


def _standings(target: Target, view: View, standing: Standing) -> pd.DataFrame:
    seen = view.seen
    return pd.DataFrame(
        {
            "account_id": pd.Series(view.accounts[seen], dtype="str"),
            "section": pd.Series(_sections(target, view, standing)[seen], dtype="str"),
            "base": standing.base[seen] / SCALE,
            "value_at_stake": standing.stake[seen],
            "since": _instants(standing.since[seen]),
            "ends_on": _instants(standing.ends[seen]),
        }
    )


def _sections(target: Target, view: View, standing: Standing) -> NDArray[np.object_]:
    sections = np.full(len(view.accounts), OUTSIDE, dtype=object)
    sections[standing.member] = COHORT
    sections[young(view, standing.member, target)] = TOO_NEW
    sections[standing.leaving] = LEAVING
    return sections


def young(view: View, asked: Flags, target: Target) -> Flags:
    """Return which of the accounts asked for have less than the target's `min_history_days` of history.

    An account's history begins with `opened_at` or its first visible row in any table, whichever is earlier. The
    tables are looked at only as long as they may still tell: the accounts', those that the target reads anyway, and
    the interactions, which are most of all rows, last.
    """
    before = view.at - target.min_history_days * DAY
    left = asked.copy() if target.min_history_days else np.zeros(len(asked), dtype=bool)
    first = ("accounts", *(name for name in target.reads if name != "interactions"))
    for name in sorted(view.tables, key=lambda name: (name not in first, name == "interactions")):
        if not left.any():
            break
        rows = view.tables[name]
        left[rows.account[(rows.occurred != MISSING) & (rows.occurred <= before)]] = False
    return left


def _instants(values: Ints) -> pd.Series:
    # MISSING is the very number by which datetime64 writes NaT.
    return pd.Series(values.astype("datetime64[us]"))

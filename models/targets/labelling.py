"""Cohorts from what an as_of may see, and labels from what became known afterwards.

This is the only module that opens `History.known_by`: nothing else in keepgrow looks ahead of an as_of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.targets.target import COHORT, LEAVING, OUTSIDE, TOO_NEW, Floats, Standing, Target
from pipeline.asof import DAY, MISSING, NEVER
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
    for a target that grows the growth over base where it is 1, else 0.

    Cohort and base are what was visible at as_of; the label is what was known by midnight of `known_by`. Raises
    AsOfError for an as_of whose window is not closed by then.
    """
    dates = sorted(set(as_ofs))
    _check_closed(target, dates, known_by)
    standings: dict[date, Standing] = {}
    frames: list[tuple[Flags, pd.DataFrame]] = []
    for as_of in dates:
        view = history.upto(as_of)  # held one at a time: a view is as large as the bucket
        standings[as_of] = target.standing(view)
        frames.append((view.seen, _standings(target, view, standings[as_of]).drop(columns=["since", "ends_on"])))
    outcomes = target.outcomes(history.known_by(known_by), standings)
    parts = []
    for as_of, (seen, frame), outcome in zip(dates, frames, outcomes, strict=True):
        asked = frame["section"].to_numpy() == COHORT
        won = outcome.label[seen]
        gained = frame["value_at_stake"].to_numpy() if not target.grows else outcome.increment[seen] / SCALE
        frame.insert(1, "as_of", pd.Series([pd.Timestamp(as_of)] * len(frame), dtype="datetime64[us]"))
        frame.insert(3, "label", np.where(asked, won.astype(np.float64), np.nan))
        frame["realised"] = np.where(asked, np.where(won, gained, 0.0), np.nan)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


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
    young = view.at - first_sight(view) < target.min_history_days * DAY
    sections = np.full(len(view.accounts), OUTSIDE, dtype=object)
    sections[standing.member] = COHORT
    sections[standing.member & young] = TOO_NEW
    sections[standing.leaving] = LEAVING
    return sections


def first_sight(view: View) -> Ints:
    """Return per account the earlier of `opened_at` and its first visible row in any table; as_of where it has none."""
    first = np.full(len(view.accounts), view.at)
    for rows in view.tables.values():
        # Rows are sorted by account and occurrence, those without a time last.
        opening = np.flatnonzero(np.diff(rows.account, prepend=-1))
        account, occurred = rows.account[opening], rows.occurred[opening]
        first[account] = np.minimum(first[account], np.where(occurred == MISSING, NEVER, occurred))
    return first


def _instants(values: Ints) -> pd.Series:
    # MISSING is the very number by which datetime64 writes NaT.
    return pd.Series(values.astype("datetime64[us]"))

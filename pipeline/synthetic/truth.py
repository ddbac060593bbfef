"""The exact probabilities behind the made-up company, by forward recursion over the latent states.

Forward recursion as for hidden Markov chains (Rabiner 1989, "A tutorial on hidden Markov models", section III.A),
here with the state known at the start and events that end or change the contract on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.asof import DAY, instant
from pipeline.errors import AsOfError, SourceError
from pipeline.synthetic.chain import (
    APART,
    GROW,
    GROWTH,
    GROWTH_SHARES,
    GROWTH_STEPS,
    INDEXATION,
    LOCK_WEEKS,
    MOVES,
    NOTICE,
    SHRINK,
    SHRINK_STEP,
    STATES,
    WEEK,
    Terms,
    weekly_odds,
)
from pipeline.synthetic.course import RETURN_DAYS, RETURN_SHARE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEPS = b"steps"
"""Key of the metadata of truth/states.parquet: its first and last step, with a blank between them."""

CHUNK = 1_000
"""Accounts whose recursion is held in memory at once."""


@dataclass(frozen=True)
class Window:
    """What is asked: the label's window in days after as_of, the growth that counts, and the grace of a return."""

    first: int
    until: int
    min_growth: float
    grace_days: int

    @property
    def weeks(self) -> int:
        return -(-self.until // WEEK)


USUAL = Window(0, 90, 0.1, 30)
"""What `oracle` asks when it is not told otherwise."""


def oracle(
    folder: Path | str,
    as_of: date,
    *,
    horizon: int = USUAL.until,
    gap: int = USUAL.first,
    min_growth: float = USUAL.min_growth,
    grace_days: int = USUAL.grace_days,
) -> pd.DataFrame:
    """Return account_id, p_churn, p_upsell: one row per account with a contract and no notice given at `as_of`.

    `p_churn` is the probability that notice is given in `[as_of + gap, as_of + gap + horizon)` and no line starts
    within `grace_days` of the contract's end; `p_upsell` that MRR at the window's end is at least
    `(1 + min_growth)` times that at `as_of`; both given the latent state at `as_of` and everything known by the time
    a return would have happened. Exact, because nothing further happens for LOCK_WEEKS after a return or reduction,
    and because rates of exchange move less than growth does (see `money`).

    `folder` is one that `make_company` wrote. Raises AsOfError when `as_of` is not on a weekly step of the company
    or the window is longer than LOCK_WEEKS.
    """
    window = Window(gap, gap + horizon, min_growth, grace_days)
    if not 0 <= window.first < window.until <= LOCK_WEEKS * WEEK:
        raise AsOfError(
            f"gap + horizon must lie in 1 to {LOCK_WEEKS * WEEK} days and gap be at least 0; "
            f"found gap {gap} and horizon {horizon}. Ask for a shorter window."
        )
    at = _states_at(Path(folder), as_of)
    terms = Terms(
        at["segment"].to_numpy(),
        at["annual"].to_numpy(),
        at["index"].to_numpy(),
        at["term"].to_numpy().astype(np.int64),
    )
    day = instant(as_of) // DAY
    churn, upsell = probabilities(at["state"].to_numpy(), at["locked"].to_numpy(), terms, day, window)
    return pd.DataFrame({"account_id": at["account_id"].to_numpy(), "p_churn": churn, "p_upsell": upsell})


def latent_states(folder: Path | str, as_of: date) -> pd.DataFrame:
    """Return the levels of the components at `as_of`, one row per account with a contract and no notice given.

    Columns: account_id, one per component, locked (weeks without change). Raises AsOfError as `oracle` does.
    """
    return _states_at(Path(folder), as_of).drop(columns=["state", "term", "segment", "annual", "index"])


def _states_at(folder: Path, as_of: date) -> pd.DataFrame:
    file = folder / "truth" / "states.parquet"
    if not file.exists():
        raise SourceError(f"no truth at {file}: expected a folder written by make_company. Make the company first.")
    first, last = (date.fromisoformat(day) for day in pq.read_schema(file).metadata[STEPS].decode().split())
    if not first <= as_of <= last or (as_of - first).days % WEEK:
        raise AsOfError(
            f"as_of {as_of} is not a step of this company, whose states are known every {WEEK} days "
            f"from {first} to {last}. Take one of those days."
        )
    states = pq.read_table(file, filters=[("at", "=", pa.scalar(as_of, pa.date32()))]).to_pandas()
    accounts = pq.read_table(folder / "truth" / "accounts.parquet").to_pandas()
    return states.drop(columns="at").merge(accounts, on="account_id", how="left", validate="one_to_one")


def probabilities(
    state: NDArray[np.uint8], locked: NDArray[np.int8], terms: Terms, day: int, window: Window
) -> tuple[Floats, Floats]:
    """Return the probabilities of the churn and the upsell label, one per account, seen from the start of `day`."""
    churn, upsell = np.zeros(len(state)), np.zeros(len(state))
    for start in range(0, len(state), CHUNK):
        part = slice(start, start + CHUNK)
        churn[part], upsell[part] = _forward(state[part], locked[part], terms.take(part), day, window)
    return churn, upsell


def _forward(
    state: NDArray[np.uint8], locked: NDArray[np.int8], terms: Terms, day: int, window: Window
) -> tuple[Floats, Floats]:
    """Carry the mass of each (account, growth level, state) through the weeks of the window."""
    count, end = len(state), day + window.until
    needed = _level_needed(terms, day, end, window.min_growth)
    # Above `top`, more growth changes nothing: not even a reduction leads back below what is needed.
    top = max(int(_level_needed(terms, day, day, window.min_growth).max()) + SHRINK_STEP, 0)
    levels = np.arange(top + 1)
    mass = np.zeros((count, top + 1, STATES))
    mass[np.arange(count), 0, state] = 1
    reduced = np.zeros((count, top + 1))
    churn, upsell = np.zeros(count), np.zeros(count)
    no_return = 1 - RETURN_SHARE * _returned_by(np.full(1, window.grace_days))[0]
    for week in range(window.weeks):
        opening = day + week * WEEK
        days = np.arange(opening, min(opening + WEEK, end))
        mass = (mass.reshape(-1, STATES) @ MOVES).reshape(mass.shape)
        free = (locked <= week)[:, None]
        notice, grow = weekly_odds(
            np.broadcast_to(NOTICE, (count, STATES)), np.broadcast_to(GROW, (count, STATES)), terms, opening
        )
        share = len(days) / WEEK
        notice, grow, shrink = notice * free * share, grow * free * share, SHRINK * free * share
        noticed = np.einsum("aks,as->ak", mass, notice)
        reduced += np.einsum("aks,as->ak", mass, shrink)
        grown = (mass * grow[:, None, :]).reshape(count, top + 1, -1, APART).sum(axis=2)
        mass *= (1 - notice - grow - shrink)[:, None, :]
        for step, often in zip(GROWTH_STEPS, GROWTH_SHARES, strict=True):
            for level in levels:
                mass[:, min(level + step, top), :APART] += often * grown[:, level]
        churn += noticed.sum(axis=1) * no_return * np.mean(days >= day + window.first)
        for noticed_on in days:
            enough = levels >= _level_needed(terms, day, int(noticed_on) + 1, window.min_growth)[:, None]
            ended = noticed_on + terms.notice_days
            holds = np.where(ended >= end, 1.0, RETURN_SHARE * _returned_by(end - ended))
            upsell += (noticed * enough).sum(axis=1) / len(days) * holds
    upsell += (mass.sum(axis=2) * (levels >= needed[:, None])).sum(axis=1)
    upsell += (reduced * (levels - SHRINK_STEP >= needed[:, None])).sum(axis=1)
    return churn, upsell


def _level_needed(terms: Terms, first: int, until: int, min_growth: float) -> Ints:
    """Return the growth level from which MRR has grown enough, given the price rises on the days `[first, until)`."""
    indexed = (1 + np.array(INDEXATION)[terms.index]) ** terms.rises(first, until)
    return np.ceil(np.log((1 + min_growth) / indexed) / np.log(GROWTH) - 1e-9).astype(np.int64)


def _returned_by(days: Ints) -> Floats:
    """Return the share of those who come back that have done so on one of the `days` first days after the end."""
    first, last = RETURN_DAYS
    return np.clip(days - first, 0, last - first) / (last - first)

"""Person-periods: which rows say something of each step of days, and which steps enough rows say something of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.targets import Target

Floats = NDArray[np.float64]

MONTH = 30
"""Days of the finest steps, which likely months are told from."""


@dataclass(frozen=True)
class Times:
    """Of each row, counted from the first day of the label's window: arrays of shape (rows,).

    `event` is the day of the event (infinity where none was seen), `seen` the days that are known and settled.
    """

    event: Floats
    seen: Floats

    @classmethod
    def of(cls, rows: pd.DataFrame, gap: int) -> Times:
        """Return the times of `Dataset.rows`; an event told of within the gap is one of the window's first day."""
        event = np.maximum(rows["event_after"].to_numpy(np.float64) - gap, 0.0)
        return cls(np.where(np.isnan(event), np.inf, event), rows["seen_days"].to_numpy(np.float64) - gap)

    def at_risk(self, step: Step) -> NDArray[np.bool_]:
        """Return the rows that had no event before the step and whose whole step is known: its person-periods."""
        return (self.event >= step.start) & (self.seen >= step.end)

    def happened(self, step: Step) -> NDArray[np.bool_]:
        """Return the rows at risk whose event came in the step."""
        return self.at_risk(step) & (self.event < step.end)


@dataclass(frozen=True, order=True)
class Step:
    """Days `[start, end)` of the window."""

    start: int
    end: int


@dataclass(frozen=True)
class Steps:
    """The steps that a hazard can be learnt for, one after the other from day 0, and why horizons are left out."""

    steps: tuple[Step, ...]
    horizons: tuple[int, ...]
    """The horizons asked for that are among the steps' ends."""
    left_out: dict[int, str]


def choose_steps(times: Times, target: Target, fewest: int) -> Steps | None:
    """Return steps of about a month up to the longest horizon that the rows reach, each with `fewest` events.

    The target's own horizon always ends a step. A step with fewer events, or fewer rows without, is joined with the
    one after it; a horizon inside is then left out. None where even the target's own horizon has fewer.
    """
    own, shortest = target.window.horizon, target.shortest_horizon
    if not _enough(times, Step(0, own), fewest):
        return None
    asked = sorted(set(target.horizons))
    left_out = {
        horizon: f"the event takes {shortest} days to be told, so nothing is defined within {horizon}"
        for horizon in asked
        if horizon < shortest
    }
    firm = {own, *(horizon for horizon in asked if horizon >= shortest)}
    months = range(MONTH, max(firm) + 1, MONTH)
    # Days 360 to 365 are no step of their own.
    finer = {end for end in months if end >= shortest and min(abs(end - each) for each in firm) >= MONTH // 2}
    kept = [0]
    for end in sorted(firm | finer):
        if _enough(times, Step(kept[-1], end), fewest):
            kept.append(end)
        elif end == own:
            while len(kept) > 1 and not _enough(times, Step(kept[-1], end), fewest):
                kept.pop()
            kept.append(end)
    for horizon in asked:
        if horizon not in kept and horizon not in left_out:
            left_out[horizon] = _why(times, kept, horizon, fewest)
    steps = tuple(Step(start, end) for start, end in pairwise(kept))
    return Steps(steps, tuple(horizon for horizon in asked if horizon in kept), left_out)


def why_none(times: Times, target: Target, fewest: int) -> str:
    """Return why `choose_steps` has no steps."""
    own = Step(0, target.window.horizon)
    events, at_risk = int(times.happened(own).sum()), int(times.at_risk(own).sum())
    return (
        f"of {at_risk} rows known for {own.end} days {events} had their event within them; {fewest} with and "
        f"{fewest} without one are needed"
    )


def _enough(times: Times, step: Step, fewest: int) -> bool:
    events = int(times.happened(step).sum())
    return min(events, int(times.at_risk(step).sum()) - events) >= fewest


def _why(times: Times, kept: Sequence[int], horizon: int, fewest: int) -> str:
    reached = int((times.seen >= horizon).sum())
    if not reached:
        return f"no training date lies {horizon} days back, with the days to settle"
    step = Step(max(end for end in kept if end < horizon), horizon)
    events, at_risk = int(times.happened(step).sum()), int(times.at_risk(step).sum())
    days = f"days {step.start} to {step.end}"
    if events < fewest:
        return f"{events} rows had their event on {days}; {fewest} are needed"
    if at_risk - events < fewest:
        return f"{at_risk - events} rows had none on {days}; {fewest} are needed"
    after = min(end for end in kept if end > horizon)
    return f"its days are joined with those up to {after}, which by themselves tell too little"

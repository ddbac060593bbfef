"""The weeks in which accounts are served: what a table of happenings is drawn over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.chain import WEEK, levels_of
from pipeline.synthetic.course import Course
from pipeline.synthetic.directory import HOUR

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """The weeks in which an account is served, with the level of each component in it."""

    week: Ints
    account: Ints
    start: Ints
    levels: dict[str, NDArray[np.int64]]
    contact: Ints
    """Which of the account's contacts, in turn, is or was the last one."""

    def __len__(self) -> int:
        return len(self.week)


def contacts_in_turn(course: Course) -> NDArray[np.int16]:
    """Return [week, account] which of the account's contacts, in turn, is or was the last one."""
    present = levels_of(course.state)["contact"] == 1
    came = np.zeros(course.state.shape, np.int16)
    came[1:] = np.cumsum(present[1:] & ~present[:-1], axis=0)
    return came


def cells_of(course: Course, came: NDArray[np.int16]) -> Cells:
    week, account = np.nonzero(course.served)
    levels = levels_of(course.state[week, account])
    start = (course.first_day + week * WEEK) * DAY
    return Cells(week, account, start, levels, came[week, account].astype(np.int64))


def happenings(rates: Floats, cells: Cells, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return positions of cells, one per happening at the weekly `rates`, and instants in office hours."""
    picked = np.repeat(np.arange(len(cells)), rng.poisson(rates))
    instants = cells.start[picked] + rng.integers(0, WEEK, len(picked)) * DAY
    return picked, instants + rng.integers(8 * HOUR, 17 * HOUR, len(picked))

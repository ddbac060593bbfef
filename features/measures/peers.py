"""What is usual among an account's peers: the mean of a figure over the other accounts of its group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.computing.evaluation import Evaluation, Measure, Reads
from features.computing.reference import EVERYBODY, Reference
from features.computing.selection import Floats
from features.measures.of_account import Attribute
from pipeline.tables import ACCOUNTS, SCALE

FEWEST = 20
"""With fewer others in its group, an account's peers are all others of the book; with fewer still, there are none."""


@dataclass(frozen=True)
class PeersMean:
    """The mean of a figure, held within `low` and `high`, over the other accounts of the group that have it.

    `group` names the attribute that accounts share with their peers; "" is the whole book. Each figure counts in whole
    ten-thousandths. NaN where there are fewer than FEWEST others.
    """

    of: Measure
    group: str
    low: float
    high: float

    @property
    def reads(self) -> Reads:
        return (*self.of.reads, *(((ACCOUNTS.name, self.group),) if self.group else ()))

    @property
    def reach(self) -> int | None:
        return None if self.group else self.of.reach

    @property
    def parts(self) -> tuple[Measure, ...]:
        """What is looked at, each with a reach of its own."""
        return (self.of, *((Attribute(self.group),) if self.group else ()))

    def tally(self, evaluation: Evaluation) -> list[Reference]:
        """Return per date what this history's accounts, which may be one bucket of many, add to the book's sums."""
        units, known = self._units(evaluation)
        found = []
        for date in range(len(evaluation.days)):
            names, place = self._groups(evaluation, date)
            some = known[date]
            total = np.zeros(len(names), np.int64)
            np.add.at(total, place[some], units[date, some])
            count = np.bincount(place[some], minlength=len(names))
            sums = {name: (int(t), int(n)) for name, t, n in zip(names, total, count, strict=True) if name and n}
            if some.any():
                sums[EVERYBODY] = (int(total.sum()), int(count.sum()))
            found.append(Reference({repr(self): sums}))
        return found

    def compute(self, evaluation: Evaluation) -> Floats:
        units, known = self._units(evaluation)
        means = evaluation.unknown()
        for date in range(len(evaluation.days)):
            sums = evaluation.reference(date).sums[repr(self)]
            names, place = self._groups(evaluation, date)
            own = np.where(known[date], units[date], 0)
            for groups in ([EVERYBODY] * len(names), names):  # the narrower group wins where it is large enough
                told = [sums.get(name, (0, 0)) for name in groups]
                total = np.array([t for t, _ in told], np.int64)[place] - own
                others = np.array([n for _, n in told], np.int64)[place] - known[date]
                enough = others >= FEWEST
                means[date, enough] = total[enough] / others[enough] / SCALE
        return means

    def _units(self, evaluation: Evaluation) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return each account's figure in ten-thousandths, and who of those seen has one."""
        values = evaluation.value(self.of)
        known = evaluation.seen & ~np.isnan(values)
        held = np.clip(np.where(known, values, 0.0), self.low, self.high)
        return np.rint(held * SCALE).astype(np.int64), known

    def _groups(self, evaluation: Evaluation, date: int) -> tuple[list[str], NDArray[np.intp]]:
        """Return the groups' names and each account's place among them; "" for those that have none."""
        if not self.group:
            return [EVERYBODY], np.zeros(evaluation.accounts, dtype=np.intp)
        texts = evaluation.value(Attribute(self.group))[date]
        named = np.array([text or EVERYBODY for text in texts], dtype=str)
        names, place = np.unique(named, return_inverse=True)
        return names.tolist(), place

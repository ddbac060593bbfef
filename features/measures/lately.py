"""How often something happens since something else did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.computing import passes
from features.computing.evaluation import Evaluation, Measure, Reads
from features.computing.selection import Floats
from features.measures.windowed import Windowed


@dataclass(frozen=True)
class Lately:
    """Rows per 30 days since an event, at most those of the last `count.window` days; before any event, all of these.

    `count` says which rows (a count whose window ends at as_of), `since` how many days ago the event was. The rows are
    those in `[as_of - days, as_of)`, with days the smaller of the two, at least 7.
    """

    count: Windowed
    since: Measure

    @property
    def parts(self) -> tuple[Measure, ...]:
        return self.count, self.since

    @property
    def reads(self) -> Reads:
        return tuple(dict.fromkeys((*self.count.reads, *self.since.reads)))

    @property
    def reach(self) -> int | None:
        count, since = self.count.reach, self.since.reach
        return None if count is None or since is None else max(count, since)

    def compute(self, evaluation: Evaluation) -> Floats:
        window = self.count.window or 0
        since = evaluation.value(self.since)
        days = np.clip(np.where(np.isnan(since), window, since), 7, window).astype(np.int32)
        rows = evaluation.select(self.count.table, self.count.where)
        edge = np.zeros(evaluation.shape, dtype=np.int32)
        passes.edge_of(rows.start, rows.end, rows.day, rows.as_ofs, days, edge)
        rate = (rows.end - edge) * 30 / days
        return evaluation.where_observable(rate, self.count.table, self.count.reach)

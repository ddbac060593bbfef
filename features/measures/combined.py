"""Two measures in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing.evaluation import Evaluation, Measure, Reads, divide
from features.computing.selection import Floats


@dataclass(frozen=True)
class Combined:
    """Two measures in one: "ratio" a / b, "change" a / b - 1, "difference" a - b, "monthly" 30 a / max(b, 30),
    "usual" times a / b, "product" a b.

    Ratio and change are NaN unless b is positive, usual unless b is at least `times`.
    """

    how: Literal["ratio", "change", "difference", "monthly", "usual", "product"]
    a: Measure
    b: Measure
    times: float = 1.0
    """What a ratio, a monthly or a usual figure is multiplied by."""

    @property
    def reads(self) -> Reads:
        return tuple(dict.fromkeys((*self.a.reads, *self.b.reads)))

    @property
    def reach(self) -> int | None:
        a, b = self.a.reach, self.b.reach
        return None if a is None or b is None else max(a, b)

    def compute(self, evaluation: Evaluation) -> Floats:
        a, b = evaluation.value(self.a), evaluation.value(self.b)
        if self.how == "difference":
            return a - b
        if self.how == "product":
            return a * b
        if self.how == "monthly":
            return a * 30 / np.maximum(b, 30) * self.times
        if self.how == "usual":
            return divide(a * self.times, np.where(b >= self.times, b, 0))
        ratio = divide(a, b)
        return ratio * self.times if self.how == "ratio" else ratio - 1

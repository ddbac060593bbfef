"""Candidates for "model": which members each is made of, in the order of how simple they are.

`candidates_for` is the one place that says which candidates a book of a given size is offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.boosting import is_few
from models.linear import SPREAD
from models.targets import Target
from pipeline.settings import Settings


@dataclass(frozen=True)
class Part:
    """One member and its weight on the log-odds scale.

    `curves` is the regularised logistic, `recency` the logistic on days since the last purchase or interaction alone,
    `trees` are boosted.
    """

    kind: Literal["curves", "recency", "trees"]
    weight: float = 1.0
    spread: float = SPREAD
    """Prior variance of the curves' log-odds (see `models.linear`), or of those that the trees begin from."""
    started: bool = False
    """Trees are grown from the margin of the logistic, which has to be among the parts."""
    style: str = "plain"
    """Of trees: see `models.boosting.STYLES`."""
    seed: int = 0
    """Added to `[run] seed`: trees that differ in it alone are a bag."""

    @property
    def alone(self) -> Part:
        """The member whatever its weight."""
        return replace(self, weight=1.0)

    @property
    def start(self) -> Part:
        """The logistic that started trees begin from."""
        return Part("curves", spread=self.spread)


@dataclass(frozen=True)
class Candidate:
    """A mixture of members; the lower `complexity`, the simpler it is held to be."""

    name: str
    complexity: int
    parts: tuple[Part, ...]
    words: str = ""
    """What it is, for people."""

    @property
    def looks_at_recency(self) -> bool:
        """Whether it needs to know days since the last purchase or interaction."""
        return any(part.kind == "recency" for part in self.parts)


@dataclass(frozen=True)
class Size:
    """How much there is to learn from. `rarer` counts accounts with a row of the rarer label: the effective size."""

    rows: int
    accounts: int
    rarer: int
    features: int

    @classmethod
    def of(cls, label: NDArray[np.int8], accounts: NDArray[np.object_], features: int) -> Size:
        """Return the size of rows with these labels (0 or 1) and accounts; rows that were not drawn do not count."""
        with_label = [len(set(accounts[label == which])) for which in (0, 1)]
        return cls(len(label), len(set(accounts)), min(with_label), features)


RECENCY = Candidate("recency", 0, (Part("recency"),), "days since the last purchase or interaction alone")
LOGISTIC = Candidate("logistic", 1, (Part("curves"),), "a curve for each feature, added up")


def candidates_for(size: Size, target: Target, settings: Settings) -> Sequence[Candidate]:  # noqa: ARG001
    """Return the candidates for "model", in any order; with one alone, nothing is chosen and it is fitted."""
    # Trees draw ahead of curves as rows become many: level with a few thousand, far ahead with 100,000.
    trees = 0.6 if is_few(size.rows) else 0.85
    return (Candidate("average", 4, (Part("trees", trees), Part("curves", 1 - trees))),)

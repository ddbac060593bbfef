"""Candidates for "model": which members each is made of, in the order of how simple they are.

`candidates_for` is the one place that says which candidates a book of a given size is offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.boosting import BAG, LARGE_BAG, TUNED, is_few
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
    share: float = 1.0
    """Of the label's window: what is learnt is who stays silent for so much of it (see `models.rows.Encoded`)."""
    seed: int = 0
    """Added to `[run] seed`: trees that differ in it alone are a bag."""

    @property
    def alone(self) -> Part:
        """The member whatever its weight."""
        return replace(self, weight=1.0)

    @property
    def start(self) -> Part:
        """The logistic that started trees begin from."""
        return Part("curves", spread=self.spread, share=self.share)


@dataclass(frozen=True)
class Candidate:
    """A mixture of members; the lower `complexity`, the simpler it is held to be."""

    name: str
    complexity: int
    parts: tuple[Part, ...]
    words: str = ""
    """What it is, for people."""

    @property
    def boosted(self) -> bool:
        """Whether there are trees among its members."""
        return any(part.kind == "trees" for part in self.parts)

    @property
    def shares(self) -> bool:
        """Whether any of its members learns from a share of the label's window."""
        return any(part.share != 1.0 for part in self.parts)

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
    waited: bool = False
    """Whether the rows know how much of the label's window passed in silence, and enough bought late and early."""

    @classmethod
    def of(cls, label: NDArray[np.int8], accounts: NDArray[np.object_], features: int, *, waited: bool = False) -> Size:
        """Return the size of rows with these labels (0 or 1) and accounts; rows that were not drawn do not count."""
        with_label = [len(set(accounts[label == which])) for which in (0, 1)]
        return cls(len(label), len(set(accounts)), min(with_label), features, waited)


RECENCY = Candidate("recency", 0, (Part("recency"),), "days since the last purchase or interaction alone")
LOGISTIC = Candidate("logistic", 1, (Part("curves"),), "a curve for each feature, added up")
STARTED = Candidate(
    "started",
    2,
    (Part("trees", style="shallow", started=True), Part("curves")),
    "curves, and boosted trees that begin from what they say",
)


SHARES = (1.0, 0.75)
"""Of the label's window, that the members of an average learn from where rows know how long an account was silent. Who
stayed away for most of the window is nearly who stayed away for all of it, so that a second label which errs elsewhere
takes noise out of the first: Frank and Hall (2001), "A simple approach to ordinal classification", learn a model per
threshold of one ordered outcome."""

ALSO = ", each also of who stays silent for three quarters of the window"


def candidates_for(size: Size, target: Target, settings: Settings) -> Sequence[Candidate]:  # noqa: ARG001
    """Return the candidates for "model", in any order; with one alone, nothing is chosen and it is fitted.

    A rule is simpler than curves, and curves are simpler than anything with trees. With few rows the weight of the
    trees is no complexity but a parameter: among those, the smallest loss decides. With many, trees alone are simpler
    than trees and curves: inner folds have fewer rows than are learnt from in the end, which flatters curves, so that
    these are mixed in only where they are worth more than a standard error.
    """
    few = is_few(size.rows)
    bag, mixed = (BAG, 2) if few else (LARGE_BAG, 3)
    styles = (TUNED, *bag) if settings.training.tune_trials and TUNED not in bag else bag
    shares = SHARES if size.waited else (1.0,)
    curves = tuple(Part("curves", 0.5 / len(shares), share=share) for share in shares)
    average = (*boosted(0.5, styles, shares), *curves)
    mostly = (*boosted(0.85, styles), Part("curves", 0.15))
    halves = "half curves, half a bag of boosted trees" + (ALSO if size.waited else "")
    return (
        RECENCY,
        LOGISTIC,
        Candidate("average", mixed, average, halves),
        replace(STARTED, complexity=mixed),
        Candidate("mostly trees", mixed, mostly, "a bag of boosted trees, and a little of the curves"),
        Candidate("trees", 2, boosted(1.0, styles), "a bag of boosted trees"),
    )


def boosted(weight: float, styles: Sequence[str], shares: Sequence[float] = (1.0,)) -> tuple[Part, ...]:
    """Return trees of each style for each share of the window, each with its own seed, that split a weight evenly."""
    kinds = [(style, share) for share in shares for style in styles]
    each = weight / len(kinds)
    return tuple(Part("trees", each, style=style, share=share, seed=seed) for seed, (style, share) in enumerate(kinds))

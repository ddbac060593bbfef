"""Today's rows beside those a model learnt from: which features, and whether the scores, are spread as they never were.

A feature has drifted where today's rows are unlike those of every training date, by more than chance gives for so many
accounts, and by more than the training dates were unlike those before them while nothing was wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.drift.distance import by_chance, shares, stability_index
from models.drift.reference import Reference, Spread
from models.drift.sketch import Sketch, score_middles

Floats = NDArray[np.float64]

ALPHA = 0.01
"""Chance of any alarm by sampling alone, over all features together (Bonferroni)."""

FLOOR = 0.3
"""PSI below which a difference is of no practical weight; the usual limit for "act", .25, looks at one date alone."""

ROOM = 2.0
"""How many times further than the training dates from one another today must lie."""

MOST_GROWTH = 4.0
"""How many times further dates may lie apart that are further apart in time than training could show."""

FEWEST = 30
"""Rows at a date without which its spread says nothing."""


@dataclass(frozen=True)
class Moved:
    """A feature that drifted: its distance from the nearest training date, and what it had to exceed.

    `unknown` and `middle` are the share of rows where it is unknown and the median of the others, at that training
    date and today; for a category the bin that changed most, with its shares.
    """

    feature: str
    distance: float
    limit: float
    nearest: date
    before: dict[str, float | str | None]
    after: dict[str, float | str | None]

    def said(self) -> str:
        """Return it in plain words: `usage_30d: median 120 on 2024-03-07, now 61 (PSI .84, limit .41)`."""
        parts = []
        if self.before["middle"] != self.after["middle"]:
            parts.append(f"median {self.before['middle']} on {self.nearest}, now {self.after['middle']}")
        unknown = [float(side["unknown"] or 0.0) for side in (self.before, self.after)]
        if abs(unknown[1] - unknown[0]) >= 0.05:
            parts.append(f"unknown for {unknown[0]:.0%}, now {unknown[1]:.0%}")
        if not parts or self.before["bin"] is not None:
            parts.append(
                f"{self.after['bin']}: {self.before['share']:.0%} on {self.nearest}, now {self.after['share']:.0%}"
            )
        return f"{self.feature}: {'; '.join(parts)} (PSI {self.distance:.2f}, limit {self.limit:.2f})"

    def plain(self) -> dict[str, Any]:
        return {
            "feature": self.feature, "distance": self.distance, "limit": self.limit,
            "nearest": self.nearest.isoformat(), "before": self.before, "after": self.after, "said": self.said(),
        }  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """What was found at `as_of`: features that moved, furthest first, and whether the scores did.

    `rows` were compared; `looked_at` features could have moved, `by_construction` are left out because they always do.
    """

    as_of: date
    rows: int
    moved: Sequence[Moved]
    scores: Moved | None
    looked_at: int
    by_construction: int
    scores_compared: bool = False
    """Whether there were scores on the day of training to compare with."""
    why_not: str = ""
    """Why nothing could be compared; empty where it was."""

    @property
    def found(self) -> bool:
        return bool(self.moved) or self.scores is not None

    def said(self) -> str:
        if self.why_not:
            return f"not looked for: {self.why_not}"
        if not self.found:
            both = f"{self.looked_at} features" + (" and the scores" if self.scores_compared else "")
            return f"none: {both} of {self.rows:,} accounts are spread as in training"
        parts = (
            []
            if not self.moved
            else [f"{len(self.moved)} of {self.looked_at} features are spread as never in training"]
        )
        if self.scores is not None:
            parts.append(
                "the scores moved with them"
                if self.moved
                else "the scores are spread otherwise than on the day of training"
            )
        return " and ".join(parts)

    def plain(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(), "rows": self.rows, "found": self.found, "said": self.said(),
            "moved": [each.plain() for each in self.moved],
            "scores": None if self.scores is None else self.scores.plain(),
            "looked_at": self.looked_at, "by_construction": self.by_construction,
            "scores_compared": self.scores_compared, "why_not": self.why_not,
        }  # fmt: skip


def drift_of(reference: Reference, sketch: Sketch, as_of: date) -> Drift:
    """Return how the rows of `sketch`, scored at `as_of`, have drifted from `reference`."""
    able = [spread for spread in reference.features if not spread.moves]
    apart = len(reference.features) - len(able)
    if sketch.rows < FEWEST:
        return Drift(
            as_of, sketch.rows, (), None, 0, apart, why_not=f"{sketch.rows} accounts are too few, {FEWEST} are needed"
        )
    alpha = ALPHA / (len(able) + 1)
    found = []
    for spread, counts in zip(reference.features, sketch.features, strict=True):
        if not spread.moves:
            found.append(_moved(spread, counts, reference.as_ofs, as_of, alpha))
    moved = sorted((each for each in found if each is not None), key=lambda each: (-each.distance, each.feature))
    scores = _scores(reference, sketch, as_of, alpha)
    return Drift(as_of, sketch.rows, moved, scores, len(able), apart, _comparable(reference, sketch))


def _moved(
    spread: Spread,
    counts: NDArray[np.int64],
    as_ofs: Sequence[date],
    as_of: date,
    alpha: float,
    natural: float | None = None,
) -> Moved | None:
    rows = spread.counts.sum(axis=1)
    kept = np.flatnonzero(rows >= FEWEST).tolist()
    if not kept or len(counts) < 2:
        return None
    before, today = shares(spread.counts[kept]), shares(counts)
    far = stability_index(today[None], before)
    bins = int(((spread.counts[kept].sum(axis=0) + counts) > 0).sum())
    chance = by_chance(int(counts.sum()), rows[kept], bins, alpha)
    days = np.array([as_ofs[each].toordinal() for each in kept], float)
    if natural is None:
        natural = usual(before, days, as_of.toordinal() - days[-1])
    limits = np.maximum(np.maximum(FLOOR, ROOM * natural), chance)
    if (far <= limits).any():
        return None
    nearest = int(np.argmin(far))
    told = [_told(spread, each) for each in (spread.counts[kept[nearest]], counts)]
    changed = int(np.argmax(np.abs(today - before[nearest])))
    for side, each in zip(told, (before[nearest], today), strict=True):
        side |= {"bin": _bin(spread, changed), "share": round(float(each[changed]), 4)}
    if not spread.category:
        for side in told:
            side["bin"] = side["bin"] if told[0]["middle"] == told[1]["middle"] else None
    return Moved(spread.name, float(far[nearest]), float(limits[nearest]), as_ofs[kept[nearest]], told[0], told[1])


def usual(before: Floats, days: Floats, lag: float) -> float:
    """Return how far a date lies from the nearest of those at least `lag` days before it, at most, in training.

    Where the training dates do not span the lag, those half the span apart are looked at, and the distance grows with
    the square of the lag, as that of a steady trend does, up to MOST_GROWTH times. One date alone says nothing: 0.
    """
    span = float(days[-1] - days[0])
    if span <= 0:
        return 0.0
    asked = min(lag, span / 2)
    far = stability_index(before[:, None], before[None])
    earlier = days[:, None] - days[None] >= asked
    far = np.where(earlier, far, np.inf)[earlier.any(axis=1)]
    return float(far.min(axis=1).max()) * min(MOST_GROWTH, max(1.0, lag / max(asked, 1.0)) ** 2)


def _comparable(reference: Reference, sketch: Sketch) -> bool:
    """Whether there are scores enough, today's and those of the day of training, to compare."""
    return reference.scored is not None and min(reference.scored[1].sum(), sketch.scores.sum()) >= FEWEST


def _scores(reference: Reference, sketch: Sketch, as_of: date, alpha: float) -> Moved | None:
    """Return how the scores moved since the day of training, by more than training dates lie apart among themselves."""
    if reference.scored is None or not _comparable(reference, sketch):
        return None
    day, before = reference.scored
    passed = np.cumsum(before) / before.sum()
    cuts = np.unique(np.searchsorted(passed, np.arange(1, 10) / 10))
    starts = np.r_[0, cuts[cuts > 0]]
    learnt = np.add.reduceat(np.stack(reference.scores), starts, axis=1)
    some = np.flatnonzero(learnt.sum(axis=1) >= FEWEST)
    natural = 0.0
    if len(some):
        days = np.array([reference.as_ofs[each].toordinal() for each in some.tolist()], float)
        natural = usual(shares(learnt[some]), days, (as_of - day).days)
    counts = [np.append(np.add.reduceat(each, starts), 0) for each in (before, sketch.scores)]
    spread = Spread("scores", score_middles()[starts[1:]], counts[0][None], False, False)
    found = _moved(spread, counts[1], (day,), as_of, alpha, natural)
    if found is None:
        return None
    for side in (found.before, found.after):
        middle = side["middle"]
        if isinstance(middle, float):
            side["middle"] = round(float(1 / (1 + np.exp(-middle))), 4)
    return found


def _told(spread: Spread, counts: NDArray[np.int64]) -> dict[str, float | str | None]:
    total = max(1, int(counts.sum()))
    return {
        "unknown": round(int(counts[-1]) / total, 4),
        "middle": None if spread.category else _middle(spread, counts),
    }


def _middle(spread: Spread, counts: NDArray[np.int64]) -> float | None:
    """Return the median of known rows, read off the bins; an end bin has no middle, and its edge stands for it."""
    known, edges = counts[:-1], spread.edges
    if not known.sum() or not len(edges):
        return None
    passed = np.cumsum(known)
    half = passed[-1] / 2
    place = int(np.searchsorted(passed, half))
    if place in (0, len(edges)):
        return _rounded(float(edges[0 if place == 0 else -1]))
    share = (half - (passed[place] - known[place])) / max(1, known[place])
    return _rounded(float(edges[place - 1] + share * (edges[place] - edges[place - 1])))


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _bin(spread: Spread, place: int) -> str:
    edges = spread.edges
    if place == len(edges) + 1:
        return "unknown"
    if spread.category:
        return ("unknown", "a new or rare value")[place] if place < 2 else f"value {place - 1}"
    if place == 0:
        return f"below {edges[0]:.3g}" if len(edges) else "any value"
    if place == len(edges):
        return f"{edges[-1]:.3g} or more"
    return f"{edges[place - 1]:.3g} to {edges[place]:.3g}"

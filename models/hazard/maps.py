"""The columns that hazards are fitted on: normal scores of each feature, and which columns tell most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.linear import Term

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Every column of some terms over some rows, at unit deviation, and whose column each is."""

    terms: tuple[Term, ...]
    values: Floats
    """(rows, columns)."""
    scale: Floats
    owner: NDArray[np.int64]
    """The position of each column's term in `terms`."""
    place: NDArray[np.int64]
    """The position of each column in its term."""

    @classmethod
    def of(cls, matrix: Floats, terms: Sequence[Term]) -> Columns:
        """Return the columns of a matrix of features."""
        widths = [term.width for term in terms]
        values = np.empty((len(matrix), sum(widths)))
        start = 0
        for term, width in zip(terms, widths, strict=True):
            values[:, start : start + width] = term.columns(matrix[:, term.position])
            start += width
        scale = np.array([column.std() for column in values.T])
        scale[scale < 1e-9] = 1.0
        values /= scale
        owner = np.repeat(np.arange(len(terms)), widths)
        place = np.concatenate([np.arange(width) for width in widths]) if widths else np.empty(0, np.int64)
        return cls(tuple(terms), values, scale, owner, place)

    def over(self, matrix: Floats) -> Floats:
        """Return the values of these columns for other rows of features, in the same units."""
        values = np.empty((len(matrix), len(self.owner)))
        for position in np.unique(self.owner):
            term, here = self.terms[position], np.flatnonzero(self.owner == position)
            values[:, here] = term.columns(matrix[:, term.position])[:, self.place[here]]
        return values / self.scale

    def score(self, rows: NDArray[np.bool_], happened: NDArray[np.bool_], weight: Floats) -> Floats:
        """Return what each column by itself tells of which of `rows` it happened to: the z-value of its score test."""
        own = np.where(rows, weight, 0.0)
        total = own.sum()
        rate = own @ happened / total
        means = own @ self.values / total
        spread = np.sqrt(np.maximum(own @ self.values**2 / total - means**2, 1e-12))
        return np.abs((own * (happened - rate)) @ self.values) / (spread * np.sqrt(total * rate * (1 - rate)))

    def only(self, chosen: NDArray[np.intp]) -> Columns:
        """Return the columns at these positions, ascending."""
        return replace(
            self,
            values=np.ascontiguousarray(self.values[:, chosen]),
            scale=self.scale[chosen],
            owner=self.owner[chosen],
            place=self.place[chosen],
        )

    def written(self, coefficients: Floats) -> list[dict[str, Any]]:
        """Return the terms with any weight as `HazardCurve` reads them; `coefficients` are (steps, columns)."""
        found: list[dict[str, Any]] = []
        raw = coefficients / self.scale
        for position, term in enumerate(self.terms):
            own = np.zeros((len(raw), term.width))
            here = np.flatnonzero(self.owner == position)
            own[:, self.place[here]] = raw[:, here]
            if not own.any():
                continue
            if term.categories:
                found.append({"feature": term.feature, "codes": own.tolist()})
                continue
            knots, scores = (term.knots, term.scores) if term.knots else ((0.0, 1.0), (0.0, 0.0))
            nothing = np.zeros(len(own))
            found.append(
                {
                    "feature": term.feature,
                    "knots": list(knots),
                    "levels": list(scores),
                    "slopes": (own[:, 0] if term.knots else nothing).tolist(),
                    "missing": (own[:, -1] if term.missing else nothing).tolist(),
                }
            )
        return found

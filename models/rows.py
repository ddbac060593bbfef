"""Rows to learn from as numbers, and parts of them that share the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.thinning import thinned

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True)
class Encoded:
    """Rows as numbers. Parts of them (`take`) share the numbers until they are asked for (`matrix`)."""

    numbers: Floats
    """(rows, features) of all rows there are."""
    label: Labels
    names: tuple[str, ...]
    categories: Mapping[str, int]
    """Category feature -> how many categories it has a code for."""
    weight: Floats | None = None
    """How many rows each row counts for; None: itself."""
    waited: Floats | None = None
    """Share of the label's window that passed before the account did what makes the label 0, 1 where the label is 1;
    None where the label has no such moment."""
    picked: NDArray[np.intp] | None = None
    """Which rows of `numbers` these are; None: all."""

    @property
    def matrix(self) -> Floats:
        """The (rows, features) matrix of these rows, copied at each call unless they are all there are."""
        return self.numbers if self.picked is None else self.numbers[self.picked]

    def column(self, position: int) -> Floats:
        """Return one feature of these rows."""
        values = self.numbers[:, position]
        return values if self.picked is None else values[self.picked]

    def label_at(self, share: float) -> Labels:
        """Return the labels that a window of a share of the length would have had: 1 for whom it was silent."""
        if share == 1.0 or self.waited is None:
            return self.label
        return (self.waited >= share).astype(np.int8)

    def take(self, mask: NDArray[np.bool_]) -> Encoded:
        """Return the rows that a mask picks."""
        return self._at(np.flatnonzero(mask))

    def thinned(self) -> Encoded:
        """Return as many of the rows, evenly spread, as curves are fitted to (see `models.thinning`)."""
        rows = thinned(np.arange(len(self.label)))
        return self if len(rows) == len(self.label) else self._at(rows)

    def _at(self, rows: NDArray[np.intp]) -> Encoded:
        picked = rows if self.picked is None else self.picked[rows]
        weight = None if self.weight is None else self.weight[rows]
        waited = None if self.waited is None else self.waited[rows]
        return Encoded(self.numbers, self.label[rows], self.names, self.categories, weight, waited, picked)

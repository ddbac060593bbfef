"""Every n-th row, where more would only take time."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

ROWS_ENOUGH = 100_000
"""More rows than this add nothing to a model with one coefficient per feature: every n-th row is used."""


def thinned(values: NDArray[Any]) -> NDArray[Any]:
    """Return every n-th of the rows, so that at most ROWS_ENOUGH are left."""
    return values[:: -(-len(values) // ROWS_ENOUGH)]

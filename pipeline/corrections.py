"""Corrections: of rows with the same key, the latest that is visible has taken the place of those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.asof import MISSING, NEVER

Ints = NDArray[np.int64]


def superseded(account: Ints, columns: Mapping[str, Ints], known: Ints, key: tuple[str, ...]) -> Ints:
    """Return per row the instant from which a later row with the same key has taken its place (NEVER: none has).

    Rows known at the same instant are ordered by content: rows arrive in canonical order, so by position. A row
    without a full id is nobody's correction.
    """
    result = np.full(len(known), NEVER)
    with_id = np.ones(len(known), dtype=bool)
    for name in key:
        # (product, started_at) is a key even where no product is named: the account then has one such line.
        if name.endswith("_id") and name != "account_id":
            with_id &= columns[name] != MISSING
    chosen = np.flatnonzero(with_id)
    parts = [account, *(columns[name] for name in key if name != "account_id")]
    chosen = chosen[_repeated([part[chosen] for part in parts])]
    if not len(chosen):
        return result
    parts = [part[chosen] for part in parts]
    when = known[chosen]
    order = np.lexsort((np.arange(len(chosen)), when, *parts))
    same = np.ones(len(chosen) - 1, dtype=bool)
    for part in parts:
        same &= part[order][1:] == part[order][:-1]
    earlier, later = order[:-1][same], order[1:][same]
    # Equal instants: the earlier row is never visible, because it is superseded at the instant it is known.
    result[chosen[earlier]] = when[later]
    return result


def _repeated(parts: Sequence[Ints]) -> NDArray[np.bool_]:
    """Return a mask of the rows that may agree with another row in all parts; few others are among them."""
    mixed = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        mixed ^= (mixed >> np.uint64(29)) ^ part.astype(np.int64).view(np.uint64)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
    return repeats(mixed)


def repeats(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return a mask of the values that are there more than once."""
    ascending = np.sort(values)
    twice = ascending[1:][ascending[1:] == ascending[:-1]]
    if not len(twice):
        return np.zeros(len(values), dtype=bool)
    at = np.searchsorted(twice, values)
    return twice[np.minimum(at, len(twice) - 1)] == values

"""The forms in which a column may tell something: its numbers, its levels, and whether it is filled or moved at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from models.leaks.fates import Fates

Floats = NDArray[np.float64]

MOST_LEVELS = 50
"""Columns with more different texts are names or ids, of which only numbers and blanks are looked at."""

MOSTLY = 0.8
"""A column is constant until the event, or blank, where at least this share of the rows agree."""

FOLDS = 5

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ].*)?$")


@dataclass(frozen=True)
class Form:
    """A column as numbers; `directed` where a higher number was made to mean the event."""

    kind: str
    values: Floats
    directed: bool = False


@dataclass(frozen=True)
class Level:
    """The rows at which a column is not as it mostly is: filled, or another value than most rows have."""

    kind: str
    shown: str
    where: NDArray[np.bool_]


def numbers(column: pd.Series, rows: NDArray[np.intp]) -> Floats | None:
    """Return a column as numbers, dates as days; None where it holds other texts."""
    if is_numeric_dtype(column):
        return column.to_numpy()[rows].astype(float)
    values = column.to_numpy(object)[rows]
    filled = np.array([isinstance(value, str) for value in values], dtype=bool)
    found = np.full(len(values), np.nan)
    texts = pd.Series(values[filled], dtype=str)
    if texts.empty:
        return found
    if texts.iloc[:200].str.match(_DATE).all():
        read = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
        found[filled] = ((read - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy(float)
    else:
        found[filled] = pd.to_numeric(texts, errors="coerce").to_numpy(float)
    return found if np.isnan(found[filled]).mean() < 0.1 else None


def levels(column: pd.Series, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], list[str]] | None:
    """Return a column's levels as codes, -1 for blank, and what they are called; None for more than MOST_LEVELS."""
    codes, names = pd.factorize(column.to_numpy()[rows], use_na_sentinel=True)
    if len(names) > MOST_LEVELS:
        return None
    return np.asarray(codes, np.intp), [f"{name:g}" if isinstance(name, float) else str(name) for name in names]


def coded(codes: NDArray[np.intp], many: int, fates: Fates) -> Floats:
    """Return per row how often its level met the event among the accounts of other folds, blank being a level.

    The rates are drawn to the mean by one row, so that a level that no other account has tells nothing.
    """
    code, hit = codes + 1, fates.now.astype(float)
    fold = fates.account % FOLDS
    made = np.empty(len(code))
    for own in range(FOLDS):
        apart = fold != own
        mean = hit[apart].mean() if apart.any() else 0.0
        rows = np.bincount(code[apart], minlength=many + 1)
        hits = np.bincount(code[apart], hit[apart], minlength=many + 1)
        made[~apart] = ((hits + mean) / (rows + 1))[code[~apart]]
    return made


def forms(column: pd.Series, fates: Fates) -> list[Form]:
    """Return the forms in which a column could tell the event."""
    made = []
    as_numbers = numbers(column, fates.rows)
    if as_numbers is not None:
        made.append(Form("value", as_numbers))
    if not is_numeric_dtype(column):
        found = levels(column, fates.rows)
        if found is not None:
            made.append(Form("level", coded(found[0], len(found[1]), fates), directed=True))
    return made


def oddities(column: pd.Series, fates: Fates) -> list[Level]:
    """Return where a column departs from what it mostly is: filled where most are blank, another value than most."""
    values = column.to_numpy()[fates.rows]
    blank = pd.isna(values)
    made = []
    if 0 < blank.sum() < len(blank):
        made.append(Level("filled after the fact", "filled", ~blank))
    if not is_numeric_dtype(column):
        found = levels(column, fates.rows)
        if found is None:
            return made
        codes, names = found
        return made + [
            Level("changed after the fact", repr(names[code]), codes == code)
            for code in np.unique(codes[codes >= 0])
            if len(names) > 1 or blank.any()
        ]
    known = values[~blank]
    if not len(known):
        return made
    # What at least MOSTLY of the rows have is among any few of them taken evenly.
    usual = float(np.median(known[:: -(-len(known) // 99)]))
    same = values == usual
    moved = ~blank & ~same
    if moved.any() and same.mean() >= MOSTLY:
        made.append(Level("constant until the event", f"not {usual:g}", moved))
    return made

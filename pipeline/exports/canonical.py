"""The canonical CSV of a run: the same bytes whenever and wherever it is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from pipeline.exports.columns import MONEY, RANKS, RATES, columns_of, readable
from pipeline.store import RunRecord
from pipeline.store.frames import cells


def canonical_csv(run: RunRecord, rows: pd.DataFrame) -> bytes:
    """Return the list of a run as CSV whose every byte follows from the run: UTF-8, `,`, lines end in LF.

    Rows are in the list's order, rates have six decimals, money two, dates are YYYY-MM-DD, a blank is empty, reasons
    are joined by `; `. Text that a spreadsheet would run as a formula is guarded (see `guarded`).
    """
    frame = readable(run, rows)
    formats: dict[str, Callable[[Any], str]] = dict.fromkeys(RATES, _decimals(6))
    formats |= dict.fromkeys(MONEY, _decimals(2)) | dict.fromkeys(RANKS, lambda rank: str(int(rank)))
    formats |= {"reasons": lambda reasons: guarded("; ".join(reasons)), "as_of": str}
    names = columns_of(run)
    columns = [
        ["" if value is None else formats.get(name, guarded)(value) for value in cells(frame[name])] for name in names
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8")


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front when a spreadsheet might take it for a formula.

    That is text that begins with = + - @, a tab or a line break, also after spaces or apostrophes; the remedy is
    OWASP's ("CSV Injection"). `unguarded` returns the original, whatever it was.

    >>> guarded("=1+1"), guarded("Smith & Co"), unguarded(guarded("'=1+1"))
    ("'=1+1", 'Smith & Co', "'=1+1")
    """
    return "'" + text if looks_like_formula(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and looks_like_formula(text) else text


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet that reads or edits this text might take it for a formula."""
    return _FORMULA.match(text) is not None


_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")


def _decimals(digits: int) -> Callable[[float], str]:
    # Adding 0.0 after rounding turns -0.0 into 0.0.
    return lambda value: f"{round(value, digits) + 0.0:.{digits}f}"

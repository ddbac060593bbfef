"""How the cells of a workbook look."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from pipeline.exports.canonical import looks_like_formula
from pipeline.exports.excel.columns import Form
from pipeline.exports.excel.text import cell_text

INK, PAPER, LINE = "#1F3A4D", "#FFFFFF", "#D9DEE2"

LIKELIHOOD = {
    "type": "3_color_scale",
    "min_type": "num", "min_value": 0, "min_color": "#FFFFFF",
    "mid_type": "num", "mid_value": 0.35, "mid_color": "#FFE2A8",
    "max_type": "num", "max_value": 0.85, "max_color": "#F29A4A",
}  # fmt: skip
"""One hue, so that it reads without telling red from green; fixed, so that a colour means the same everywhere."""

LINE_HEIGHT, HIGHEST = 15.0, 409.0
"""In points: a line of text, and the highest row that Excel allows. No program but Excel finds the height of a row by
itself when it opens a file, so each row is given one."""

_NUMBERS: dict[Form, str] = {
    # Below a tenth, one decimal more tells rows apart.
    "rate": "[<0.0995]0.0%;0%",
    "money": "#,##0",
    "rank": "0",
    "count": "#,##0",
    "date": "d mmm yyyy",
    "text": "@",
    "lines": "@",
}


_DAY_ZERO = date(1899, 12, 30)
"""From which Excel counts the days of every date it can show without error, those from March 1900 on."""


class Look:
    """The formats of one workbook, each made once, and the writing of a value in its form."""

    def __init__(self, book: Any, mark: str) -> None:
        self._mark = mark
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        row = base | {"bottom": 1, "bottom_color": LINE}
        self.forms = {form: book.add_format(row | {"num_format": code}) for form, code in _NUMBERS.items()}
        for form in ("text", "lines"):
            self.forms[form].set_text_wrap()
        for form in ("rank", "count", "date"):
            self.forms[form].set_align("left")
        for form in ("rate", "money"):
            self.forms[form].set_align("right")
            self.forms[form].set_indent(1)
        # Tells Excel to keep the text a text when somebody edits the cell, too.
        self._quoted = book.add_format(row | {"num_format": "@", "text_wrap": True, "quote_prefix": True})
        self.title = book.add_format(base | {"font_size": 16, "bold": True, "font_color": INK, "num_format": "@"})
        self.paragraph = book.add_format(base | {"text_wrap": True, "num_format": "@"})
        self.said = book.add_format(base | {"font_color": "#44525C", "num_format": "@"})
        self.warning = book.add_format(base | {"bold": True, "font_color": "#9C2A00", "num_format": "@"})
        heading = base | {"bold": True, "font_color": PAPER, "bg_color": INK, "text_wrap": True, "valign": "vcenter"}
        self.heading = book.add_format(heading)
        self.number_heading = book.add_format(heading | {"align": "right", "indent": 1})
        self.part = book.add_format(base | {"font_size": 13, "bold": True, "font_color": INK, "num_format": "@"})
        self.label = book.add_format(row | {"bold": True, "text_wrap": True, "num_format": "@"})

    def put(self, sheet: Any, row: int, column: int, value: Any, form: Form) -> None:
        """Write one value."""
        for write, written, look in self.writing(sheet, [value], form):
            write(row, column, written, look)

    def writing(self, sheet: Any, values: Iterable[Any], form: Form) -> Iterator[tuple[Any, Any, Any]]:
        """Yield for each value of a column what writes it, the value as a cell holds it, and its format.

        A blank is an empty cell, a text never anything but a text, and a date the days since 1899-12-30.
        """
        look = self.forms[form]
        blank = (sheet.write_blank, None, look)
        if form in ("text", "lines"):
            seen: dict[str, tuple[Any, Any, Any]] = {}
            for value in values:
                if value is not None and value not in seen:
                    if len(seen) > 1000:
                        seen.clear()
                    text = cell_text(value, self._mark)
                    seen[value] = (sheet.write_string, text, self._quoted if looks_like_formula(text) else look)
                yield blank if value is None else seen[value]
            return
        for value in values:
            number = (value - _DAY_ZERO).days if isinstance(value, date) else value
            yield blank if value is None else (sheet.write_number, number, look)

    def heights(self, columns: Sequence[tuple[Sequence[Any], float, Form]]) -> list[float]:
        """Return the heights of rows whose columns have these values, widths in characters, and forms; in points."""
        lines = [
            [lines_of(value, width) for value in values] for values, width, form in columns if form in ("text", "lines")
        ]
        return [min(HIGHEST, max(row) * LINE_HEIGHT + 3) for row in zip(*lines, strict=True)]

    def say(self, sheet: Any, row: int, column: int, text: str, look: Any) -> None:
        """Write a text of the workbook's own."""
        sheet.write_string(row, column, cell_text(text, self._mark), look)


def lines_of(text: str | None, width: float) -> int:
    """Return about how many lines a text fills in a column `width` characters wide."""
    room = 1.1 * width
    if text is None or (len(text) <= room and "\n" not in text):
        return 1
    return sum(max(1, math.ceil(len(line) / room)) for line in text.split("\n"))

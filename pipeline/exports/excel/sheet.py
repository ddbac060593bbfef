"""One sheet of a workbook: a title, a line about it, a heading row with a filter, and the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.exports.excel.columns import Column
from pipeline.exports.excel.look import LIKELIHOOD, LINE_HEIGHT, Look
from pipeline.store.frames import cells


@dataclass(frozen=True)
class Table:
    """What a sheet shows: a frame with the columns' keys."""

    name: str
    title: str
    said: Sequence[str]
    """Lines under the title."""
    columns: Sequence[Column]
    rows: pd.DataFrame
    currency: str
    warning: str | None = None


def write_sheet(book: Any, look: Look, name: str, table: Table, language: str) -> None:
    """Add the table as a sheet of `book`, an XlsxWriter workbook in constant memory: row after row, from the top."""
    sheet = book.add_worksheet(name)
    filled = {column.key: cells(table.rows[column.key]) for column in table.columns}
    columns = [column for column in table.columns if not column.optional or _any(filled[column.key])]
    for position, column in enumerate(columns):
        sheet.set_column(position, position, column.width)

    sheet.set_row(0, 24)
    look.say(sheet, 0, 0, table.title, look.title)
    at = 1
    for line in table.said:
        look.say(sheet, at, 0, line, look.said)
        at += 1
    if table.warning:
        look.say(sheet, at, 0, table.warning, look.warning)
        at += 1
    sheet.set_row(at, 2.2 * LINE_HEIGHT)
    for position, column in enumerate(columns):
        heading = column.heading[language].format(currency=table.currency)
        numbers = column.form in ("rate", "money")
        look.say(sheet, at, position, heading, look.number_heading if numbers else look.heading)

    last = at + len(table.rows)
    heights = look.heights([(filled[column.key], column.width, column.form) for column in columns])
    writing = zip(*(look.writing(sheet, filled[column.key], column.form) for column in columns), strict=True)
    for number, (height, row) in enumerate(zip(heights, writing, strict=True), at + 1):
        sheet.set_row(number, height)
        for position, (write, value, form) in enumerate(row):
            write(number, position, value, form)
    _finish(sheet, columns, at, last)


def _finish(sheet: Any, columns: Sequence[Column], heading: int, last: int) -> None:
    """Freeze the heading and the account's name, set the filter and the colours, and make it print on wide pages."""
    keys = [column.key for column in columns]
    sheet.freeze_panes(heading + 1, keys.index("name" if "name" in keys else "account_id") + 1)
    sheet.autofilter(heading, 0, last, len(columns) - 1)
    if "probability" in keys and last > heading:
        position = keys.index("probability")
        sheet.conditional_format(heading + 1, position, last, position, LIKELIHOOD)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(heading)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&A&R&P / &N")


def _any(values: Sequence[Any]) -> bool:
    return any(value is not None and value != "" for value in values)

"""One workbook: a sheet per target, a sheet of accounts that are not scored, and the guide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.exports.excel import words
from pipeline.exports.excel.columns import APART, OWN_APART, OWN_TO_CALL, TO_CALL, Column
from pipeline.exports.excel.contents import Contents
from pipeline.exports.excel.guide import write_guide
from pipeline.exports.excel.look import Look
from pipeline.exports.excel.sheet import Table, write_sheet
from pipeline.exports.excel.text import sheet_names
from pipeline.store import Run

LARGEST = 100_000
"""Rows of lists in one workbook, shared evenly among its sheets; Excel's own limit is 1,048,576 rows to a sheet, but
long before it a workbook is too slow to work with."""

MARK = "keepgrow lists of config"
"""The custom document property by which a workbook is known to be ours; its value is the config's name."""


def write_book(file: Path, shown: Contents, config: str, language: str) -> str | None:
    """Write a workbook and return what its readers should know.

    The same contents give the same bytes. Temporary files are made in the file's own folder. Raises OSError where
    files cannot be written.
    """
    import xlsxwriter  # noqa: PLC0415
    from xlsxwriter.exceptions import XlsxFileError  # noqa: PLC0415

    try:
        return _write(xlsxwriter.Workbook, file, shown, config, language)
    except XlsxFileError as error:
        raise OSError(str(error)) from error


def _write(workbook: Any, file: Path, shown: Contents, config: str, language: str) -> str | None:
    options = {**OPTIONS, "tmpdir": str(file.parent), "in_memory": shown.length <= SMALL}
    tables = _tables(shown, language)
    with workbook(str(file), options) as book:
        created = max(run.created_at for run in shown.runs).astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": f"keepgrow {config}", "author": "keepgrow", "created": created})
        book.set_custom_property(MARK, config, "text")
        look = Look(book, words.CUT[language])
        names = sheet_names([*(table.name for table in tables), words.GUIDE[language]])
        for name, table in zip(names, tables, strict=False):
            write_sheet(book, look, name, table, language)
        columns = [column for table in tables for column in table.columns]
        write_guide(book, look, names[-1], shown, columns, language)
    return next((table.warning for table in tables if table.warning), None)


OPTIONS: dict[str, Any] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
SMALL = 5_000
"""Up to so many rows the parts of a workbook are put together in memory, which spares a temporary file for each."""


def _tables(shown: Contents, language: str) -> list[Table]:
    """Return the sheets in their order; without accounts that are not scored there is no sheet of them."""
    room = LARGEST // (len(shown.calls) + 1)
    everybody = shown.manager is None
    tables = []
    for run, rows in shown.calls:
        count = {0: words.NOBODY, 1: words.ONE_TO_CALL}.get(len(rows), words.TO_CALL)[language]
        said = [count.format(n=words.number(len(rows), language)), _when([run], language)]
        columns = TO_CALL if everybody else OWN_TO_CALL
        tables.append(_table(run.target, shown.manager, said, columns, rows, run.currency, room, language))
    if len(shown.apart):
        count = words.NOT_SCORED[language].format(n=words.number(len(shown.apart), language))
        said = [count, _when(shown.runs, language)]
        columns = APART if everybody else OWN_APART
        currency = shown.runs[0].currency
        tables.append(
            _table(words.APART[language], shown.manager, said, columns, shown.apart, currency, room, language)
        )
    return tables


def _table(
    name: str,
    manager: str | None,
    said: list[str],
    columns: Sequence[Column],
    rows: pd.DataFrame,
    currency: str,
    room: int,
    language: str,
) -> Table:
    warning = None
    if len(rows) > room:
        kept, whole = words.number(room, language), words.number(len(rows), language)
        warning = words.CAPPED[language].format(name=name, shown=kept, n=whole)
    title = name if manager is None else f"{name} · {manager}"
    return Table(name, title, said, columns, rows.head(room), currency, warning)


def _when(runs: Sequence[Run], language: str) -> str:
    days = sorted({run.as_of for run in runs})
    of = " ".join(words.LIST_OF[language].format(day=words.day(day, language)) for day in days)
    return f"{of} {words.SEE_GUIDE[language]}"

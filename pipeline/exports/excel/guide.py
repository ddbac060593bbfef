"""The last sheet of a workbook: what it is, what each column means, and where the lists come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.exports.excel import words
from pipeline.exports.excel.columns import Column
from pipeline.exports.excel.contents import Contents
from pipeline.exports.excel.look import LINE_HEIGHT, Look, lines_of
from pipeline.store import Run

WIDTHS = (48, 100)
"""Of the two columns, in characters."""


def write_guide(
    book: Any,
    look: Look,
    name: str,
    shown: Contents,
    columns: Sequence[Column],
    language: str,
) -> None:
    """Add the guide to `book`, an XlsxWriter workbook: what each of `columns` means and what each list is made from."""
    sheet = book.add_worksheet(name)
    for position, width in enumerate(WIDTHS):
        sheet.set_column(position, position, width)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_row(0, 24)
    look.say(sheet, 0, 0, words.GUIDE[language], look.title)
    at = 1
    for paragraph in words.WHAT_THIS_IS[language]:
        sheet.set_row(at, lines_of(paragraph, sum(WIDTHS)) * LINE_HEIGHT + 3)
        sheet.merge_range(at, 0, at, 1, paragraph, look.paragraph)
        at += 1

    at += 1
    _part(sheet, look, at, words.THE_COLUMNS[language])
    currency = shown.runs[0].currency
    for heading, meaning in _meanings(columns, language).items():
        at += 1
        sheet.set_row(at, lines_of(meaning, WIDTHS[1]) * LINE_HEIGHT + 3)
        look.say(sheet, at, 0, heading.format(currency=currency), look.label)
        look.put(sheet, at, 1, meaning, "text")

    at += 2
    _part(sheet, look, at, words.THE_LISTS[language])
    for run in shown.runs:
        at += 2
        _part(sheet, look, at, run.target)
        for label, value, form in _facts(run, language):
            at += 1
            look.say(sheet, at, 0, label, look.label)
            look.put(sheet, at, 1, value, form)
    for target in shown.missing:
        at += 2
        _part(sheet, look, at, target)
        look.say(sheet, at + 1, 0, words.NOT_PUBLISHED[language], look.said)
        at += 1


def _part(sheet: Any, look: Look, at: int, text: str) -> None:
    sheet.set_row(at, 1.4 * LINE_HEIGHT)
    look.say(sheet, at, 0, text, look.part)


def _meanings(columns: Sequence[Column], language: str) -> dict[str, str]:
    """Return heading -> meaning; a heading that stands on several sheets keeps its first meaning."""
    meanings: dict[str, str] = {}
    for column in columns:
        meanings.setdefault(column.heading[language], column.meaning[language])
    return meanings


def _facts(run: Run, language: str) -> list[tuple[str, Any, Any]]:
    facts: list[tuple[str, Any, Any]] = [
        (words.FACTS["as_of"][language], run.as_of, "date"),
        (words.FACTS["run_id"][language], run.run_id, "text"),
        (words.FACTS["model"][language], f"{run.model_name} {run.model_version}", "text"),
        (words.FACTS["currency"][language], run.currency, "text"),
    ]
    if run.by_rule:
        facts.append((words.FACTS["rule"][language], words.BY_RULE[language], "text"))
    facts += [(words.FACTS[name][language], run.counts[name], "count") for name in _COUNTS if name in run.counts]
    excluded: Mapping[str, int] = run.counts.get("excluded") or {}
    return facts + [
        (words.FACTS["excluded"][language].format(reason=reason), count, "count") for reason, count in excluded.items()
    ]


_COUNTS = ("scored", "listed", "over_capacity", "not_worth_it", "leaving", "too_new")

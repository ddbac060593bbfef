"""Which rows of a table meet a condition, and at which as_of dates: what a late column says is blank until known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.computing.dated import DatedTable, Numbers
from features.where import Test, Where
from pipeline.asof import DAY, MISSING
from pipeline.history import Flags


@dataclass(frozen=True)
class Picked:
    """Rows that meet a condition, by position in the table, ascending; each at the dates `[begin, end)`."""

    rows: Numbers
    begin: Numbers
    end: Numbers

    def keep(self, mask: Flags) -> Picked:
        return self if mask.all() else Picked(self.rows[mask], self.begin[mask], self.end[mask])


def pick(table: DatedTable, where: Where, ahead: bool = False) -> Picked:
    """Return the rows that meet the conditions at dates they lie in the past of; `ahead`: they have yet to happen."""
    begin, end = table.past, table.end
    if ahead:
        begin, end = table.begin, np.minimum(table.end, table.number(table.day, after=1))
    tests = list(where.tests)
    texts = next((test for test in tests if test.of_texts and test.column not in table.late), None)
    if texts is None:
        picked = Picked(np.arange(len(begin), dtype=np.int32), begin, end)
    else:
        tests.remove(texts)
        rows = table.with_text(texts.column, texts.among(table.rows.categories.get(texts.column, ())))
        picked = Picked(rows, begin[rows], end[rows])
    for test in tests:
        picked = _narrow(table, picked, test)
    return picked


def _narrow(table: DatedTable, picked: Picked, test: Test) -> Picked:
    late = [table.number(table.late[name][picked.rows]) for name in test.columns if name in table.late]
    values = table.rows.columns[test.column][picked.rows]
    if test.check == "blank" and late:
        # Blank for as long as the value is not known, which for a null is for ever.
        end = np.where(values == MISSING, picked.end, np.minimum(picked.end, late[0]))
        return Picked(picked.rows, picked.begin, end)
    if test.of_texts:
        categories = table.rows.categories.get(test.column, ())
        wanted = test.among(categories)
        mask = np.isin(values, [number for number, text in enumerate(categories) if text in wanted])
    else:
        mask = test.mask(values, table.rows.columns[test.other][picked.rows] if test.other else values)
    begin = picked.begin
    for known in late:
        begin = np.maximum(begin, known)
    if test.check == "past":
        begin = np.maximum(begin, table.number(values // DAY, after=1))
    return Picked(picked.rows, begin, picked.end).keep(mask)

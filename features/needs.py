"""What of each table features look at: its columns, and from which day on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from features.measures import Measure, leaves
from features.spec import Fact, Feature
from pipeline.tables import HISTORY_TABLES

_ROWS = "account_id"
"""Stands in `reads` for a table of which no column is read."""

_TELLING = {"subscriptions": ("subscription_id", "product", "mrr", "ended_at"), "holdings": ("ended_at",)}
"""What tells contract lines apart, how much they are worth, and until when a row holds. No feature waits for these
columns to be mapped, so `reads` does not name them; where they are, every measure of the table looks at them."""


@dataclass(frozen=True)
class Need:
    """What features look at in one table.

    `columns` are contract columns, in the table's order of first use, beside those that say whose a row is, when it
    occurred, and when it is visible. No row that occurred before `since` changes any of them; None: all history does.
    """

    columns: tuple[str, ...]
    since: date | None


def needs(features: Sequence[Feature | Fact], as_ofs: Iterable[date]) -> Mapping[str, Need]:
    """Return what the features read at `as_ofs`, by table; a table that none of them reads is left out.

    Which accounts have been seen at all is told by all rows of all tables, whatever the features. A measure that names
    no table (`features.accounts.Observed`) looks at the rows of every one, whether the firm has it or not.
    """
    return needs_of([feature.measure for feature in features], as_ofs)


def needs_of(measures: Iterable[Measure], as_ofs: Iterable[date]) -> Mapping[str, Need]:
    """Return what measures read at `as_ofs`; see `needs`."""
    columns: dict[str, dict[str, None]] = {}
    reach: dict[str, int | None] = {}
    for measure in (part for whole in measures for part in leaves(whole)):
        for table, column in measure.reads or ((table, _ROWS) for table in HISTORY_TABLES):
            names = columns.setdefault(table, {})
            if column != _ROWS:
                names.update(dict.fromkeys((column, *_TELLING.get(table, ()))))
            reach[table] = _farther(reach.get(table, 0), measure.reach)
    first = min(as_ofs, default=None)
    return {
        table: Need(tuple(names), None if first is None else _before(first, reach[table]))
        for table, names in columns.items()
    }


def _farther(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _before(day: date, reach: int | None) -> date | None:
    return None if reach is None else day - timedelta(days=reach)

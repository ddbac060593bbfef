"""Stray rows: a few dated long before the rest of their table, which would move the day its history starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from pipeline.sources import literal, quoted
from pipeline.staged import Staged

STRAY = "implausible: long before the rest"
"""How the rule that rejects stray rows ends; the name of the column comes before it."""

STAND_INS = (date(1900, 1, 1), date(1970, 1, 1))
"""Days on which programs start to count, and which they therefore write for a day they do not know."""

QUIET_DAYS = 365
"""A table without any row for longer than this, in its midst, is quiet by nature."""

GAP_DAYS = 3 * 365
"""Rows are stray only when so many days without any row follow them."""

FEW = 0.01
"""At most this share of a table's rows can be stray, so that a table of less than 100 rows has none."""

_EVENTS = ("interactions", "invoices", "feedback")
_CONTRACTS = ("subscriptions", "holdings")


def reject_strays(staged: Staged, ask: Callable[[str], list[tuple]]) -> None:
    """Give the stray rows of a staged table the rule that rejects them; `ask` runs SQL.

    Two rules. Rows on a day of `STAND_INS` are stray when the next other row follows more than `QUIET_DAYS` later.
    In tables of events, so are rows that more than `GAP_DAYS` without any row separate from the rest, when they are
    at most `FEW` of the table's rows and the table has no gap longer than `QUIET_DAYS` with more than `FEW` of its
    rows on either side: a firm whose records pause keeps its old rows. A contract or a holding may well be that much
    older than the others, and the day on which an account was opened is never judged.
    """
    counting = rows_per_day(staged)
    if counting is not None:
        reject_days(staged, stray_days(staged, dict(ask(counting))), ask)


def rows_per_day(staged: Staged) -> str | None:
    """Return the SQL of (day in days since 1970, rows that no rule rejects); None for tables that are never judged."""
    if staged.contract.name not in (*_EVENTS, *_CONTRACTS):
        return None
    return f"SELECT {day_of_row(staged)}, count(*) FROM {staged.name} WHERE _rule IS NULL GROUP BY 1"


def stray_days(staged: Staged, rows: Mapping[int, int]) -> list[int]:
    """Return the days whose rows are stray, given the rows per day of the whole table."""
    rows = dict(sorted(rows.items()))
    stray = _on_stand_ins(list(rows))
    if staged.contract.name in _EVENTS:
        stray += _before_a_gap({at: number for at, number in rows.items() if at not in stray})
    return stray


def reject_days(staged: Staged, stray: Sequence[int], ask: Callable[[str], list[tuple]]) -> None:
    """Give the rows of stray days the rule that rejects them."""
    if stray:
        ask(
            f"UPDATE {staged.name} SET _rule = {literal(f'{staged.contract.occurred} {STRAY}')} "
            f"WHERE _rule IS NULL AND {day_of_row(staged)} IN ({', '.join(map(str, stray))})"
        )


def day_of_row(staged: Staged) -> str:
    """Return the SQL of the day, in days since 1970, on which a staged row occurred."""
    return f"(CAST({quoted(staged.contract.occurred or '')} AS DATE) - DATE '1970-01-01')"


def _on_stand_ins(days: list[int]) -> list[int]:
    # A naive midnight lies in the day before once it is read in a zone east of Greenwich.
    suspect = {(day - date(1970, 1, 1)).days - east for day in STAND_INS for east in (0, 1)}
    others = [day for day in days if day not in suspect]
    stray = []
    for day in suspect.intersection(days):
        later = next((other for other in others if other > day), None)
        if later is not None and later - day > QUIET_DAYS:
            stray.append(day)
    return sorted(stray)


def _before_a_gap(rows: dict[int, int]) -> list[int]:
    """Return the days, of rows per day in order, that lie long before the rest."""
    days, total = list(rows), sum(rows.values())
    before, last = 0, None
    for day, following in pairwise(days):
        before += rows[day]
        lone, some_after = before <= FEW * total, total - before > FEW * total
        if not lone and some_after and following - day > QUIET_DAYS:
            return []
        if lone and following - day > GAP_DAYS:
            last = day
    return [] if last is None else [day for day in days if day <= last]

"""Checks of single cells: rows that a rule rejects, cells that were blanked, columns that are hardly filled."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources import literal, quoted
from pipeline.staged import MERGED, NO_RATE, UNKNOWN_AT, Staged
from pipeline.staging import Stage
from pipeline.strays import STRAY
from pipeline.tables import TABLES
from pipeline.validate.statement import Answer, Statement, example
from pipeline.validate.unreadable import MOSTLY, written_columns

_REMEDY = f"More than {MOSTLY:.0%} of the rows: mend the source or its mapping, or leave such rows out by `where`."

_STRAY = "These rows are rejected: they would move the first day of the table. Mend their day in the source."

_SPARSE = {
    "reason", "parent_id", "quantity", "score", "contact_id", "subscription_id", "text", "until", "from", "notice_by",
    "known_at",
}  # fmt: skip
"""Optional columns that are normally empty in many rows."""


def rejected_rows(stage: Stage) -> Iterator[Statement]:
    """Rows that a rule rejects: missing, implausible, not finite or too large cells, ends before starts."""
    for table, staged in stage.tables.items():
        if table == "exclusions":
            continue  # see rejected_exclusions
        query = f"SELECT _rule, count(*), {example(staged, '_cell')} FROM {staged.name} WHERE _rule"
        unreadable = [literal(f"{name} unreadable") for name in written_columns(staged)]
        stray = literal(f"{staged.contract.occurred} {STRAY}")
        apart = ", ".join([literal(MERGED), literal(NO_RATE), stray, *unreadable])
        action = "These rows are rejected."
        yield Statement(table, f"{query} NOT IN ({apart}) GROUP BY _rule", action, MOSTLY, _REMEDY)
        yield Statement(table, f"{query} = {stray} GROUP BY _rule", _STRAY, MOSTLY, _REMEDY)
        carried = "The attributes of the account that carries on are used."
        yield Statement(table, f"{query} = {literal(MERGED)} GROUP BY _rule", carried)


def rejected_exclusions(stage: Stage) -> Iterator[Statement]:
    """Exclusions that a rule rejects, each named: an account whose objection was dropped would be listed."""
    staged = stage.tables.get("exclusions")
    if staged is not None:
        yield Statement(
            "exclusions",
            f"SELECT _rule, count(*), {example(staged, 'from', 'until', '_cell')} FROM {staged.name} "
            "WHERE _rule IS NOT NULL GROUP BY _rule, account_id, _cell",
            "",
            stops_above=0,
            remedy="Mend this row, or how it is mapped: without it the account would be listed.",
            adds_up=False,
        )


def mixed_currencies(stage: Stage) -> Iterator[Statement]:
    """Money in a currency that no rate converts: never a mixed sum, so always an error."""
    ours = stage.settings.money.currency
    for table, staged in stage.tables.items():
        yield Statement(
            table,
            f"SELECT _rule || ': ' || _cell, count(*), {example(staged, '_cell')} FROM {staged.name} "
            f"WHERE _rule = {literal(NO_RATE)} GROUP BY _rule, _cell",
            "",
            stops_above=0,
            remedy=f"Map [[tables.rates]] with rates into {ours} from that day on, or convert in the mapping.",
        )


def blanked_cells(stage: Stage) -> Iterator[Statement]:
    """Cells that were blanked: far-future days that mean "open", and bad attributes of accounts."""
    for table, staged in stage.tables.items():
        notes = f"SELECT *, unnest(string_split(_notes, ',')) AS note FROM {staged.name} WHERE _notes IS NOT NULL"
        of_cells = f"({notes}) WHERE note <> {literal(UNKNOWN_AT)} AND note"
        query = f"SELECT note, count(*), {example(staged)} FROM {of_cells}"
        yield Statement(
            table,
            f"{query} LIKE '% open' GROUP BY note",
            'A day from 2200 on stands for "no end": read as empty.',
        )
        yield Statement(
            table,
            f"{query} NOT LIKE '% open' GROUP BY note",
            "The cell is read as empty; the account is kept.",
            stops_above=MOSTLY,
            remedy=_REMEDY,
        )


def missing_values(stage: Stage) -> Iterator[Statement]:
    """Optional columns that are empty, or in more than half of the rows where they normally are not."""
    for table, staged in stage.tables.items():
        for name in staged.columns:
            column = TABLES[table].by_name.get(name)
            if column is not None and (column.required or column.read_from is not None):
                continue
            sparse = name in _SPARSE or (column is not None and bool(column.late))
            yield Statement(
                table,
                f"SELECT {literal(name)}, count(*) - count({quoted(name)}), {_first_missing(staged, name)}, count(*) "
                f"FROM {staged.name} WHERE _rule IS NULL",
                "Check the mapping; what rests on this column will say little.",
                tell=_always if sparse else _mostly,
            )


def _always(answer: Answer) -> Answer | None:
    empty, rows = answer.numbers
    return Answer(f"{answer.rule} always missing", answer.example, (empty,)) if empty and empty == rows else None


def _mostly(answer: Answer) -> Answer | None:
    empty, rows = answer.numbers
    if 2 * empty <= rows:
        return None
    return _always(answer) or Answer(f"{answer.rule} mostly missing", answer.example, (empty,))


def _first_missing(staged: Staged, name: str) -> str:
    if "account_id" not in staged.columns:
        return "''"
    return f"'account_id=' || min(account_id) FILTER ({quoted(name)} IS NULL)"

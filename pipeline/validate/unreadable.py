"""Cells that cannot be read as days or numbers: how they are written, and the mapping that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.sources import literal
from pipeline.staged import Staged
from pipeline.staging import Stage
from pipeline.validate.statement import Statement, example
from pipeline.written import written_day, written_number

MOSTLY = 0.05
"""A rule that bad cells break in a larger share of a table's rows than this stops the run."""

_FEW = 0.02
"""Share of the unreadable texts that may be something else still when a format is named."""

_DAYS = (
    "Days are read as 2024-01-31, times as 2024-01-31 09:30:00. Where they are written otherwise, say how, for example "
    "{sql = \"strptime(day, '%d/%m/%Y')::DATE\"}."
)
_NUMBERS = (
    "Numbers are read as 1234.50. Where they are written otherwise, turn them into such, or leave rows out by `where`."
)


def unreadable_cells(stage: Stage) -> Iterator[Statement]:
    """Days and numbers that cannot be read; the remedy names the source's column and the format found in it."""
    for table, staged in stage.tables.items():
        if table == "exclusions":
            continue  # see rejected_exclusions
        for name in written_columns(staged):
            rule = literal(f"{name} unreadable")
            yield Statement(
                table,
                f"SELECT _rule, count(*), {example(staged, '_cell')} FROM {staged.name} WHERE _rule = {rule} "
                "GROUP BY _rule",
                "These rows are rejected.",
                MOSTLY,
                partial(_remedy, stage, staged, name),
            )


def written_columns(staged: Staged) -> list[str]:
    """Return the columns whose cells may be texts that are read as days or numbers."""
    return [name for name in staged.columns if staged.kind(name) in ("time", "number", "money")]


def _remedy(stage: Stage, staged: Staged, name: str) -> str:
    texts = stage.whole.unreadable(staged, name)
    timed = staged.kind(name) == "time"
    found = written_day(stage.con, texts, _FEW) if timed else written_number(stage.con, texts)
    source = _source(staged, name)
    if found is None or source is None:
        return _DAYS if timed else _NUMBERS
    shown = stage.ask(f"SELECT min(t) FROM ({texts})")[0][0]
    sql = found.sql(source).replace('"', '\\"')
    other = getattr(found, "other", None)
    doubt = f" They read as {other} as well: check which it is." if other else ""
    return f'The source writes {shown}: map {name} = {{sql = "{sql}"}}.{doubt}'


def _source(staged: Staged, name: str) -> str | None:
    """Return the source's column in SQL, where a mapping takes it as it is."""
    for mapped in staged.mapped:
        expression = mapped.query.expressions.get(name, "")
        if expression.startswith('"'):
            plain = expression.strip('"')
            return plain if plain.isidentifier() and plain.isascii() else expression
    return None

"""Checks of single cells: rows that a rule rejects, cells that were blanked."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources import literal
from pipeline.staging import Stage, Staged
from pipeline.validate.statement import Statement

MOSTLY = 0.05
"""A rule that rejects a larger share of a table's rows than this stops the run."""


def rejected(stage: Stage) -> Iterator[Statement]:
    """Rows that a rule rejects: an error when they are more than 5 % of the table."""
    for table, staged in stage.tables.items():
        yield Statement(
            table,
            f"SELECT _rule, count(*), {example(staged, '_cell')} FROM {staged.name} WHERE _rule IS NOT NULL GROUP BY _rule",
            "These rows are rejected.",
            stops_above=MOSTLY,
            remedy=f"More than {MOSTLY:.0%} of the rows: mend the source or the mapping, or leave them out by `where`.",
        )


def example(staged: Staged, extra: str | None = None) -> str:
    """Return the SQL of a text that shows the first of a group of rows, always the same one."""
    shown = [name for name in ("account_id", "old_id", staged.contract.occurred) if name in staged.columns]
    parts = [f"{literal(name + '=')} || coalesce(CAST({name} AS VARCHAR), 'missing')" for name in shown]
    if extra:
        parts.append(f"'found ' || {extra}")
    text = f"concat_ws(', ', {', '.join(parts)})" if parts else "''"
    return f"min({text})"

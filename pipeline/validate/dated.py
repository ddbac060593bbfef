"""Rows dated before what they belong to: the SQL that the checks of accounts and of contracts share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.sources import literal, quoted
from pipeline.staging import Stage
from pipeline.tables import HISTORY_TABLES
from pipeline.validate.statement import Statement, example

KINDS_APART = 10
"""So many kinds of interaction, the most frequent, are told apart; the others are told together."""


def dated_before(
    stage: Stage,
    begins: str,
    column: str,
    rule: str,
    spared: Sequence[str],
    key: Sequence[str] = ("account_id",),
    of_interactions: str = "TRUE",
) -> Iterator[Statement]:
    """Yield, per history table not `spared`, its rows on a day before the earliest `column` of their `begins` row.

    Rows find it by `key`. Interactions, of which only those that meet `of_interactions` are looked at, are told apart
    by kind; the share is then that of the kind's rows.
    """
    by = ", ".join(key)
    first = f"SELECT {by}, date_trunc('day', min({column})) AS begun FROM {begins} WHERE _rule IS NULL GROUP BY {by}"
    for table in HISTORY_TABLES:
        staged = stage.tables.get(table)
        if staged is None or table in spared:
            continue
        early = f"{quoted(staged.contract.occurred or '')} < begun"
        rows, said, grouped = f"SELECT * FROM {staged.name} WHERE _rule IS NULL", literal(rule), ""
        if table == "interactions":
            often = ", ".join(literal(kind) for kind in stage.whole.kinds()[:KINDS_APART])
            rows = f"{rows} AND ({of_interactions})"
            named = f"CASE WHEN kind IN ({often or 'NULL'}) THEN kind ELSE 'other kinds' END"
            rows, said, grouped = f"SELECT *, {named} AS told FROM ({rows})", f"{literal(rule + ': ')} || told", "told"
        yield Statement(
            table,
            f"SELECT {said}, count(*) FILTER ({early}), {example(staged)} FILTER ({early}), count(*) "
            f"FROM ({rows}) LEFT JOIN ({first}) USING ({by}) "
            f"{f'GROUP BY {grouped}' if grouped else ''}",
            "The rows are used as they are.",
        )

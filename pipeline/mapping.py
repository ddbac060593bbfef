"""Mapping: one source's columns as contract columns, in DuckDB's SQL, checked before any row is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.cells import Cell, accepts, cell
from pipeline.errors import ContractError, SourceError, nearest
from pipeline.settings import ColumnSource, Settings, TableSource
from pipeline.sources import first_line, literal, quoted, relation
from pipeline.tables import Column, Table, known_column

_LATE = "__late"


@dataclass(frozen=True)
class Mapped:
    """A source read as a contract table.

    `queries` are the common table expressions `source` and `mapped`; `expressions` gives, per column of `mapped`,
    the SQL over the source it comes from (none for a whole query). `cells` holds the contract columns, in the
    contract's order, further attributes last; `late` the expressions for a late column's own known instant;
    `excluded` the attributes that must not be used.
    """

    where: str
    queries: str
    expressions: Mapping[str, str]
    condition: str | None
    cells: Mapping[str, Cell]
    late: Mapping[str, str]
    excluded: frozenset[str]
    drop_repeats: bool

    def known_at(self, contract: Table) -> str | None:
        """Return the instant a row becomes known: `known_at`, else when it occurred; a date at the next midnight."""
        mapped = self.cells.get("known_at")
        occurred = self.cells.get(contract.occurred or "")
        parts = [part.known for part in (mapped, occurred) if part is not None and part.known is not None]
        return f"coalesce({', '.join(parts)})" if parts else None

    def known(self, column: Column) -> str:
        """Return the instant a late column becomes known: the mapping's own word, else what the contract says."""
        named = [self.late[column.name]] if column.name in self.late else []
        chain = [self.cells[name].known for name in column.late if name in self.cells]
        parts = [part for part in (*named, *chain) if part is not None]
        return f"coalesce({', '.join(parts)}, NULL)" if parts else "CAST(NULL AS TIMESTAMP)"


def read_mapping(
    con: duckdb.DuckDBPyConnection, settings: Settings, contract: Table, mapping: TableSource, where: str
) -> Mapped:
    """Return `mapping` as SQL over its source; `where` names it in errors.

    Raises SourceError for what the source lacks or cannot do, ContractError for what the contract misses.
    """
    as_text = _texts(contract, mapping)
    source = None
    if mapping.source is not None:
        source = relation(con, mapping.source, settings, f"{where}.source", as_text)
    queries = f"source AS NOT MATERIALIZED (SELECT * FROM {source}), " if source else ""
    if mapping.select is not None:
        query = mapping.select.strip().rstrip(";")
        queries += f"mapped AS (\n{query}\n)"
        types = _types(con, f"WITH {queries} SELECT * FROM mapped", f"{where}.select")
        names = _selected(contract, types, where)
        expressions: dict[str, str] = {}
        late_from = types
    else:
        late_from = _types(con, f"WITH {queries.rstrip(', ')} SELECT * FROM source", f"{where}.source")
        names = {}
        wanted = mapping.columns or _own_names(contract, late_from)
        expressions = {
            name: _expression(column, late_from, f"{where}.columns.{name}")
            for name, column in wanted.items()
            if column.role != "exclude"
        }
    for name, column in mapping.late.items():
        _check_late(contract, name, column, late_from, where)
        if mapping.select is None:
            expressions[name + _LATE] = quoted(column)
    if mapping.select is None:
        condition = f"WHERE ({mapping.where}\n)" if mapping.where else ""
        chosen = ", ".join(f"{text} AS {quoted(name)}" for name, text in expressions.items()) or "1 AS nothing"
        queries += f"mapped AS (SELECT {chosen} FROM source {condition})"
        types = _described(con, queries, expressions, mapping.where, where)
        names = {name: name for name in expressions if not name.endswith(_LATE)}
    _check_required(contract, names, late_from, where)
    cells = {
        name: _cell(con, queries, contract, name, raw, types, mapping, settings, where) for name, raw in names.items()
    }
    late = {}
    for name, column in mapping.late.items():
        raw = column if mapping.select is not None else name + _LATE
        instant = Column(f"late.{name}", "time", "", late=(name,))
        known = _cell(con, queries, contract, instant, raw, types, None, settings, where).known
        late[name] = known or "NULL"
    excluded = frozenset(name for name, column in mapping.columns.items() if column.role == "exclude")
    return Mapped(where, queries, expressions, mapping.where, cells, late, excluded, mapping.on_repeat == "drop")


def _texts(contract: Table, mapping: TableSource) -> list[str]:
    """Return the source columns whose texts must stay as they are written."""
    if not mapping.columns:
        return [column.name for column in contract.columns if column.kind in ("id", "text")]
    kept = []
    for name, column in mapping.columns.items():
        kind = contract.by_name[name].kind if name in contract.by_name else "text"
        if column.column is not None and kind in ("id", "text"):
            kept.append(column.column)
    return kept


def _types(con: duckdb.DuckDBPyConnection, query: str, where: str) -> dict[str, str]:
    try:
        return {row[0]: row[1] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    except duckdb.Error as error:
        raise SourceError(f"{where}: DuckDB says: {first_line(error)}. Mend the query or the file it reads.") from None


def _own_names(contract: Table, present: Mapping[str, str]) -> dict[str, ColumnSource]:
    folded = {name.lower(): name for name in present}
    return {
        column.name: ColumnSource(column=folded[column.name]) for column in contract.columns if column.name in folded
    }


def _selected(contract: Table, types: Mapping[str, str], where: str) -> dict[str, str]:
    """Return contract column -> column of a whole query; its further columns are attributes where the table has such."""
    names = {}
    for raw in types:
        name = raw.lower()
        if name in contract.by_name:
            names[name] = raw
        elif contract.more_attributes:
            names[raw] = raw
    if not names:
        raise ContractError(
            f"{where}.select: none of the columns it returns is in the contract; found {', '.join(types)}. "
            f"Name them, for example SELECT ... AS {contract.columns[0].name}."
        )
    return names


def _expression(column: ColumnSource, present: Mapping[str, str], where: str) -> str:
    if column.column is not None:
        folded = {name.lower(): name for name in present}
        found = column.column if column.column in present else folded.get(column.column.lower())
        if found is None:
            raise SourceError(f"{where}: the source has no column '{column.column}'; {nearest(column.column, present)}")
        return quoted(found)
    if column.sql is not None:
        return f"({column.sql}\n)"
    const = column.const
    if isinstance(const, bool):
        return "true" if const else "false"
    if isinstance(const, date):
        return f"{'TIMESTAMP' if hasattr(const, 'hour') else 'DATE'} '{const.isoformat()}'"
    return literal(const) if isinstance(const, str) else repr(const)


def _check_late(contract: Table, name: str, column: str, present: Mapping[str, str], where: str) -> None:
    late = [each.name for each in contract.columns if each.late]
    if name not in late:
        raise ContractError(
            f"{where}.late.{name}: only late columns have a known instant of their own; {nearest(name, late)}"
        )
    if column not in present:
        raise SourceError(f"{where}.late.{name}: the source has no column '{column}'; {nearest(column, present)}")


def _check_required(contract: Table, names: Mapping[str, str], present: Mapping[str, str], where: str) -> None:
    missing = [name for name in contract.required if name not in names]
    if missing:
        wanted = "; ".join(f"'{name}' ({contract.by_name[name].about})" for name in missing)
        found = ", ".join(f"'{name}'" for name in present) or "nothing"
        raise ContractError(f"{where}: missing required column {wanted}. Map it; the source has {found}.")


def _described(
    con: duckdb.DuckDBPyConnection, queries: str, expressions: Mapping[str, str], condition: str | None, where: str
) -> dict[str, str]:
    """Return the types of the mapped columns; when DuckDB refuses, say which column or condition it was."""
    try:
        rows = con.execute(f"DESCRIBE WITH {queries} SELECT * FROM mapped").fetchall()
    except duckdb.Error as error:
        blame(con, queries, expressions, condition, where, "DESCRIBE ")
        raise SourceError(f"{where}: DuckDB says: {first_line(error)}") from None
    return {row[0]: row[1] for row in rows}


def blame(
    con: duckdb.DuckDBPyConnection,
    queries: str,
    expressions: Mapping[str, str],
    condition: str | None,
    where: str,
    how: str = "",
) -> None:
    """Raise SourceError that names the column or the condition DuckDB cannot evaluate; return when each one can be."""
    source = f"WITH {queries.partition(', mapped AS (')[0]}"
    for name, text in {"where": f"({condition or 'true'}\n)", **expressions}.items():
        test = f"SELECT count(*) FROM source WHERE {text}" if name == "where" else f"SELECT max({text}) FROM source"
        if name != "where" and condition and how == "":
            test += f" WHERE ({condition}\n)"
        try:
            con.execute(f"{how}{source} {test}").fetchall()
        except duckdb.Error as error:
            key = "where" if name == "where" else f"columns.{name}"
            raise SourceError(
                f"{where}.{key}: {text.strip('()').strip()} fails. DuckDB says: {first_line(error)}"
            ) from None


def _cell(
    con: duckdb.DuckDBPyConnection,
    queries: str,
    contract: Table,
    named: str | Column,
    raw: str,
    types: Mapping[str, str],
    mapping: TableSource | None,
    settings: Settings,
    where: str,
) -> Cell:
    column = named if isinstance(named, Column) else contract.by_name.get(named, Column(named, "text", "an attribute"))
    found = types[raw]
    if not accepts(column, found):
        query = f"WITH {queries} SELECT CAST(any_value({quoted(raw)}) AS VARCHAR) FROM mapped"
        example = _ask(con, query, where)
        if example is not None:
            raise ContractError(
                f"{where}.columns.{column.name}: expected {_EXPECTED[column.kind]}; found {found}, "
                f"for example {example}. {_HINT[column.kind]}"
            )
        found = "VARCHAR"  # a column without a single value has whatever type its writer gave it
    inclusive = mapping is not None and mapping.ends == "inclusive" and column.name in ("ended_at", "until")
    return cell(
        column,
        f"CAST(m.{quoted(raw)} AS VARCHAR)" if found != types[raw] else f"m.{quoted(raw)}",
        found,
        settings.time.zone,
        inclusive,
    )


def _ask(con: duckdb.DuckDBPyConnection, query: str, where: str) -> str | None:
    try:
        return con.execute(query).fetchall()[0][0]
    except duckdb.Error as error:
        raise SourceError(f"{where}: DuckDB says: {first_line(error)}") from None


_EXPECTED = {
    "id": "an id, a text or a whole number",
    "text": "a text",
    "time": "a date or a timestamp",
    "money": "a number",
    "number": "a number",
    "flag": "true or false",
}
_HINT = {
    "id": "Map the column that holds the id.",
    "text": 'Turn it into a text: {sql = "..."}.',
    "time": 'Turn it into a timestamp, for example {sql = "to_timestamp(seconds)"}.',
    "money": 'Map the column that holds the number, or turn it into one: {sql = "..."}.',
    "number": 'Map the column that holds the number, or turn it into one: {sql = "..."}.',
    "flag": "Turn it into one, for example {sql = \"answer = 'yes'\"}.",
}

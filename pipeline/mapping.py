"""Mapping: one source's columns as contract columns, in DuckDB's SQL, checked before any row is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.cells import EXPECTED, Cell, accepts, cell
from pipeline.errors import ContractError, SourceError, nearest
from pipeline.query import Query, described, unreadable
from pipeline.settings import ColumnSource, Settings, TableSource
from pipeline.sources import literal, quoted, relation
from pipeline.tables import ACCOUNT, Column, Table
from pipeline.texts.showing import shown
from pipeline.through import Through, account_through

_LATE = "late."


@dataclass(frozen=True)
class Mapped:
    """A source read as a contract table.

    `cells` holds the contract columns in the order of the contract, further attributes after them; `late` the
    instants that the mapping names for late columns; `excluded` the attributes that must not be used; `through` says
    how the source's rows find their account, where that is told by another source.
    """

    query: Query
    cells: Mapping[str, Cell]
    late: Mapping[str, str]
    excluded: frozenset[str]
    drop_repeats: bool
    through: Through | None = None

    def known_at(self, contract: Table) -> str:
        """Return the instant a row becomes known: `known_at`, else when it occurred; for a date the next midnight."""
        cells = [self.cells.get(name) for name in ("known_at", contract.occurred or "")]
        return _first([_unless_blanked(contract, cell) for cell in cells if cell is not None])

    def known(self, column: Column) -> str:
        """Return the instant a late column becomes known: the mapping's own word, else what the contract says."""
        chain = [self.cells[name].known for name in column.late if name in self.cells]
        return _first([self.late.get(column.name), *chain])


def _unless_blanked(contract: Table, cell: Cell) -> str | None:
    """Return when a cell can be known; a bad cell of `accounts` is read as empty, where other rows are rejected."""
    if contract.name != "accounts" or cell.known is None or cell.problem is None:
        return cell.known
    return f"CASE WHEN ({cell.problem}) IS NULL THEN {cell.known} END"


def _first(instants: list[str | None]) -> str:
    given = [instant for instant in instants if instant is not None]
    return f"coalesce({', '.join(given)})" if given else "CAST(NULL AS TIMESTAMP)"


def read_mapping(
    con: duckdb.DuckDBPyConnection, settings: Settings, contract: Table, mapping: TableSource, where: str
) -> Mapped:
    """Return `mapping` as SQL over its source; `where` names it in errors.

    Raises SourceError for what the source lacks or cannot do, ContractError for what the contract misses.
    """
    source = through = None
    if mapping.source is not None:
        source = relation(con, mapping.source, settings, f"{where}.source", texts_of(contract, mapping))
    if mapping.account_through is not None:
        through = account_through(con, settings, source or "", mapping.account_through, where)
        source = through.joined(source or "")
    if mapping.select is not None:
        further = {
            name: relation(con, other, settings, f"{where}.sources.{name}") for name, other in mapping.sources.items()
        }
        query = Query(where, source, {}, whole=mapping.select.strip().rstrip(";"), further=further)
        types = present = query.types(con)
        raw_names = _selected(contract, types, where)
        late_names = {name: _present(column, types, f"{where}.late.{name}") for name, column in mapping.late.items()}
    else:
        present = _source_types(con, source or "", where)
        query = _chosen(contract, mapping, present, source, where)
        types = query.types(con)
        raw_names = {name: name for name in query.expressions if not name.startswith(_LATE)}
        late_names = {name: _LATE + name for name in mapping.late}
    _check_late(contract, mapping, where)
    _check_required(contract, raw_names, present, where)

    def read(column: Column, raw: str, key: str, inclusive: bool = False) -> Cell:
        text, found = f"m.{quoted(raw)}", types[raw]
        if not accepts(column, found):
            example = query.example(con, raw)
            if example is not None:
                expected, hint = EXPECTED[column.kind]
                raise ContractError(
                    f"{where}.{key}: expected {expected}; found {found}, for example {shown(example)}. {hint}"
                )
            # A column without a single value has whatever type its writer gave it.
            text, found = f"CAST({text} AS VARCHAR)", "VARCHAR"
        return cell(column, text, found, settings.time.zone, inclusive)

    cells, late = {}, {}
    for name, raw in sorted(raw_names.items(), key=lambda pair: _place(contract, pair[0])):
        column = contract.by_name.get(name, Column(name, "text", "an attribute"))
        inclusive = mapping.ends == "inclusive" and name in ("ended_at", "until")
        cells[name] = read(column, raw, f"columns.{name}", inclusive)
    for name, raw in late_names.items():
        known = read(Column(name, "time", "when it became known", late=(name,)), raw, f"late.{name}").known
        late[name] = known or "NULL"
    excluded = frozenset(name for name, column in mapping.columns.items() if column.role == "exclude")
    return Mapped(query, cells, late, excluded, mapping.on_repeat == "drop", through)


def _place(contract: Table, name: str) -> tuple[int, str]:
    order = list(contract.by_name)
    return (order.index(name), "") if name in contract.by_name else (len(order), name)


def texts_of(contract: Table, mapping: TableSource) -> list[str]:
    """Return the source columns whose texts must stay as they are written: '007' is an id, not seven."""
    through = [mapping.account_through.on] if mapping.account_through is not None else []
    if not mapping.columns:
        return [*through, *(column.name for column in contract.given if column.kind in ("id", "text"))]
    kinds = {name: contract.by_name[name].kind if name in contract.by_name else "text" for name in mapping.columns}
    named = {name: c.column for name, c in mapping.columns.items() if c.column is not None}
    return [*through, *(column for name, column in named.items() if kinds[name] in ("id", "text"))]


def _source_types(con: duckdb.DuckDBPyConnection, source: str, where: str) -> dict[str, str]:
    try:
        return described(con, f"SELECT * FROM {source}")
    except duckdb.Error as error:
        raise unreadable(f"{where}.source", error) from None


def _chosen(contract: Table, mapping: TableSource, present: Mapping[str, str], source: str | None, where: str) -> Query:
    """Return the query for `columns`; without them, for the contract's own names that the source has."""
    wanted = mapping.columns
    if not wanted:
        folded = {name.lower(): name for name in present}
        wanted = {
            name: ColumnSource(column=folded[name]) for name in (each.name for each in contract.given) if name in folded
        }
    elif mapping.account_through is not None:
        wanted = {"account_id": ColumnSource(column=ACCOUNT.name), **wanted}
    expressions = {
        name: _expression(column, present, f"{where}.columns.{name}")
        for name, column in wanted.items()
        if column.role != "exclude"
    }
    for name, column in wanted.items():
        if column.role == "exclude":  # left unread, but a misspelt name would leave the wrong one in
            _expression(column, present, f"{where}.columns.{name}")
    for name, column in mapping.late.items():
        expressions[_LATE + name] = quoted(_present(column, present, f"{where}.late.{name}"))
    return Query(where, source, expressions, mapping.where)


def _selected(contract: Table, types: Mapping[str, str], where: str) -> dict[str, str]:
    """Return contract column -> column of a whole query; others are attributes where the table may have such."""
    names, given = {}, {column.name for column in contract.given}
    for raw in types:
        if raw.lower() in given:
            names[raw.lower()] = raw
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
        return quoted(_present(column.column, present, where))
    if column.sql is not None:
        return f"({column.sql}\n)"
    const = column.const
    if isinstance(const, bool):
        return "true" if const else "false"
    if isinstance(const, date):
        return f"DATE '{const.isoformat()}'"
    return literal(const) if isinstance(const, str) else repr(const)


def _present(name: str, present: Mapping[str, str], where: str) -> str:
    """Return the source's own spelling of a column name; SQL does not tell capitals apart."""
    if name in present:
        return name
    for other in present:
        if other.lower() == name.lower():
            return other
    raise SourceError(f"{where}: the source has no column '{name}'; {nearest(name, present)}")


def _check_late(contract: Table, mapping: TableSource, where: str) -> None:
    late = [column.name for column in contract.columns if column.late]
    for name in mapping.late:
        if name not in late:
            raise ContractError(
                f"{where}.late.{name}: only a late column can become known after its row; "
                + (nearest(name, late) if late else f"{contract.name} has none")
            )


def _check_required(contract: Table, names: Mapping[str, str], present: Mapping[str, str], where: str) -> None:
    missing = [name for name in contract.required if name not in names]
    if missing:
        wanted = "; ".join(f"'{name}' ({contract.by_name[name].about})" for name in missing)
        found = ", ".join(f"'{name}'" for name in present)
        raise ContractError(
            f"{where}: required and not mapped: {wanted}. Map it under columns; the source has {found}."
        )

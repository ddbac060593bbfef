"""Staging: every mapped source as one typed DuckDB table, each row with the rule that rejects it, if any does."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.cells import is_open_ended
from pipeline.errors import SourceError, StoreError
from pipeline.links import follow_links
from pipeline.mapping import Mapped, blame, read_mapping
from pipeline.settings import Settings
from pipeline.sources import first_line, literal, quoted
from pipeline.tables import LARGEST, SCALE, TABLES, Column, Table, known_column

MAY_BE_EMPTY = ("feedback", "exclusions", "account_links")
"""Tables in which no rows is a normal state of affairs."""

_MEMORY = "1GB"


@dataclass(frozen=True)
class Staged:
    """A contract table in DuckDB, under the name `staged_<table>`.

    Its columns: the contract columns, a `<name>__known` per late one, `known_at` where the table has it; `_rule`, the
    rule that rejects the row or null, and `_cell`, the value it was rejected for; `_notes`, what was blanked
    ("ended_at open", comma-separated) or null; `_old_id`, the account's id before links; `_digest` of the row's
    content; `_source`, the position of the mapping it came from.
    """

    contract: Table
    columns: tuple[str, ...]
    """Contract columns and attributes that are mapped, `known_at` only where it is."""
    excluded: frozenset[str]
    mapped: tuple[Mapped, ...]
    rows_in: int
    left_out: int

    @property
    def name(self) -> str:
        return f"staged_{self.contract.name}"

    @property
    def stored(self) -> tuple[str, ...]:
        """The columns written to a bucket: those mapped, plus when the row and its late columns became known."""
        late = [known_column(name) for name in self.columns if (c := self.contract.by_name.get(name)) and c.late]
        snapshot_of_today = self.contract.name == "accounts" and "known_at" not in self.columns
        own = [name for name in self.columns if name != "known_at"]
        has_known = "known_at" in self.contract.by_name and not snapshot_of_today
        return (*own, *late, *(["known_at"] if has_known else []))


@dataclass
class Stage:
    """The staged tables of one config, in a DuckDB file that lives as long as the stage is open."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    as_of: date
    tables: dict[str, Staged] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def ask(self, query: str) -> list[tuple]:
        return self.con.execute(query).fetchall()


@contextmanager
def stage(settings: Settings, as_of: date) -> Iterator[Stage]:
    """Read every source of the config into a temporary DuckDB file under the state folder.

    Raises SourceError for sources that cannot be read, ContractError for tables that cannot be mapped, StoreError
    when the state folder cannot be written.
    """
    folder = _room(settings.state_folder)
    try:
        con = duckdb.connect(str(folder / "stage.duckdb"))
        try:
            con.execute(f"SET memory_limit = '{_MEMORY}'; SET threads = {settings.training.threads}")
            con.execute(f"SET temp_directory = {literal(str(folder))}; SET preserve_insertion_order = false")
            con.execute(f"SET TimeZone = 'UTC'; SET file_search_path = {literal(str(settings.folder.resolve()))}")
            staged = Stage(con, settings, as_of)
            for name in ("account_links", "rates", *TABLES):
                if name in settings.tables and name not in staged.tables:
                    staged.tables[name] = _stage_table(staged, TABLES[name])
                    if name == "account_links":
                        _follow(staged)
            yield staged
        finally:
            con.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _room(state: Path) -> Path:
    try:
        state.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="stage-", dir=state))
    except OSError as error:
        raise StoreError(
            f"state folder {state} cannot be written: {error.strerror or error}. Mend its permissions, or set "
            "`state` in the config to a folder you may write."
        ) from None


def _follow(stage: Stage) -> None:
    """Follow the links that are known at as_of and keep them as the table `links`."""
    staged = stage.tables["account_links"]
    known = f"known_at IS NULL OR known_at < TIMESTAMP '{stage.as_of}'"
    rows = stage.ask(
        f"SELECT old_id, new_id FROM {staged.name} WHERE _rule IS NULL AND ({known}) "
        "ORDER BY known_at NULLS FIRST, old_id, new_id"
    )
    stage.links.update(follow_links(rows, f"{stage.settings.file}: tables.account_links"))
    ids = pa.table({"old_id": list(stage.links), "new_id": list(stage.links.values())})
    table = ids.cast(pa.schema({"old_id": pa.string(), "new_id": pa.string()}))
    stage.con.register("links_given", table)
    stage.con.execute("CREATE TABLE links AS SELECT * FROM links_given")
    stage.con.unregister("links_given")


def _stage_table(stage: Stage, contract: Table) -> Staged:
    settings = stage.settings
    sources = settings.tables[contract.name]
    mapped = []
    for position, source in enumerate(sources):
        where = f"{settings.file}: tables.{contract.name}" + (f"[{position}]" if len(sources) > 1 else "")
        mapped.append(read_mapping(stage.con, settings, contract, source, where))
    names = {name for each in mapped for name in each.cells}
    ordered = [column.name for column in contract.columns if column.name in names]
    columns = (*ordered, *sorted(names - set(ordered)))
    staged = Staged(contract, columns, frozenset().union(*(m.excluded for m in mapped)) - names, tuple(mapped), 0, 0)
    rows_in = left_out = 0
    for position, each in enumerate(mapped):
        query = f"WITH {each.queries}, {_chain(stage, staged, each, position)}"
        verb = f"CREATE TABLE {staged.name} AS" if position == 0 else f"INSERT INTO {staged.name} BY NAME"
        try:
            read = _source_rows(stage, each)
            used = stage.ask(f"SELECT count(*) FROM {staged.name}")[0][0] if position else 0
            stage.con.execute(f"{verb} {query}")
            used = stage.ask(f"SELECT count(*) FROM {staged.name}")[0][0] - used
        except duckdb.Error as error:
            blame(stage.con, each.queries, each.expressions, each.condition, each.where)
            raise SourceError(
                f"{each.where}: the source cannot be read to its end. DuckDB says: {first_line(error)}"
            ) from None
        if read is None:
            read = used
        rows_in, left_out = rows_in + read, left_out + read - used
    if rows_in == left_out and contract.name not in MAY_BE_EMPTY:
        first = f"{settings.file}: tables.{contract.name}"
        if rows_in:
            raise SourceError(f"{first}: `where` leaves none of the {rows_in:,} rows. Mend the condition.")
        raise SourceError(
            f"{first}: the source has no rows. Check that the export ran, or take the table out of the config."
        )
    return Staged(contract, columns, staged.excluded, staged.mapped, rows_in, left_out)


def _source_rows(stage: Stage, mapped: Mapped) -> int | None:
    """Return the rows of a source before its condition; None when there is none."""
    if mapped.condition is None:
        return None
    source = mapped.queries.partition(", mapped AS (")[0]
    return stage.ask(f"WITH {source} SELECT count(*) FROM source")[0][0]


def _chain(stage: Stage, staged: Staged, mapped: Mapped, position: int) -> str:
    """Return the steps from mapped cells to staged rows: typed, linked, converted, judged."""
    contract, has_account = staged.contract, "account_id" in staged.contract.by_name
    typed, linked, joins = [], [], ""
    for name in staged.columns:
        typed.append(f"{_value(contract, staged, mapped, name)} AS {quoted(name)}")
    for column in _late(staged):
        typed.append(f"{mapped.known(column)} AS {quoted(known_column(column.name))}")
    if "known_at" in contract.by_name:
        known = mapped.known_at(contract) if "known_at" in staged.columns or contract.name != "accounts" else None
        typed = [each for each in typed if not each.endswith(' AS "known_at"')]
        typed.append(f"{known or 'CAST(NULL AS TIMESTAMP)'} AS known_at")
    rule, cell = _problems(contract, staged, mapped)
    typed += [f"{rule} AS _rule", f"{cell} AS _cell", f"{_notes(contract, mapped)} AS _notes", f"{position} AS _source"]
    if has_account:
        linked.append("t.account_id AS _old_id")
        if stage.links:
            joins += " LEFT JOIN links AS l ON t.account_id = l.old_id"
            linked.append("coalesce(l.new_id, t.account_id) AS account_id")
        if stage.links and "parent_id" in staged.columns:
            joins += " LEFT JOIN links AS p ON t.parent_id = p.old_id"
            linked.append("coalesce(p.new_id, t.parent_id) AS parent_id")
    if "currency" in staged.columns and contract.name != "rates":
        linked, joins = _converted(stage, staged, linked, joins)
    replaced = {part.rpartition(" AS ")[2].strip('"') for part in linked}
    kept = [part for part in (*_output(staged), "_rule", "_cell", "_notes", "_source") if part not in replaced]
    selected = ", ".join([f"t.{quoted(name)}" for name in kept] + linked)
    return (
        f"typed AS (SELECT {', '.join(typed)} FROM mapped AS m), "
        f"linked AS (SELECT {selected} FROM typed AS t{joins}) "
        f"SELECT * REPLACE ({_judged(staged)} AS _rule{_scaled(staged)}), {_digest(staged)} AS _digest FROM linked"
    )


def _late(staged: Staged) -> list[Column]:
    columns = [staged.contract.by_name.get(name) for name in staged.columns]
    return [column for column in columns if column is not None and column.late]


def _output(staged: Staged) -> tuple[str, ...]:
    known = ("known_at",) if "known_at" in staged.contract.by_name and "known_at" not in staged.columns else ()
    return (*staged.columns, *(known_column(column.name) for column in _late(staged)), *known)


_TYPES = {
    "id": "VARCHAR", "text": "VARCHAR", "time": "TIMESTAMP", "money": "DOUBLE", "number": "DOUBLE", "flag": "BOOLEAN",
}  # fmt: skip


def _value(contract: Table, staged: Staged, mapped: Mapped, name: str) -> str:
    column = contract.by_name.get(name)
    if name not in mapped.cells:
        return f"CAST(NULL AS {_TYPES[column.kind if column else 'text']})"
    cell = mapped.cells[name]
    if column is not None and _blanked(contract, column) and cell.problem != "NULL":
        return f"CASE WHEN ({cell.problem}) IS NULL THEN {cell.value} END"
    return cell.value


def _blanked(contract: Table, column: Column) -> bool:
    """Whether a bad cell is blanked instead of rejecting its row: an account exists, whatever its attributes say."""
    return contract.name == "accounts" and not column.required


def _problems(contract: Table, staged: Staged, mapped: Mapped) -> tuple[str, str]:
    """Return the SQL of the rule that rejects a row, and of the text of the cell it is rejected for."""
    rules, cells = [], []
    for name, cell in mapped.cells.items():
        column = contract.by_name.get(name)
        if column is None or _blanked(contract, column):
            continue
        if cell.problem != "NULL":
            rules.append(f"WHEN ({cell.problem}) IS NOT NULL THEN {literal(name + ' ')} || ({cell.problem})")
            cells.append(f"WHEN ({cell.problem}) IS NOT NULL THEN left(CAST(m.{quoted(name)} AS VARCHAR), 60)")
        if column.required:
            rules.append(f"WHEN ({cell.value}) IS NULL THEN {literal(name + ' missing')}")
    rule = f"CASE {' '.join(rules)} END" if rules else "CAST(NULL AS VARCHAR)"
    return rule, f"CASE {' '.join(cells)} END" if cells else "CAST(NULL AS VARCHAR)"


def _notes(contract: Table, mapped: Mapped) -> str:
    """Return the SQL of what was blanked in a row, comma-separated."""
    parts = []
    for name, cell in mapped.cells.items():
        column = contract.by_name.get(name)
        if cell.open is not None and column is not None and is_open_ended(column):
            parts.append(f"CASE WHEN {cell.open} THEN {literal(name + ' open')} END")
        if column is not None and _blanked(contract, column) and cell.problem != "NULL":
            parts.append(f"{literal(name + ' ')} || ({cell.problem})")
    return f"nullif(concat_ws(',', {', '.join(parts)}), '')" if parts else "CAST(NULL AS VARCHAR)"


def _converted(stage: Stage, staged: Staged, linked: list[str], joins: str) -> tuple[list[str], str]:
    """Add the conversion of money by the latest rate of the row's day or before; a row without one is rejected."""
    ours = stage.settings.money.currency.upper()
    code = f"coalesce(upper(t.currency), {literal(ours)})"
    linked = [*linked, f"{code} AS currency"]
    factor = f"CASE WHEN {code} = {literal(ours)} THEN 1.0 END"
    if "rates" in stage.tables:
        day = f"t.{quoted(staged.contract.occurred or '')}"
        rates = (
            "(SELECT upper(currency) AS code, rate_on, max(rate) AS rate FROM staged_rates "
            "WHERE _rule IS NULL GROUP BY ALL)"
        )
        joins += f" ASOF LEFT JOIN {rates} AS r ON {code} = r.code AND {day} >= r.rate_on"
        factor = f"CASE WHEN {code} = {literal(ours)} THEN 1.0 ELSE r.rate END"
    for name in staged.columns:
        column = staged.contract.by_name.get(name)
        if column is not None and column.kind == "money":
            linked.append(f"t.{quoted(name)} * {factor} AS {quoted(name)}")
    linked.append(
        f"CASE WHEN t._rule IS NULL AND {factor} IS NULL THEN 'currency without a rate' ELSE t._rule END AS _rule"
    )
    linked.append(f"CASE WHEN t._rule IS NULL AND {factor} IS NULL THEN {code} ELSE t._cell END AS _cell")
    return linked, joins


def _judged(staged: Staged) -> str:
    """Return the SQL of the rule with those that look at more than one cell added."""
    rules = ["WHEN _rule IS NOT NULL THEN _rule"]
    if {"started_at", "ended_at"} <= set(staged.columns):
        rules.append("WHEN ended_at < started_at THEN 'ended_at before started_at'")
    if {"from", "until"} <= set(staged.columns):
        rules.append("WHEN until < \"from\" THEN 'until before from'")
    rules += [f"WHEN abs({quoted(name)}) > {LARGEST} THEN {literal(name + ' too large')}" for name in _fixed(staged)]
    return f"CASE {' '.join(rules)} END"


def _fixed(staged: Staged) -> list[str]:
    if staged.contract.name == "rates":
        return []
    kinds = {name: staged.contract.by_name[name].kind for name in staged.columns if name in staged.contract.by_name}
    return [name for name, kind in kinds.items() if kind in ("money", "number")]


def _scaled(staged: Staged) -> str:
    """Numbers as whole ten-thousandths."""
    return "".join(f", {_ten_thousandths(name)} AS {quoted(name)}" for name in _fixed(staged))


def _ten_thousandths(name: str) -> str:
    return f"TRY_CAST(round({quoted(name)} * {SCALE}) AS BIGINT)"


def _digest(staged: Staged) -> str:
    """Return the SQL of a 128-bit digest of what the row says, in an order of columns that is always the same."""
    parts = []
    fixed = _fixed(staged)
    for name in sorted(_output(staged)):
        text = _ten_thousandths(name) if name in fixed else quoted(name)
        column = staged.contract.by_name.get(name)
        if name == "known_at" or name.endswith("__known") or (column is not None and column.kind == "time"):
            text = f"epoch_us({quoted(name)})"
        parts.append(f"coalesce(CAST({text} AS VARCHAR), chr(1))")
    return f"md5_number(concat_ws(chr(31), {', '.join(parts)}))"


def used_rows(staged: Staged) -> str:
    """Return the SQL of a staged table's rows that no rule rejects, repeats dropped where the mapping says so."""
    drops = [str(position) for position, each in enumerate(staged.mapped) if each.drop_repeats]
    kept = f"SELECT * FROM {staged.name} WHERE _rule IS NULL"
    if not drops or staged.contract.key_among(set(staged.columns)) is not None:
        return kept
    first = "row_number() OVER (PARTITION BY _source, _digest) = 1"
    return f"{kept} QUALIFY _source NOT IN ({', '.join(drops)}) OR {first}"

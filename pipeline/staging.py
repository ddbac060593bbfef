"""Staging: every source of a config as a typed table of one temporary DuckDB file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import SourceError, StoreError
from pipeline.links import follow_links
from pipeline.mapping import read_mapping
from pipeline.memory import plan
from pipeline.readers import release
from pipeline.settings import Settings
from pipeline.sources import first_line, literal
from pipeline.staged import MERGED, Staged, staging_query
from pipeline.strays import reject_strays
from pipeline.tables import TABLES, Table
from pipeline.texts.in_sql import teach
from pipeline.whole_tables import AskedTables, WholeTables

MAY_BE_EMPTY = ("feedback", "exclusions", "account_links")
"""Tables in which no rows is a normal state of affairs."""

READ_THROUGH = ("account_links", "rates")
"""Tables whose rows belong to no account; the others are read through them."""


@dataclass
class Stage:
    """The staged tables of one config, by name, in a DuckDB file that lives as long as the stage is open.

    `links` leads from the old id of an account to the one that carries on, as known at `as_of`. `told` is what whole
    tables tell where the stage holds only the rows of some accounts.
    """

    con: duckdb.DuckDBPyConnection
    settings: Settings
    as_of: date
    tables: dict[str, Staged] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    told: WholeTables | None = None

    def ask(self, query: str) -> list[tuple]:
        """Return the rows of a query over the staged tables."""
        return self.con.execute(query).fetchall()

    @cached_property
    def whole(self) -> WholeTables:
        """What only whole tables can tell."""
        return self.told or AskedTables(self.ask, self.as_of)


@contextmanager
def stage(settings: Settings, as_of: date) -> Iterator[Stage]:
    """Read every source of the config into a temporary DuckDB file under the state folder.

    Raises SourceError for sources that cannot be read, ContractError for tables that cannot be mapped, StoreError
    when the state folder cannot be written.
    """
    with empty_stage(settings, as_of) as staged:
        for name in in_reading_order(settings):
            read_table(staged, TABLES[name])
        release(staged.con)
        yield staged


def in_reading_order(settings: Settings) -> list[str]:
    """Return the tables of a config, links and rates first: the other tables are read through them."""
    return [name for name in dict.fromkeys((*READ_THROUGH, *TABLES)) if settings.tables.get(name)]


@contextmanager
def empty_stage(settings: Settings, as_of: date) -> Iterator[Stage]:
    """Open a stage without tables; errors of DuckDB and of the state folder come out as `stage` says."""
    room = _room(settings.state_folder)
    try:
        with duckdb.connect(str(room / "stage.duckdb")) as con:
            con.execute(f"SET memory_limit = '{plan(settings).duckdb_gb}GB'; SET threads = {settings.training.threads}")
            prepare(con, room, settings)
            yield Stage(con, settings, as_of)
    except duckdb.Error as error:
        raise SourceError(
            f"{settings.file}: the tables cannot be put together. DuckDB says: {first_line(error)}. Check that "
            f"the disk of {settings.state_folder} has room."
        ) from None
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _room(state: Path) -> Path:
    try:
        state.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="stage-", dir=state))
    except OSError as error:
        raise StoreError(
            f"state folder {state} cannot be written: {error.strerror or error}. Mend its permissions, or set "
            "`state` in the config to a folder you may write."
        ) from None


def prepare(con: duckdb.DuckDBPyConnection, room: Path, settings: Settings) -> None:
    """Let DuckDB put its own files into `room`, read relative paths from the config's folder, give the same in every
    zone, and read texts.
    """
    con.execute(f"SET temp_directory = {literal(str(room))}; SET preserve_insertion_order = false")
    con.execute(f"SET TimeZone = 'UTC'; SET file_search_path = {literal(str(settings.folder.resolve()))}")
    teach(con, settings.texts.phone_regions, settings.texts.competitors)
    con.execute("SET enable_progress_bar = false")
    # The file lives for minutes: pressing its texts took a third of the time of staging.
    con.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")


def read_table(stage: Stage, contract: Table) -> None:
    """Stage a table from all its sources, rejecting what only its rows together tell, and follow links."""
    staged = map_table(stage, contract)
    rows_in = used = 0
    for position in range(len(staged.mapped)):
        read, added = stage_source(stage, staged, position)
        rows_in, used = rows_in + read, used + added
    if contract.name == "accounts":
        reject_merged(stage)
    reject_strays(staged, stage.ask)
    stage.tables[contract.name] = with_counts(stage.settings, staged, rows_in, used)
    if contract.name == "account_links":
        _follow(stage)


def map_table(stage: Stage, contract: Table) -> Staged:
    """Return a table as its sources are to be read; no row has been read."""
    settings, label = stage.settings, _label(stage.settings, contract)
    sources = settings.tables[contract.name]
    labels = [f"{label}[{position}]" if len(sources) > 1 else label for position in range(len(sources))]
    pairs = zip(sources, labels, strict=True)
    return Staged(
        contract, tuple(read_mapping(stage.con, settings, contract, source, where) for source, where in pairs)
    )


def stage_source(stage: Stage, staged: Staged, position: int) -> tuple[int, int]:
    """Stage the rows of one source; return how many it has and how many of them were staged."""
    settings, query = stage.settings, staged.mapped[position].query
    rows = staging_query(staged, position, settings.money.currency, bool(stage.links), "rates" in stage.tables)
    try:
        read = query.source_rows(stage.con)
        there = stage.ask(f"SELECT 1 FROM duckdb_tables() WHERE table_name = {literal(staged.name)}")
        before = stage.ask(f"SELECT count(*) FROM {staged.name}")[0][0] if there else 0
        stage.con.execute(
            f"INSERT INTO {staged.name} BY NAME {rows}" if there else f"CREATE TABLE {staged.name} AS {rows}"
        )
    except duckdb.Error as error:
        raise query.blame(stage.con, error) from None
    added = stage.ask(f"SELECT count(*) FROM {staged.name}")[0][0] - before
    return added if read is None else read, added


def reject_merged(stage: Stage) -> None:
    """Reject the attributes of accounts that were merged into one with attributes of its own."""
    if stage.links:
        carries_on = "SELECT account_id FROM staged_accounts WHERE _rule IS NULL AND account_id = _old_id"
        stage.con.execute(
            f"UPDATE staged_accounts SET _rule = {literal(MERGED)} "
            f"WHERE _rule IS NULL AND account_id <> _old_id AND account_id IN ({carries_on})"
        )


def with_counts(settings: Settings, staged: Staged, rows_in: int, used: int) -> Staged:
    """Return the table with how many rows went in and were staged; SourceError where there must be some."""
    label = _label(settings, staged.contract)
    if not used and staged.contract.name not in MAY_BE_EMPTY:
        if rows_in:
            raise SourceError(f"{label}: `where` leaves none of the {rows_in:,} rows. Mend the condition.")
        raise SourceError(f"{label}: no rows. Check that the export ran, or take the table out of the config.")
    return replace(staged, rows_in=rows_in, left_out=rows_in - used)


def _label(settings: Settings, contract: Table) -> str:
    return f"{settings.file}: tables.{contract.name}"


def _follow(stage: Stage) -> None:
    """Follow the links that are known at as_of, and keep where they lead as the table `links`."""
    rows = stage.ask(
        "SELECT old_id, new_id FROM staged_account_links "
        f"WHERE _rule IS NULL AND (known_at IS NULL OR known_at < TIMESTAMP '{stage.as_of}') "
        "ORDER BY known_at NULLS FIRST, old_id, new_id"
    )
    stage.links.update(follow_links(rows, f"{stage.settings.file}: tables.account_links"))
    ids = {"old_id": list(stage.links), "new_id": list(stage.links.values())}
    stage.con.register("links_given", pa.table({k: pa.array(v, pa.string()) for k, v in ids.items()}))
    stage.con.execute("CREATE TABLE links AS SELECT * FROM links_given")
    stage.con.unregister("links_given")

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
from pipeline.readers import release
from pipeline.settings import Settings
from pipeline.sources import first_line, literal
from pipeline.staged import MERGED, Staged, staging_query
from pipeline.strays import reject_strays
from pipeline.tables import TABLES, Table
from pipeline.whole_tables import AskedTables, WholeTables

MAY_BE_EMPTY = ("feedback", "exclusions", "account_links")
"""Tables in which no rows is a normal state of affairs."""


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
    room = _room(settings.state_folder)
    try:
        with duckdb.connect(str(room / "stage.duckdb")) as con:
            con.execute(f"SET memory_limit = '{settings.run.memory_gb}GB'; SET threads = {settings.training.threads}")
            con.execute(f"SET temp_directory = {literal(str(room))}; SET preserve_insertion_order = false")
            con.execute(f"SET TimeZone = 'UTC'; SET file_search_path = {literal(str(settings.folder.resolve()))}")
            con.execute("SET enable_progress_bar = false")
            staged = Stage(con, settings, as_of)
            # Links and rates first: the other tables are read through them.
            for name in dict.fromkeys(("account_links", "rates", *TABLES)):
                if settings.tables.get(name):
                    staged.tables[name] = _read_table(staged, TABLES[name])
                    if name == "account_links":
                        _follow(staged)
            release(con)
            yield staged
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


def _read_table(stage: Stage, contract: Table) -> Staged:
    settings, label = stage.settings, f"{stage.settings.file}: tables.{contract.name}"
    sources = settings.tables[contract.name]
    labels = [f"{label}[{position}]" if len(sources) > 1 else label for position in range(len(sources))]
    pairs = zip(sources, labels, strict=True)
    staged = Staged(
        contract, tuple(read_mapping(stage.con, settings, contract, source, where) for source, where in pairs)
    )
    rows_in = used = 0
    for position, mapped in enumerate(staged.mapped):
        query = staging_query(staged, position, settings.money.currency, bool(stage.links), "rates" in stage.tables)
        try:
            read = mapped.query.source_rows(stage.con)
            stage.con.execute(
                f"CREATE TABLE {staged.name} AS {query}"
                if not position
                else f"INSERT INTO {staged.name} BY NAME {query}"
            )
        except duckdb.Error as error:
            raise mapped.query.blame(stage.con, error) from None
        before, used = used, stage.ask(f"SELECT count(*) FROM {staged.name}")[0][0]
        rows_in += used - before if read is None else read
    if stage.links and contract.name == "accounts":
        carries_on = "SELECT account_id FROM staged_accounts WHERE _rule IS NULL AND account_id = _old_id"
        stage.con.execute(
            f"UPDATE staged_accounts SET _rule = {literal(MERGED)} "
            f"WHERE _rule IS NULL AND account_id <> _old_id AND account_id IN ({carries_on})"
        )
    reject_strays(staged, stage.ask)
    if not used and contract.name not in MAY_BE_EMPTY:
        if rows_in:
            raise SourceError(f"{label}: `where` leaves none of the {rows_in:,} rows. Mend the condition.")
        raise SourceError(f"{label}: no rows. Check that the export ran, or take the table out of the config.")
    return replace(staged, rows_in=rows_in, left_out=rows_in - used)


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

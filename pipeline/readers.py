"""Kinds of files that a source can be, each with the SQL that reads it. A further kind is one more `Reader`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from pipeline.csv_text import check_latin_1, delimiter_of, heading, names_in
from pipeline.errors import SourceError, nearest
from pipeline.sql import literal, quoted


@dataclass(frozen=True)
class Call:
    """DuckDB's function that reads the files a pattern matches, as they are to be read.

    `types` are the columns whose types are not left to the function.
    """

    function: str
    options: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)

    def sql(self, pattern: str, *more: str) -> str:
        """Return the SQL of the files that `pattern` matches; `more` are further options."""
        listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in self.types.items())
        types = (f"types = {{{listed}}}",) if listed else ()
        return f"{self.function}({', '.join((literal(pattern), *self.options, *types, *more))})"


FileCall = Callable[[duckdb.DuckDBPyConnection, str, Iterable[str]], Call]


@dataclass(frozen=True)
class Reader:
    """A kind of source: the endings it answers to, and the SQL that reads the files a pattern matches.

    `relation` takes DuckDB, the pattern and the columns whose texts must stay as written (ids with leading zeros).
    `call`, for kinds whose files can be read one by one, takes the same and gives the function that reads them.
    `tables`, for kinds whose files hold many tables, lists those of a file; a source then reads FILE#TABLE, and so does
    the pattern. All raise SourceError for what they can name, duckdb.Error for a damaged file.
    """

    kind: str
    endings: tuple[str, ...]
    relation: Callable[[duckdb.DuckDBPyConnection, str, Iterable[str]], str]
    call: FileCall | None = None
    tables: Callable[[duckdb.DuckDBPyConnection, str], list[str]] | None = None

    def answers(self, name: str) -> bool:
        """Whether a file of this name is of this kind."""
        return name.lower().endswith(self.endings)


def parted(source: str) -> tuple[str, str | None]:
    """Return the file of a source and the table inside it, if it names one: `a.duckdb#sales.invoices`."""
    file, mark, table = source.rpartition("#")
    holds_tables = any(reader.tables is not None and reader.answers(file) for reader in READERS)
    return (file, table) if mark and holds_tables else (source, None)


def matches(path: Path) -> Iterator[Path]:
    """Return the files that a path with *, ? or [ in it names."""
    anchor = Path(path.anchor)
    return iter(anchor.glob(str(path.relative_to(anchor))))


def _parquet(_con: duckdb.DuckDBPyConnection, pattern: str, _as_text: Iterable[str]) -> Call:
    return Call("read_parquet", ("union_by_name = true", f"hive_partitioning = {_hive(pattern)}"))


def _csv(con: duckdb.DuckDBPyConnection, pattern: str, as_text: Iterable[str]) -> Call:
    # The whole file is read to choose types, so that a text far down makes its column text, not an error.
    # The heading says how columns are parted: guessed from all lines, one odd line would make the file one column.
    files = sorted(matches(Path(pattern))) if any(mark in pattern for mark in "*?[") else [Path(pattern)]
    try:
        header = heading(files[0] if files else Path(pattern))
    except OSError as error:
        raise duckdb.IOException(str(error)) from None
    delimiter = delimiter_of(header)
    options = [f"delim = {literal(delimiter)}", "quote = '\"'", "header = true", "sample_size = -1"]
    # Only ISO days become times: whether 01/02/2024 is in January or February is for the mapping to say.
    options += ["union_by_name = true", "dateformat = '%Y-%m-%d'", "timestampformat = '%Y-%m-%d %H:%M:%S'"]
    options += [f"hive_partitioning = {_hive(pattern)}"]
    try:
        call, present = _described_csv(con, pattern, files, Call("read_csv", tuple(options)))
    except duckdb.Error:
        # The guesser only says that it gave up; read plainly, DuckDB names the line.
        plain = f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', header = true, all_varchar = true"
        plain += f", auto_detect = false, {_columns(header, delimiter)}"
        con.execute(f"SELECT count(*) FROM read_csv({literal(pattern)}, {plain})").fetchall()
        raise
    wanted = {name.lower() for name in as_text}
    return replace(call, types={name: "VARCHAR" for name in present if name.lower() in wanted})


def _described_csv(
    con: duckdb.DuckDBPyConnection, pattern: str, files: Sequence[Path], call: Call
) -> tuple[Call, list[str]]:
    """Return the call that reads CSV files, and their columns; spreadsheets often write Latin-1."""
    try:
        rows = con.execute(f"DESCRIBE SELECT * FROM {call.sql(pattern)}").fetchall()
    except duckdb.Error as error:
        if "not utf-8 encoded" not in str(error):
            raise
        check_latin_1(files)
        call = replace(call, options=(*call.options, "encoding = 'latin-1'"))
        rows = con.execute(f"DESCRIBE SELECT * FROM {call.sql(pattern)}").fetchall()
    return call, [row[0] for row in rows]


def _columns(header: str, delimiter: str) -> str:
    names = dict.fromkeys(name or "column" for name in names_in(header, delimiter))
    return "columns = {" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names) + "}"


def _hive(pattern: str) -> str:
    return "true" if "*" in pattern else "false"


def _duckdb(con: duckdb.DuckDBPyConnection, pattern: str, _as_text: Iterable[str]) -> str:
    file, table = parted(pattern)
    present = _duckdb_tables(con, file)
    if table is None:
        raise SourceError(f"{file} is a database; say which table, as in {Path(file).name}#{_some(present)}")
    named = {name.lower(): name for name in present}
    bare = {name.split(".", 1)[1].lower(): name for name in reversed(present)}
    found = named.get(table.lower()) or bare.get(table.lower())
    if found is None:
        raise SourceError(f"{file} has no table '{table}'; {nearest(table, present)}")
    return ".".join(quoted(part) for part in (_attached(con, file), *found.split(".", 1)))


def _duckdb_tables(con: duckdb.DuckDBPyConnection, file: str) -> list[str]:
    """Return the tables and views of a DuckDB file as SCHEMA.TABLE, those of `main` first."""
    rows = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = "
        f"{literal(_attached(con, file))} ORDER BY table_schema <> 'main', table_schema, table_name"
    ).fetchall()
    return [f"{schema}.{table}" for schema, table in rows]


def _attached(con: duckdb.DuckDBPyConnection, file: str) -> str:
    """Attach a DuckDB file for reading, and return the name it has in `con`."""
    name = f"source_{hashlib.sha256(file.encode()).hexdigest()[:12]}"
    try:
        con.execute(f"ATTACH IF NOT EXISTS {literal(file)} AS {name} (TYPE duckdb, READ_ONLY)")
    except duckdb.Error as error:
        if "Could not set lock" not in str(error) and "file handle conflict" not in str(error):
            raise
        holder = re.search(r"\(PID \d+\)", str(error))
        raise SourceError(
            f"{file} is open for writing elsewhere{' ' + holder[0] if holder else ''}: DuckDB lets nobody read a file "
            "while a process writes to it. Wait until it has ended, or read a copy of the file."
        ) from None
    return name


def release(con: duckdb.DuckDBPyConnection) -> None:
    """Let go of the database files that were read, so that others may write to them again."""
    for (name,) in con.execute(
        "SELECT database_name FROM duckdb_databases() WHERE starts_with(database_name, 'source_')"
    ).fetchall():
        con.execute(f"DETACH {name}")


def _some(names: list[str]) -> str:
    return names[0] if names else "main.invoices"


def _files(kind: str, endings: tuple[str, ...], call: FileCall) -> Reader:
    def relation(con: duckdb.DuckDBPyConnection, pattern: str, as_text: Iterable[str]) -> str:
        return call(con, pattern, as_text).sql(pattern)

    return Reader(kind, endings, relation, call)


READERS = (
    _files("Parquet", (".parquet", ".pq"), _parquet),
    _files("CSV", (".csv", ".csv.gz", ".tsv"), _csv),
    Reader("DuckDB", (".duckdb", ".ddb", ".db"), _duckdb, tables=_duckdb_tables),
)

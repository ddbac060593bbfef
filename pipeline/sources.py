"""Sources: what a URL in the config names, as a relation that DuckDB reads. A further kind is one more `Reader`."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import SourceError, nearest
from pipeline.settings import Settings


@dataclass(frozen=True)
class Reader:
    """A kind of source: the endings it answers to, and the SQL that reads the files a pattern matches.

    `relation` takes DuckDB, the pattern and the columns whose texts must stay as written (ids with leading zeros).
    """

    kind: str
    endings: tuple[str, ...]
    relation: Callable[[duckdb.DuckDBPyConnection, str, Iterable[str]], str]


def _parquet(_con: duckdb.DuckDBPyConnection, pattern: str, _as_text: Iterable[str]) -> str:
    return f"read_parquet({literal(pattern)}, union_by_name = true, hive_partitioning = {_hive(pattern)})"


def _csv(con: duckdb.DuckDBPyConnection, pattern: str, as_text: Iterable[str]) -> str:
    # The whole file is read to choose types, so that a text far down makes its column text, not an error.
    # The header says how columns are parted: guessed from all lines, one odd line would make the file one column.
    header = _header(Path(pattern) if "*" not in pattern else next(_matches(Path(pattern)), Path(pattern)))
    delimiter = max(",;\t|", key=header.count)
    options = f"delim = {literal(delimiter)}, quote = '\"', header = true, sample_size = -1, union_by_name = true"
    # Only ISO days become times: whether 01/02/2024 is in January or February is for the mapping to say.
    options += ", dateformat = '%Y-%m-%d', timestampformat = '%Y-%m-%d %H:%M:%S'"
    call = f"read_csv({literal(pattern)}, {options}, hive_partitioning = {_hive(pattern)}"
    try:
        present = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {call})").fetchall()]
    except duckdb.Error:
        # The guesser only says that it gave up; read plainly, DuckDB names the line.
        plain = f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', header = true, all_varchar = true"
        plain += f", auto_detect = false, {_columns(header, delimiter)}"
        con.execute(f"SELECT count(*) FROM read_csv({literal(pattern)}, {plain})").fetchall()
        raise
    wanted = {name.lower() for name in as_text}
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in present if name.lower() in wanted)
    return f"{call}, types = {{{types}}})" if types else f"{call})"


def _header(file: Path) -> str:
    """Return the first line of a CSV file."""
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    try:
        with opened(file, "rb") as lines:
            return lines.readline().decode(errors="replace").strip("\ufeff\r\n")
    except OSError as error:
        raise duckdb.IOException(str(error)) from None


def _columns(header: str, delimiter: str) -> str:
    names = dict.fromkeys(name.strip().strip('"') or "column" for name in header.split(delimiter))
    return "columns = {" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names) + "}"


READERS = (
    Reader("Parquet", (".parquet", ".pq"), _parquet),
    Reader("CSV", (".csv", ".csv.gz", ".tsv"), _csv),
)


def relation(
    con: duckdb.DuckDBPyConnection, source: str, settings: Settings, where: str, as_text: Iterable[str] = ()
) -> str:
    """Return the SQL of a table function that reads `source`: a file, a glob, or a folder with files in it.

    `where` says in errors which part of the config asks. `as_text` names source columns to be kept as written.
    Raises SourceError when the scheme or ending is not supported, nothing is there, or a file is damaged.
    """
    scheme, found, rest = source.partition("://")
    if found and scheme.lower() != "file":
        raise SourceError(
            f"{where}: source {source!r} has the scheme '{scheme}', which cannot be read. {_supported()} "
            "Export the table to one of these."
        )
    path = settings.path(rest if found else source)
    pattern = str(path)
    if path.is_dir():
        reader, pattern = _inside(path, where)
    else:
        reader = _reader(path.name, where, source)
        if any(mark in source for mark in "*?["):
            if not next(_matches(path), None):
                raise SourceError(f"{where}: no file matches {path}. Check the pattern and the config's root.")
        elif not path.is_file():
            raise SourceError(f"{where}: file {path} does not exist; {_near(path)}")
        elif not path.stat().st_size:
            raise SourceError(f"{where}: file {path} is empty. Check that the export ran.")
    try:
        return reader.relation(con, pattern, as_text)
    except duckdb.Error as error:
        raise damaged(where, pattern, reader.kind, error) from None


def damaged(where: str, pattern: str, kind: str, error: Exception) -> SourceError:
    return SourceError(
        f"{where}: {pattern} cannot be read as {kind}: {first_line(error)}. "
        "The file may be cut short or be of another kind; write it again."
    )


def first_line(error: Exception) -> str:
    """Return the part of DuckDB's message that people can use: its first line, without the trailing stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def literal(text: str) -> str:
    """Return `text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _supported() -> str:
    kinds = "; ".join(f"{reader.kind} ({', '.join(reader.endings)})" for reader in READERS)
    return f"Supported are local files, globs and partitioned folders of {kinds}."


def _reader(name: str, where: str, source: str) -> Reader:
    for reader in READERS:
        if name.lower().endswith(reader.endings):
            return reader
    raise SourceError(f"{where}: source {source!r} has an ending that cannot be read. {_supported()}")


def _inside(folder: Path, where: str) -> tuple[Reader, str]:
    """Return the reader and the pattern for the files in a folder; they must be of one kind."""
    endings: dict[str, Reader] = {}
    for _, folders, files in os.walk(folder):
        # Writers such as Spark leave _SUCCESS and hidden files beside the data.
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for file in files:
            for reader in READERS:
                ending = next((end for end in reader.endings if file.lower().endswith(end)), None)
                if ending and not file.startswith((".", "_")):
                    endings[ending] = reader
    if not endings:
        raise SourceError(f"{where}: folder {folder} holds no file that can be read. {_supported()}")
    if len(endings) > 1:
        raise SourceError(
            f"{where}: folder {folder} holds files of several kinds ({', '.join(sorted(endings))}); "
            f"name one of them, for example {folder}/**/*{min(endings)}"
        )
    ((ending, reader),) = endings.items()
    return reader, f"{folder}/**/[!._]*{ending}"


def _hive(pattern: str) -> str:
    return "true" if "*" in pattern else "false"


def _matches(path: Path) -> Iterator[Path]:
    anchor = Path(path.anchor)
    return iter(anchor.glob(str(path.relative_to(anchor))))


def _near(path: Path) -> str:
    """Say which present file is nearest to a missing one."""
    folder = path.parent
    if not folder.is_dir():
        while not folder.is_dir():
            folder = folder.parent
        return f"its folder does not exist either: the nearest is {folder}. Check the path and the config's root."
    files = [other.name for other in folder.iterdir() if other.name.lower().endswith(_all_endings())]
    return f"in {folder}: {nearest(path.name, files)}"


def _all_endings() -> tuple[str, ...]:
    return tuple(ending for reader in READERS for ending in reader.endings)

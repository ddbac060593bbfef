"""Sources: what a URL in the config names, as a relation that DuckDB reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import duckdb

from pipeline.errors import SourceError, nearest
from pipeline.readers import READERS, Reader, matches, parted
from pipeline.settings import Settings
from pipeline.sql import first_line, literal, quoted

FILES = tuple(reader for reader in READERS if reader.tables is None)
"""The kinds that many files may make one source of."""

__all__ = ["damaged", "first_line", "literal", "located", "quoted", "relation"]


def relation(
    con: duckdb.DuckDBPyConnection, source: str, settings: Settings, where: str, as_text: Iterable[str] = ()
) -> str:
    """Return the SQL that reads `source`: a file, a glob, a folder with files in it, or a table of a database file.

    `where` says in errors which part of the config asks. `as_text` names source columns to be kept as written.
    Raises SourceError when the scheme or ending is not supported, nothing is there, or a file is damaged.
    """
    reader, pattern = located(source, settings, where)
    try:
        return reader.relation(con, pattern, as_text)
    except SourceError as error:
        raise SourceError(f"{where}: {error}") from None
    except duckdb.Error as error:
        raise damaged(where, pattern, reader.kind, error) from None


def located(source: str, settings: Settings, where: str) -> tuple[Reader, str]:
    """Return what reads `source`, and the pattern of what it reads; raises SourceError as `relation` does."""
    scheme, found, rest = source.partition("://")
    if found and scheme.lower() != "file":
        raise SourceError(
            f"{where}: source {source!r} has the scheme '{scheme}', which cannot be read. {_supported()} "
            "Export the table to one of these."
        )
    file, table = parted(rest if found else source)
    path = settings.path(file)
    pattern = str(path)
    if path.is_dir():
        reader, pattern = _inside(path, where)
    else:
        reader = _reader(path.name, where, source)
        if any(mark in file for mark in "*?["):
            if reader.tables is not None:
                raise SourceError(f"{where}: source {source!r} is a pattern; name one {reader.kind} file.")
            if not next(matches(path), None):
                raise SourceError(f"{where}: no file matches {path}. Check the pattern and the config's root.")
        elif not path.is_file():
            raise SourceError(f"{where}: file {path} does not exist; {_near(path)}")
        elif not path.stat().st_size:
            raise SourceError(f"{where}: file {path} is empty. Check that the export ran.")
    return reader, pattern if table is None else f"{pattern}#{table}"


def damaged(where: str, pattern: str, kind: str, error: Exception) -> SourceError:
    return SourceError(
        f"{where}: {pattern} cannot be read as {kind}: {first_line(error)}. "
        "The file may be cut short or be of another kind; write it again."
    )


def _supported() -> str:
    kinds = "; ".join(f"{reader.kind} ({', '.join(reader.endings)})" for reader in FILES)
    bases = "; ".join(f"{reader.kind} ({', '.join(reader.endings)})" for reader in READERS if reader.tables is not None)
    return f"Supported are local files, globs and partitioned folders of {kinds}; FILE#TABLE of {bases}."


def _reader(name: str, where: str, source: str) -> Reader:
    for reader in READERS:
        if reader.answers(name):
            return reader
    raise SourceError(f"{where}: source {source!r} has an ending that cannot be read. {_supported()}")


def _inside(folder: Path, where: str) -> tuple[Reader, str]:
    """Return the reader and the pattern for the files in a folder; they must be of one kind."""
    endings: dict[str, Reader] = {}
    for _, folders, files in os.walk(folder):
        # Writers such as Spark leave _SUCCESS and hidden files beside the data.
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for file in files:
            for reader in FILES:
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

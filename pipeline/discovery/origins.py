"""Origins: from the paths a user names to the tables behind them, each as a `source` of the config."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import SourceError, nearest
from pipeline.readers import READERS, Reader, matches
from pipeline.sources import damaged

ENDINGS = tuple(ending for reader in READERS for ending in reader.endings)


@dataclass(frozen=True)
class Origin:
    """A table to look at: the `source` that names it, its short name, and how to read it."""

    source: str
    name: str
    reader: Reader
    pattern: str

    def relation(self, con: duckdb.DuckDBPyConnection, as_text: Iterable[str] = ()) -> str:
        """Return the SQL that reads it, raising SourceError where it cannot be read."""
        try:
            return self.reader.relation(con, self.pattern, as_text)
        except duckdb.Error as error:
            raise damaged("init", self.pattern, self.reader.kind, error) from None


def find_origins(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], root: Path) -> list[Origin]:
    """Return the tables behind files, folders, globs and database files, in order, each once.

    Sources inside `root`, the config's folder, are named relative to it. Raises SourceError for what is not there or
    cannot be read.
    """
    found: dict[str, Origin] = {}
    for path in paths:
        for origin in _behind(con, path.expanduser(), root.resolve()):
            found.setdefault(origin.pattern, origin)
    taken: dict[str, int] = {}
    origins = []
    for origin in found.values():
        taken[origin.name] = taken.get(origin.name, 0) + 1
        again = taken[origin.name] > 1
        name = f"{origin.name}_{taken[origin.name]}" if again else origin.name
        origins.append(Origin(origin.source, name, origin.reader, origin.pattern))
    return origins


def _behind(con: duckdb.DuckDBPyConnection, path: Path, root: Path) -> list[Origin]:
    if path.is_dir():
        return _in_folder(con, path.resolve(), root)
    if any(mark in path.name for mark in "*?["):
        files = sorted(file for file in matches(path.absolute()) if file.is_file() and _reader(file.name))
        if not files:
            raise SourceError(f"init: no file that can be read matches {path}. {_readable()}")
        return _grouped(con, files, root)
    if not path.exists():
        folder = path.absolute().parent
        files = [other.name for other in folder.iterdir()] if folder.is_dir() else []
        raise SourceError(f"init: {path} does not exist; {nearest(path.name, files)}")
    if _reader(path.name) is None:
        raise SourceError(f"init: {path} is of a kind that cannot be read. {_readable()}")
    return _in_file(con, path.resolve(), root)


def _in_folder(con: duckdb.DuckDBPyConnection, folder: Path, root: Path) -> list[Origin]:
    """Return the tables of a folder: its files, and every folder in it that holds files as one partitioned table."""
    files, found = [], []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            found += _partitioned(entry, root)
        elif _reader(entry.name) is not None:
            files.append(entry)
    if not files and not found:
        raise SourceError(f"init: folder {folder} holds no file that can be read. {_readable()}")
    if "=" in folder.name or (not files and any("=" in entry.name for entry in folder.iterdir())):
        return _partitioned(folder, root)
    return [*_grouped(con, files, root), *found]


def _partitioned(folder: Path, root: Path) -> list[Origin]:
    endings: dict[str, Reader] = {}
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for file in files:
            reader = _reader(file)
            if reader is not None and reader.tables is None and not file.startswith((".", "_")):
                endings[next(end for end in reader.endings if file.lower().endswith(end))] = reader
    return [
        Origin(
            _source(folder, root) if len(endings) == 1 else f"{_source(folder, root)}/**/*{ending}",
            folder.name,
            reader,
            f"{folder}/**/[!._]*{ending}",
        )
        for ending, reader in sorted(endings.items())
    ]


def _grouped(con: duckdb.DuckDBPyConnection, files: Sequence[Path], root: Path) -> list[Origin]:
    """Return files as tables; those that differ in numbers alone (sales_2023.csv, sales_2024.csv) are one."""
    groups: dict[tuple[Path, str], list[Path]] = {}
    for file in files:
        groups.setdefault((file.parent, re.sub(r"\d+", "#", file.name.lower())), []).append(file)
    found = []
    for (folder, _), group in groups.items():
        pattern = _pattern(group)
        if len(group) > 1 and pattern is not None and _alike(con, group):
            reader = _reader(group[0].name)
            name = re.sub(r"[\W\d_]+$", "", pattern.split("*")[0]) or _stem(group[0])
            if reader is not None:
                found.append(Origin(_source(folder / pattern, root), name, reader, str(folder / pattern)))
                continue
        for file in group:
            found += _in_file(con, file, root)
    return found


def _pattern(group: Sequence[Path]) -> str | None:
    """Return the glob that names exactly these files of a folder."""
    names = sorted(file.name for file in group)
    start = re.sub(r"\d+$", "", _common(names))
    end = re.sub(r"^\d+", "", _common([name[::-1] for name in names])[::-1])
    pattern = f"{start}*{end}"
    if len(start) + len(end) > min(map(len, names)) or any(mark in start + end for mark in "*?["):
        return None
    return pattern if sorted(file.name for file in group[0].parent.glob(pattern)) == names else None


def _common(names: Sequence[str]) -> str:
    """Return what all names start with."""
    alike = 0
    for letters in zip(*names, strict=False):
        if len(set(letters)) > 1:
            break
        alike += 1
    return names[0][:alike]


def _alike(con: duckdb.DuckDBPyConnection, group: Sequence[Path]) -> bool:
    """Whether all files have the same columns."""
    seen = set()
    for file in group:
        reader = _reader(file.name)
        if reader is None or reader.tables is not None:
            return False
        try:
            relation = reader.relation(con, str(file), ())
            rows = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        except duckdb.Error as error:
            raise damaged("init", str(file), reader.kind, error) from None
        seen.add(tuple(sorted(row[0] for row in rows)))
    return len(seen) == 1


def _in_file(con: duckdb.DuckDBPyConnection, file: Path, root: Path) -> list[Origin]:
    reader = _reader(file.name)
    if reader is None:
        return []
    if not file.stat().st_size:
        raise SourceError(f"init: file {file} is empty. Check that the export ran.")
    if reader.tables is None:
        return [Origin(_source(file, root), _stem(file), reader, str(file))]
    try:
        tables = reader.tables(con, str(file))
    except SourceError as error:
        raise SourceError(f"init: {error}") from None
    except duckdb.Error as error:
        raise damaged("init", str(file), reader.kind, error) from None
    if not tables:
        raise SourceError(f"init: {file} holds no table.")
    return [
        Origin(f"{_source(file, root)}#{table}", table.split(".", 1)[1], reader, f"{file}#{table}") for table in tables
    ]


def _reader(name: str) -> Reader | None:
    return next((reader for reader in READERS if reader.answers(name)), None)


def _stem(file: Path) -> str:
    ending = next((end for end in ENDINGS if file.name.lower().endswith(end)), "")
    return file.name[: len(file.name) - len(ending)]


def _source(path: Path, root: Path) -> str:
    """Return how a config in `root` names a path: relative where it lies inside."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _readable() -> str:
    kinds = "; ".join(f"{reader.kind} ({', '.join(reader.endings)})" for reader in READERS)
    return f"Can be read: {kinds}. Save a workbook as CSV first."

"""Parts of sources: single files, or stretches of rows of one, each read with the types that the whole source has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from pipeline.errors import SourceError
from pipeline.query import described
from pipeline.readers import Call
from pipeline.sources import damaged, literal, quoted

PART_ROWS = 2_000_000
"""A part of a Parquet file has about so many rows: what a task takes at once."""

CSV_ROW_BYTES = 60
"""What a row of a CSV file takes at least, more or less; it only serves to choose the number of buckets."""


@dataclass(frozen=True)
class Part:
    """A part of the source at `position` of a table's mappings; its rows are about `about`.

    `call` reads the file, whose columns get the `types` of the whole source; `rows` are the first and last row of the
    file that belong to the part. `through` is a file of (through_key, through_account), where rows find their account
    so. Without `call`, the file holds rows that are staged already, and `read` says how many more its source had.
    """

    table: str
    position: int
    file: str
    about: int
    call: Call | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[int, int] | None = None
    through: str | None = None
    read: int = 0

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SQL of the part's rows, as the source's own relation would give them."""
        if self.call is None:
            rows = f"read_parquet({literal(self.file)}, file_row_number = true)"
            return f"(SELECT * EXCLUDE (file_row_number) FROM {rows} WHERE {self._stretch()})"
        own = self._own_types(con, self.call)
        held = {name.lower(): name for name in own}
        chosen = [
            f"CAST({quoted(held[name.lower()]) if name.lower() in held else 'NULL'} AS {kind}) AS {quoted(name)}"
            for name, kind in self.types.items()
        ]
        numbered = ("file_row_number = true",) if self.rows is not None else ()
        condition = f" WHERE {self._stretch()}" if numbered else ""
        rows = self._typed(own).sql(self.file, *self._folders(), *numbered)
        return f"(SELECT {', '.join(chosen)} FROM {rows}{condition})"

    def _stretch(self) -> str:
        first, last = self.rows or (0, -1)
        return f"file_row_number BETWEEN {first} AND {last}"

    def _own_types(self, con: duckdb.DuckDBPyConnection, call: Call) -> dict[str, str]:
        """Return the columns of this file, which may be fewer than those of the source."""
        # Names alone are asked for: they stand in the heading, whatever the rest of the file says.
        options = tuple(option for option in call.options if not option.startswith("sample_size"))
        return described(con, f"SELECT * FROM {Call(call.function, options).sql(self.file, *self._folders())}")

    def _typed(self, own: Mapping[str, str]) -> Call:
        """Return the call with every type settled, where the file itself does not say them."""
        call = self.call
        if call is None or call.function != "read_csv":
            return call or Call("read_parquet", ())
        whole = {name.lower(): kind for name, kind in self.types.items()}
        apart = {name.lower() for name in folders_of(self.file)}
        types = {name: whole[name.lower()] for name in own if name.lower() in whole and name.lower() not in apart}
        return Call(call.function, call.options, types)

    def _folders(self) -> tuple[str, ...]:
        """Return the option that gives the columns named by folders (year=2024) the types of the whole source."""
        if self.call is None or "hive_partitioning = true" not in self.call.options:
            return ()
        named = folders_of(self.file)
        types = [f"{quoted(name)}: {kind}" for name, kind in self.types.items() if name.lower() in named]
        return (f"hive_types = {{{', '.join(types)}}}",) if types else ()


def folders_of(file: str) -> set[str]:
    """Return the columns, in small letters, that the folders of a file name as in year=2024."""
    return {found[1].lower() for name in Path(file).parts[:-1] if (found := re.match(r"([^=]+)=", name))}


def parts_of(con: duckdb.DuckDBPyConnection, whole: Part, pattern: str, kind: str, where: str) -> list[Part]:
    """Return the parts that the files matched by `pattern` make of a source; `whole` says how each is read.

    `kind` and `where` name the files and the mapping in errors. Raises SourceError for a file that cannot be read.
    """
    parts: list[Part] = []
    try:
        files = [file for (file,) in con.execute(f"SELECT file FROM glob({literal(pattern)}) ORDER BY file").fetchall()]
        for file in files:
            parts += _parts_of_file(con, whole, file)
    except (duckdb.Error, OSError) as error:
        raise damaged(where, pattern, kind, error) from None
    if not parts:
        raise SourceError(f"{where}: no file matches {pattern}. Check the pattern and the config's root.")
    return parts


def _parts_of_file(con: duckdb.DuckDBPyConnection, whole: Part, file: str) -> list[Part]:
    if whole.call is None or whole.call.function != "read_parquet":
        return [replace(whole, file=file, about=Path(file).stat().st_size // CSV_ROW_BYTES)]
    count = con.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(file)})").fetchall()[0][0]
    if count <= PART_ROWS:
        return [replace(whole, file=file, about=count)]
    return [
        replace(whole, file=file, about=PART_ROWS, rows=(first, min(first + PART_ROWS, count) - 1))
        for first in range(0, count, PART_ROWS)
    ]

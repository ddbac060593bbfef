"""A mapped source as one DuckDB query, which says which column or condition it was when DuckDB refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from pipeline.errors import SourceError
from pipeline.sources import first_line, quoted


@dataclass(frozen=True)
class Query:
    """A source and what is taken from it.

    `source` is the SQL of the source's relation, or None where a whole query names its own files. `expressions` gives
    per column the SQL over the source it comes from, `condition` the rows that count; or `whole` is a whole query,
    which may read the relations in `further` by their names. `where` names the mapping in errors.
    """

    where: str
    source: str | None
    expressions: Mapping[str, str]
    condition: str | None = None
    whole: str | None = None
    further: Mapping[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> str:
        """The common table expressions `source` (when there is one) and `mapped`."""
        source = f"{self._source}, " if self.source else ""
        if self.whole is not None:
            for name, relation in self.further.items():
                source += f"{quoted(name)} AS NOT MATERIALIZED (SELECT * FROM {relation}), "
            return f"{source}mapped AS (\n{self.whole}\n)"
        chosen = ", ".join(f"{text} AS {quoted(name)}" for name, text in self.expressions.items())
        return f"{source}mapped AS (SELECT {chosen or '1 AS nothing'} FROM source{self._filter})"

    @property
    def _source(self) -> str:
        return f"source AS NOT MATERIALIZED (SELECT * FROM {self.source})"

    @property
    def _filter(self) -> str:
        return f" WHERE ({self.condition}\n)" if self.condition else ""

    def types(self, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Return the DuckDB type of every mapped column."""
        try:
            return described(con, f"WITH {self.tables} SELECT * FROM mapped")
        except duckdb.Error as error:
            raise self.blame(con, error, "DESCRIBE ") from None

    def source_rows(self, con: duckdb.DuckDBPyConnection) -> int | None:
        """Return how many rows the source has before its condition; None when there is none."""
        if self.condition is None:
            return None
        return con.execute(f"WITH {self._source} SELECT count(*) FROM source").fetchall()[0][0]

    def example(self, con: duckdb.DuckDBPyConnection, column: str) -> str | None:
        """Return some value of a mapped column as text; None when it has none."""
        query = f"SELECT CAST(any_value({quoted(column)}) AS VARCHAR) FROM mapped"
        try:
            return con.execute(f"WITH {self.tables} {query}").fetchall()[0][0]
        except duckdb.Error as error:
            raise self.blame(con, error) from None

    def blame(self, con: duckdb.DuckDBPyConnection, error: duckdb.Error, prefix: str = "") -> SourceError:
        """Return an error that names the part DuckDB cannot evaluate, found by trying each alone.

        `prefix` is "DESCRIBE " to try only whether it can be understood, "" to run it.
        """
        if self.whole is not None:
            return SourceError(f"{self.where}.select: DuckDB says: {first_line(error)}. Mend the query.")
        tests = {"where": f"SELECT count(*) FROM source{self._filter}"}
        tests |= {
            f"columns.{name}": f"SELECT max({text}) FROM source{self._filter}"
            for name, text in self.expressions.items()
        }
        texts = {"where": self.condition or "", **{f"columns.{name}": text for name, text in self.expressions.items()}}
        try:
            con.execute(
                f"{prefix}WITH {self._source} SELECT * FROM source LIMIT 0"
                if prefix
                else f"WITH {self._source} SELECT count(COLUMNS(*)) FROM source"
            ).fetchall()
        except duckdb.Error as damage:
            return unreadable(self.where, damage)
        for key, test in tests.items():
            try:
                con.execute(f"{prefix}WITH {self._source} {test}").fetchall()
            except duckdb.Error as fault:
                shown = texts[key].removeprefix("(").removesuffix(")").strip()
                return SourceError(f"{self.where}.{key}: cannot compute {shown}. DuckDB says: {first_line(fault)}.")
        return unreadable(self.where, error)


def unreadable(where: str, error: Exception) -> SourceError:
    return SourceError(
        f"{where}: the source cannot be read to its end; the file may be damaged, or not of the kind its name says. "
        f"DuckDB says: {first_line(error)}. Write the file again."
    )


def described(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """Return column -> type of a query's result, without running it."""
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE {query}").fetchall()}

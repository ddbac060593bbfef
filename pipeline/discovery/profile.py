"""Profiles: what is in every column of a table, measured by DuckDB before anything is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import duckdb

from pipeline.cells import FRACTIONS, INTEGERS, NESTED, TIMESTAMPS, base_type
from pipeline.discovery.names import squashed
from pipeline.discovery.origins import Origin
from pipeline.query import described
from pipeline.sources import damaged, quoted
from pipeline.written import WrittenDay, WrittenNumber, written_day, written_number

SAMPLED_ABOVE = 2_000_000
"""Rows; of larger tables a sample is looked at, except for what must be counted: rows, empty cells and keys."""

_SAMPLE = 500_000
_FEW = 30
"""Distinct values that are read in full."""

_YES_NO = {"true", "false", "t", "f", "yes", "no", "y", "n", "1", "0", "ja", "nej"}
_LOOKS_LIKE_ID = re.compile(r"(id|no|nr|num|number|nummer|code|kode|key|guid|uuid|cpr|cvr|kunnr|vbeln|matnr|posnr)$")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@cache
def _reserved() -> frozenset[str]:
    """Return the words that cannot be a column's name in SQL unless they are quoted."""
    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
    with duckdb.connect() as con:
        return frozenset(row[0] for row in con.execute(query).fetchall())


@dataclass(frozen=True)
class Column:
    """One column as measured: `filled` of the table's rows have a value, `distinct` different ones.

    `values` are all of them where they are few, else some; `low` and `high` the smallest and largest, as texts.
    """

    name: str
    type: str
    rows: int
    filled: int
    distinct: int
    low: str | None = None
    high: str | None = None
    values: tuple[str, ...] = ()
    day: WrittenDay | None = None
    number: WrittenNumber | None = None
    blanks: bool = False
    """Whether some texts are empty, not missing."""

    @property
    def plain(self) -> str:
        """The column's name as it is written in SQL, quoted only where it must be."""
        simple = _PLAIN.fullmatch(self.name) and self.name.lower() not in _reserved()
        return self.name if simple else quoted(self.name)

    @property
    def empty(self) -> int:
        return self.rows - self.filled

    @property
    def unique(self) -> bool:
        """Whether no two rows share a value, and hardly any lacks one."""
        return self.filled > 0 and self.distinct == self.filled and self.empty <= 0.001 * self.rows

    @property
    def is_text(self) -> bool:
        return self.type == "VARCHAR"

    @property
    def is_time(self) -> bool:
        return self.type in TIMESTAMPS or self.day is not None

    @property
    def is_day(self) -> bool:
        """Whether its times are days without an hour."""
        iso = self.day is not None and self.day.format == ISO and len(self.high or "") == len("2024-01-31")
        return self.type == "DATE" or iso or (self.day is not None and self.day.format != ISO and not self.day.timed)

    @property
    def is_naive(self) -> bool:
        """Whether its times carry no zone, so that somebody has to name one."""
        return not self.is_day and self.is_time and "ZONE" not in self.type

    @property
    def is_flag(self) -> bool:
        if self.type == "BOOLEAN":
            return True
        few = {value.strip().lower() for value in self.values}
        return 0 < self.distinct <= 2 and self.distinct == len(few) and few <= _YES_NO

    @property
    def is_number(self) -> bool:
        return (self.type in INTEGERS or self.type in FRACTIONS) or self.number is not None

    @property
    def may_be_id(self) -> bool:
        """Whether its type could be that of an id: texts and whole numbers."""
        return (self.is_text or self.type in INTEGERS or self.type in FRACTIONS) and self.day is None

    @property
    def time_sql(self) -> str | None:
        """The SQL that makes a time of it, where its name alone does not."""
        if self.day is None or self.day.format == ISO:
            return None
        return self.day.sql(self.plain if self.is_text else f"CAST({self.plain} AS VARCHAR)")

    @property
    def number_sql(self) -> str | None:
        return None if self.number is None else self.number.sql(self.plain)


ISO = "ISO"
"""Stands as the format of texts that need none: 2024-01-31 or 2024-01-31 09:30."""


@dataclass(frozen=True)
class Profile:
    """A table as measured. `relation` is the SQL that reads all of it, `seen` the DuckDB table that was looked at."""

    source: str
    name: str
    rows: int
    columns: Mapping[str, Column]
    relation: str = ""
    seen: str = ""
    unreadable: tuple[str, ...] = field(default=())
    """Columns of nested types, which no mapping can take by name."""

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]


def measure(con: duckdb.DuckDBPyConnection, origin: Origin, position: int) -> Profile:
    """Measure a table; it stays in `con` as the table `seen_POSITION`, in full or as a sample.

    Raises SourceError for a source that cannot be read to its end.
    """
    relation = origin.relation(con)
    try:
        types = described(con, f"SELECT * FROM {relation}")
        # What may be an id is read as it is written: '007' is not seven.
        texts = [name for name in types if _LOOKS_LIKE_ID.search(squashed(name))]
        relation = origin.relation(con, texts)
        types = described(con, f"SELECT * FROM {relation}")
        rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
        sample = f" USING SAMPLE reservoir({_SAMPLE} ROWS) REPEATABLE (1)" if rows > SAMPLED_ABOVE else ""
        seen = f"seen_{position}"
        con.execute(f"CREATE TABLE {seen} AS SELECT * FROM {relation}{sample}")
        nested = tuple(name for name, found in types.items() if base_type(found) in NESTED)
        columns = {
            name: _column(con, relation, seen, name, base_type(found), rows)
            for name, found in types.items()
            if name not in nested
        }
    except duckdb.Error as error:
        raise damaged("init", origin.pattern, origin.reader.kind, error) from None
    return Profile(origin.source, origin.name, rows, columns, relation, seen, nested)


def _column(con: duckdb.DuckDBPyConnection, relation: str, seen: str, name: str, kind: str, rows: int) -> Column:
    cell = quoted(name)
    filled_cell = f"nullif(trim({cell}), '')" if kind == "VARCHAR" else cell
    measured = f"SELECT count({filled_cell}), count(DISTINCT {filled_cell})"
    seen_rows, given, filled, distinct, low, high = con.execute(
        f"SELECT count(*), count({cell}), {measured.removeprefix('SELECT ')}, CAST(min({filled_cell}) AS VARCHAR), "
        f"CAST(max({filled_cell}) AS VARCHAR) FROM {seen}"
    ).fetchall()[0]
    blanks = given > filled
    if seen_rows < rows:
        # A key must be counted: in a sample nearly everything is different.
        if distinct > 0.5 * filled and kind not in FRACTIONS:
            filled, distinct = con.execute(f"{measured} FROM {relation}").fetchall()[0]
        else:
            filled = con.execute(f"SELECT count({filled_cell}) FROM {relation}").fetchall()[0][0]
    few = con.execute(
        f"SELECT DISTINCT CAST({filled_cell} AS VARCHAR) AS v FROM {seen} WHERE {filled_cell} IS NOT NULL "
        f"ORDER BY v LIMIT {_FEW + 1}"
    ).fetchall()
    values = tuple(row[0] for row in few[: _FEW if len(few) <= _FEW else 5])
    day, number = _written(con, seen, name, cell, kind, low, high)
    return Column(name, kind, rows, filled, distinct, low, high, values, day, number, blanks)


def _written(
    con: duckdb.DuckDBPyConnection, seen: str, name: str, cell: str, kind: str, low: str | None, high: str | None
) -> tuple[WrittenDay | None, WrittenNumber | None]:
    """Return how a column of texts writes days or numbers; whole numbers such as 20240131 may be days as well."""
    if low is None or high is None:
        return None, None
    if kind in INTEGERS:
        return _whole_days(con, seen, name, cell, low, high), None
    if kind != "VARCHAR":
        return None, None
    texts = f"SELECT {cell} AS t FROM {seen}"
    # '' and such stand for "no day" in some systems; the value after them is what is tried first.
    if con.execute(
        f"SELECT count(*) FROM {seen} WHERE trim({cell}) <> '' AND (TRY_CAST(trim({cell}) AS TIMESTAMP) IS NULL "
        f"OR NOT regexp_matches(trim({cell}), '^\\d{{4}}-\\d{{2}}-\\d{{2}}'))"
    ).fetchall() == [(0,)]:
        return WrittenDay(ISO), None
    if not con.execute(f"SELECT count(*) FROM {seen} WHERE regexp_matches({cell}, '\\d')").fetchall()[0][0]:
        return None, None
    id_like = bool(_LOOKS_LIKE_ID.search(squashed(name)))
    number = None if id_like else written_number(con, texts)
    day = None if number is not None or id_like else written_day(con, texts, tolerance=0.02)
    return day, number


def _whole_days(
    con: duckdb.DuckDBPyConnection, seen: str, name: str, cell: str, low: str, high: str
) -> WrittenDay | None:
    """Return how whole numbers such as 20240131 are days, where their name says that they are."""
    dated = re.search(r"date|dato|dat$|^(day|fkdat|budat|bldat|audat|erdat|zfbdt|augdt)$", squashed(name))
    if not dated or not all(re.fullmatch(r"(19|20|21)\d{6}|0|99991231", text) for text in (low, high)):
        return None
    return written_day(con, f"SELECT CAST(nullif({cell}, 0) AS VARCHAR) AS t FROM {seen}")

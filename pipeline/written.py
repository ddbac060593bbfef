"""How days and numbers are written in texts: formats are tried over all values, never guessed from the first."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.asof import EARLIEST

_ORDERED = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y")
_DAYS = (
    *(form.format(mark) for mark in ("-", "/", ".") for form in _ORDERED),
    "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", " %H.%M")

NOTHING = ("", "00000000", "0000-00-00", "0000-00-00 00:00:00")
"""What some systems write for "no day"."""

_LIKE_A_DAY = r"^(\d{1,4}[-/. ]\w{1,9}[-/., ]+\d{1,4}|\d{8}|[A-Za-z]{3,9}\.? \d)"
"""Texts that cannot be days are told by this in one pass, before a hundred formats are tried."""

_SEEN = 2000
"""Distinct texts on which formats are tried first; what reads them is tried on all."""


@dataclass(frozen=True)
class WrittenDay:
    """A format that reads the texts of a column as days or times.

    `misses` counts the distinct texts that it does not read; `other` is the format with day and month exchanged where
    that reads them as well, so that nothing in the data says which is which. `blanks`: some texts stand for "no day".
    """

    format: str
    misses: int = 0
    other: str | None = None
    blanks: bool = False

    @property
    def timed(self) -> bool:
        return "%H" in self.format or "%I" in self.format

    def sql(self, column: str) -> str:
        """Return the SQL that reads `column` (already quoted where it must be)."""
        text = column
        if self.blanks:
            listed = ", ".join(f"'{blank}'" for blank in NOTHING)
            text = f"CASE WHEN trim({column}) NOT IN ({listed}) THEN {column} END"
        read = f"{'try_' if self.misses else ''}strptime({text}, '{self.format}')"
        return read if self.timed else f"CAST({read} AS DATE)"


@dataclass(frozen=True)
class WrittenNumber:
    """Numbers written as texts: which mark parts the decimals, and an example.

    `sure` is false where '1,234' may be a thousand or one and a bit. `marked`: currency signs or blanks stand between
    or beside the digits. `blanks`: some texts are empty.
    """

    comma: bool
    example: str
    sure: bool = True
    marked: bool = False
    blanks: bool = False

    def sql(self, column: str) -> str:
        """Return the SQL that reads `column` (already quoted where it must be)."""
        text = f"regexp_replace({column}, '^[^0-9-]+|[^0-9,.-]', '', 'g')" if self.marked else column
        text = f"replace(replace({text}, '.', ''), ',', '.')" if self.comma else f"replace({text}, ',', '')"
        text = f"nullif({text}, '')" if self.blanks else text
        return f"CAST({text} AS DOUBLE)"


def written_day(con: duckdb.DuckDBPyConnection, texts: str, tolerance: float = 0.0) -> WrittenDay | None:
    """Return how the days in `texts`, a query with one column `t` of texts, are written; None for no format we know.

    `tolerance` is the share of distinct texts that may be unreadable. ISO texts, which need no format, give None.
    """
    listed = ", ".join(f"'{blank}'" for blank in NOTHING)
    distinct = f"(SELECT DISTINCT trim(t) AS t FROM ({texts}) WHERE t IS NOT NULL)"
    filled = f"(SELECT t FROM {distinct} WHERE t NOT IN ({listed}))"
    seen = f"(SELECT t FROM {filled} ORDER BY md5(t) LIMIT {_SEEN})"
    alike, timed, marks = con.execute(
        f"SELECT count(*) FILTER (regexp_matches(t, '{_LIKE_A_DAY}')) >= (1 - {tolerance}) * count(*), "
        f"bool_or(contains(t, ':')), first(regexp_extract(t, '[-/. ]')) FROM {seen}"
    ).fetchall()[0]
    if not alike or marks is None:
        return None
    times = [time for time in _TIMES if timed or ":" not in time]
    formats = [day + time for time in times for day in _DAYS if marks in day]
    total, *misses = con.execute(f"SELECT count(*), {_misses(formats)} FROM {seen}").fetchall()[0]
    if not total:
        return None
    fitting = [form for form, missed in zip(formats, misses, strict=True) if missed <= tolerance * total]
    if not fitting:
        return None
    total, *misses = con.execute(f"SELECT count(*), {_misses(fitting)} FROM {filled}").fetchall()[0]
    best = sorted(
        (missed, position, form)
        for position, (form, missed) in enumerate(zip(fitting, misses, strict=True))
        if missed <= tolerance * total
    )
    if not best:
        return None
    missed, _, form = best[0]
    swapped = _swapped(form)
    other = swapped if swapped is not None and (missed, swapped) in {(each[0], each[2]) for each in best} else None
    blanks = con.execute(f"SELECT count(*) FROM {distinct} WHERE t IN ({listed})").fetchall()[0][0]
    return WrittenDay(form, missed, other, bool(blanks))


def written_number(con: duckdb.DuckDBPyConnection, texts: str) -> WrittenNumber | None:
    """Return how the numbers in `texts`, a query with one column `t`, are written; None where they are no numbers.

    Texts that DuckDB reads as numbers itself give None as well.
    """
    marks = r"(?:kr\.?|dkk|eur|usd|gbp|sek|nok|€|\$|£)?"
    comma = rf"^{marks}\s*-?\s*(\d{{1,3}}([. ]\d{{3}})+|\d+)(,\d+)?\s*{marks}$"
    point = rf"^{marks}\s*-?\s*(\d{{1,3}}([, ]\d{{3}})+|\d+)(\.\d+)?\s*{marks}$"
    filled = f"(SELECT lower(trim(t)) AS t FROM ({texts}) WHERE trim(t) <> '')"
    total, plain, commas, points, decided, marked, example = con.execute(
        f"SELECT count(*), count(*) FILTER (TRY_CAST(t AS DOUBLE) IS NOT NULL), "
        f"count(*) FILTER (regexp_matches(t, $1)), count(*) FILTER (regexp_matches(t, $2)), "
        f"count(*) FILTER (NOT regexp_matches(t, $1) OR NOT regexp_matches(t, $2)), "
        "count(*) FILTER (regexp_matches(t, '[^0-9,.-]')), "
        f"min(t) FILTER (TRY_CAST(t AS DOUBLE) IS NULL) FROM {filled}",
        [comma, point],
    ).fetchall()[0]
    if not total or plain == total or max(commas, points) < total:
        return None
    blanks = con.execute(f"SELECT count(*) FROM ({texts}) WHERE trim(t) = ''").fetchall()[0][0]
    return WrittenNumber(commas == total, example, bool(decided), bool(marked), bool(blanks))


def _misses(formats: list[str]) -> str:
    # %Y also takes the 23 of 01.02.23, which would be the year 23.
    read = (f"count(*) FILTER (try_strptime(t, '{form}') >= TIMESTAMP '{EARLIEST}')" for form in formats)
    return ", ".join(f"count(*) - {each}" for each in read)


def _swapped(form: str) -> str | None:
    """Return a format with day and month in the other order; None where the month is a word or the year comes first."""
    if form.startswith("%d") and "%m" in form:
        return form.replace("%d", "%#").replace("%m", "%d").replace("%#", "%m")
    if form.startswith("%m"):
        return form.replace("%m", "%#").replace("%d", "%m").replace("%#", "%d")
    return None

"""Cells: how one source column becomes a contract column, as SQL. The rules for bad values are here, one per kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.asof import EARLIEST, LATEST
from pipeline.sources import literal
from pipeline.tables import LARGEST, Column

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
INTEGERS = (*_INTEGERS, *(f"U{name}" for name in _INTEGERS))
FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "DATE")
NESTED = ("BLOB", "STRUCT", "MAP", "UNION", "LIST", "BIT")

EXPECTED = {
    "id": ("an id, a text or a whole number", "Map the column that holds the id."),
    "text": ("a text", 'Turn it into one: {sql = "..."}.'),
    "time": ("a date or a timestamp", 'Turn it into one, for example {sql = "to_timestamp(seconds)"}.'),
    "money": ("a number", 'Map the column that holds the number, or turn it into one: {sql = "..."}.'),
    "number": ("a number", 'Map the column that holds the number, or turn it into one: {sql = "..."}.'),
    "flag": ("true or false", 'Turn it into one, for example {sql = "answer = 1"}.'),
}
"""What a kind of column accepts, and what to do about anything else."""

_TRUE = "('true', 't', 'yes', 'y', '1')"
_FALSE = "('false', 'f', 'no', 'n', '0')"


@dataclass(frozen=True)
class Cell:
    """SQL expressions for one contract column.

    `value` is the contract value: texts, TIMESTAMP in UTC, DOUBLE for numbers and money, BOOLEAN. `text` is the cell as
    it was found. `problem` says what is wrong with it, or is null. `known` (times only) is the instant from which the
    value can be known. `open` is true where a far-future end stands for "no end"; the value is null there.
    """

    value: str
    text: str
    problem: str | None = None
    known: str | None = None
    open: str | None = None


def base_type(duck_type: str) -> str:
    """Return DuckDB's type without its parameters: DECIMAL(18,2) -> DECIMAL, VARCHAR[] -> LIST, ENUM -> VARCHAR."""
    if duck_type.endswith("]"):
        return "LIST"
    name = re.sub(r"\(.*\)$", "", duck_type, flags=re.DOTALL).strip()
    return "VARCHAR" if name in {"ENUM", "UUID"} else name


def accepts(column: Column, duck_type: str) -> bool:
    """Whether a source column of this type can feed the contract column at all."""
    name = base_type(duck_type)
    if name in {'"NULL"', "VARCHAR"}:
        return True
    if column.kind == "time":
        return name in TIMESTAMPS
    if column.kind in ("number", "money"):
        return name in INTEGERS or name in FRACTIONS
    if column.kind == "flag":
        return name == "BOOLEAN" or name in INTEGERS
    if column.kind == "id":
        return name in INTEGERS or name in FRACTIONS
    return name not in NESTED


def cell(column: Column, raw: str, duck_type: str, zone: str, inclusive: bool = False) -> Cell:
    """Return the expressions for `column` from the SQL expression `raw` of type `duck_type`.

    `zone` is the zone of naive timestamps. `inclusive`: the value is the last day that still counts, so the instant
    taken is the midnight after it.
    """
    name = base_type(duck_type)
    if column.kind == "time":
        return _time(column, raw, name, zone, inclusive)
    if column.kind in ("number", "money"):
        return _number(raw, name)
    if column.kind == "flag":
        return _flag(raw)
    return Cell(_text(raw, name), _as_text(raw))


def _text(raw: str, name: str) -> str:
    if name in FRACTIONS:
        # Whole numbers read as floats, because some are missing, must not become '17850.0'.
        whole = f"CASE WHEN {raw} = trunc({raw}) THEN CAST(TRY_CAST({raw} AS HUGEINT) AS VARCHAR) END"
        return f"coalesce({whole}, CAST({raw} AS VARCHAR))"
    return f"nullif(trim(CAST({raw} AS VARCHAR)), '')"


def _number(raw: str, name: str) -> Cell:
    text = name == "VARCHAR"
    filled = f"nullif(trim({raw}), '')" if text else raw
    value = f"TRY_CAST({filled} AS DOUBLE)"
    problem = (
        f"CASE WHEN {filled} IS NULL THEN NULL WHEN {value} IS NULL THEN 'unreadable' "
        f"WHEN NOT isfinite({value}) THEN 'not finite' WHEN abs({value}) > {LARGEST} THEN 'too large' END"
    )
    return Cell(value, _as_text(raw), problem)


def _flag(raw: str) -> Cell:
    word = f"nullif(lower(trim(CAST({raw} AS VARCHAR))), '')"
    value = f"CASE WHEN {word} IN {_TRUE} THEN true WHEN {word} IN {_FALSE} THEN false END"
    return Cell(value, _as_text(raw), f"CASE WHEN {word} IS NOT NULL AND ({value}) IS NULL THEN 'unreadable' END")


def _time(column: Column, raw: str, name: str, zone: str, inclusive: bool) -> Cell:
    filled = f"nullif(trim({raw}), '')" if name == "VARCHAR" else raw
    if name == "DATE":
        midnight = f"TRY_CAST({filled} AS TIMESTAMP)"
        at, next_day = midnight, f"({midnight} + INTERVAL 1 DAY)"
        if inclusive:
            at = next_day
        known = next_day
    elif name == "TIMESTAMP WITH TIME ZONE":
        at = known = _ended(f"timezone({literal(zone)}, {filled})", zone) if inclusive else f"timezone('UTC', {filled})"
    elif name == "VARCHAR":
        return _written_time(column, filled, zone, inclusive)
    else:
        naive = f"CAST({filled} AS TIMESTAMP)"
        at = known = _ended(naive, zone) if inclusive else _zoned(naive, zone)
    return _bounded(column, filled, at, known)


def _written_time(column: Column, filled: str, zone: str, inclusive: bool) -> Cell:
    """Read ISO texts: a day alone is a date, a time with an offset is exact, one without is read in `zone`."""
    day = f"regexp_full_match({filled}, '\\d{{4}}-\\d{{2}}-\\d{{2}}')"
    offset = f"regexp_matches({filled}, ':\\d{{2}}.*(Z|z|[+-]\\d{{2}}(:?\\d{{2}})?)$')"
    midnight = f"CAST(TRY_CAST({filled} AS DATE) AS TIMESTAMP)"
    exact = f"TRY_CAST({filled} AS TIMESTAMP WITH TIME ZONE)"
    naive = f"TRY_CAST({filled} AS TIMESTAMP)"
    if inclusive:
        with_offset, without = _ended(f"timezone({literal(zone)}, {exact})", zone), _ended(naive, zone)
    else:
        with_offset, without = f"timezone('UTC', {exact})", _zoned(naive, zone)
    timed = f"CASE WHEN {offset} THEN {with_offset} ELSE {without} END"
    known = f"CASE WHEN {day} THEN {midnight} + INTERVAL 1 DAY ELSE {timed} END"
    at = known if inclusive else f"CASE WHEN {day} THEN {midnight} ELSE {timed} END"
    return _bounded(column, filled, at, known)


def _zoned(naive: str, zone: str) -> str:
    return naive if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {naive}))"


def _ended(local: str, zone: str) -> str:
    """The local midnight after the day that holds a local time."""
    return _zoned(f"(date_trunc('day', {local}) + INTERVAL 1 DAY)", zone)


def _bounded(column: Column, filled: str, at: str, known: str) -> Cell:
    early = f"({at}) < TIMESTAMP '{EARLIEST}'"
    late = f"({at}) >= TIMESTAMP '{LATEST}'"
    wrong = f"({filled}) IS NOT NULL AND ({at}) IS NULL"
    if is_open_ended(column):
        problem = f"CASE WHEN {wrong} THEN 'unreadable' WHEN {early} THEN 'implausible' END"
        return Cell(_unless(late, at), _as_text(filled), problem, _unless(late, known), late)
    problem = f"CASE WHEN {wrong} THEN 'unreadable' WHEN {early} OR {late} THEN 'implausible' END"
    return Cell(at, _as_text(filled), problem, known)


def is_open_ended(column: Column) -> bool:
    """Whether a day such as 9999-12-31 stands for "not yet" in this column."""
    return bool(column.late) or column.name in {"until", "renews_at", "notice_by"}


def _as_text(raw: str) -> str:
    return f"CAST({raw} AS VARCHAR)"


def _unless(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN NULL ELSE {value} END"

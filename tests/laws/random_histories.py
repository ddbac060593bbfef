"""Random histories for the laws and the oracle: rows as plain dicts, and the `History` made of them.

Times crowd around the edges of windows (midnight, the microsecond before) at and before `AS_OF`. Rows are late,
backdated, corrected, voided; meetings are booked and cancelled; some columns become known after their row.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from pipeline.history import History
from pipeline.tables import TABLES

Row = dict[str, Any]
"""Column -> value: instants as naive UTC datetimes, numbers as whole ten-thousandths, None where empty."""
Raw = dict[str, list[Row]]

AS_OF = date(2026, 3, 1)
AS_OFS = (AS_OF - timedelta(days=100), AS_OF - timedelta(days=14), AS_OF)
WINDOWS = (7, 14, 30, 60, 90, 180, 365)
KINDS = ("login", "usage", "call", "meeting", "email", "ticket", "nps", "csat", "note", "training")
KNOWN = "__known"


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)


def random_raw(seed: int, accounts: int = 4, rows: int = 25) -> Raw:
    """Return tables of rows for a few accounts; `rows` bounds the rows per table."""
    random = Random(seed)
    ids = [f"a{number}" for number in range(accounts)]
    makers = {
        "accounts": _accounts,
        "interactions": _interactions,
        "invoices": _invoices,
        "subscriptions": _subscriptions,
        "holdings": _holdings,
    }
    present = [name for name in makers if random.random() < 0.85] or ["invoices"]
    return {name: makers[name](random, ids, random.randint(1, rows)) for name in present}


def raws(rows: int = 25) -> st.SearchStrategy[Raw]:
    """Return a strategy for raw histories; smaller sizes and seeds count as simpler."""
    return st.builds(random_raw, st.integers(0, 10**6), st.integers(1, 5), st.integers(1, rows))


def history_of(raw: Raw, constant: tuple[str, ...] = (), kind: type[History] = History, **more: Any) -> History:
    """Return the `History` of raw rows, as a snapshot's files would give it."""
    return kind({name: arrow_table(name, rows) for name, rows in raw.items()}, constant=constant, **more)


def arrow_table(table: str, rows: list[Row]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], _type(table, name)) for name in rows[0]})


def columns_of(raw: Raw) -> dict[str, tuple[str, ...]]:
    """Return the contract columns per table, as a snapshot names them."""
    return {table: tuple(name for name in rows[0] if not name.endswith(KNOWN)) for table, rows in raw.items()}


def _type(table: str, name: str) -> pa.DataType:
    if name.endswith(KNOWN):
        return pa.timestamp("us")
    column = TABLES[table].by_name.get(name)
    kinds = {"time": pa.timestamp("us"), "money": pa.int64(), "number": pa.int64(), "flag": pa.bool_()}
    return pa.string() if column is None else kinds.get(column.kind, pa.string())


def _some_time(random: Random, until: int = 40) -> datetime:
    """Return an instant up to `until` days ahead, often at the edge of a window that ends at one of the as_ofs."""
    if random.random() < 0.5:
        day = random.choice(AS_OFS) - timedelta(days=random.choice((0, 0, 1, 2, *WINDOWS, *WINDOWS, 28, 120)))
    else:
        day = AS_OF - timedelta(days=random.randint(-until, 450))
    second = random.choice((0, 0, 1, -1, random.randint(0, 86_399_999_999)))
    return midnight(day) + timedelta(microseconds=second)


def _known(random: Random, occurred: datetime, booked: bool = False) -> datetime | None:
    delay = random.random()
    if delay < 0.03:
        return None
    if delay < 0.35:
        return occurred
    if delay < 0.6:  # a date: known at the next midnight
        return midnight(occurred.date()) + timedelta(days=1)
    if booked or delay < 0.65:
        return occurred - timedelta(days=random.randint(0, 60))
    if delay < 0.9:
        return occurred + timedelta(days=random.randint(0, 3), microseconds=random.randint(0, 10**9))
    return occurred + timedelta(days=random.randint(0, 200))


def _maybe(random: Random, value: Any, share: float = 0.8) -> Any:
    return value if random.random() < share else None


def _after(random: Random, instant: datetime, days: int = 60) -> datetime:
    return instant + timedelta(days=random.randint(0, days), microseconds=random.choice((0, random.randint(0, 10**10))))


def _late(random: Random, value: datetime | None) -> datetime | None:
    """Return when a late value became known: mostly at itself, sometimes before or after."""
    if value is None:
        return None
    return value + timedelta(days=random.choice((0, 0, 0, -20, 5, 90)))


def _without(random: Random, rows: list[Row], optional: tuple[str, ...]) -> list[Row]:
    """Return the rows without some optional columns, the same ones in every row."""
    dropped = {name for name in optional if random.random() < 0.12}
    return [{name: value for name, value in row.items() if name.removesuffix(KNOWN) not in dropped} for row in rows]


def _corrected(random: Random, rows: list[Row], change: tuple[str, ...], late: str = "") -> list[Row]:
    """Return the rows and, for some, a later or simultaneous row with the same key and other values."""
    corrections = []
    for row in rows:
        if random.random() < 0.25:
            donor, days = random.choice(rows), random.choice((0, 1, 10, 40))
            # Of two rows that differ in nothing but a late value, nobody knew on the day which one corrects the other.
            changed = (*change, late, late + KNOWN) if late and days else change
            known = row["known_at"] and row["known_at"] + timedelta(days=days)
            corrections.append({**row, **{name: donor[name] for name in changed}, "known_at": known})
    return [*rows, *corrections]


def _accounts(random: Random, ids: list[str], count: int) -> list[Row]:
    dated = random.random() < 0.6
    rows = []
    for account in ids:
        for _ in range(random.randint(1, 3) if dated else 1):
            opened = _maybe(random, _some_time(random, until=5))
            row: Row = {
                "account_id": account,
                "opened_at": opened,
                "segment": _maybe(random, random.choice(("small", "large"))),
                "country": _maybe(random, random.choice(("DK", "SE"))),
            }
            if dated:
                row["known_at"] = _known(random, opened or _some_time(random))
            rows.append(row)
    return rows


def _interactions(random: Random, ids: list[str], count: int) -> list[Row]:
    rows = []
    for number in range(count):
        kind = random.choice(KINDS)
        booked = kind == "meeting" and random.random() < 0.7
        occurred = _some_time(random) if not booked else midnight(AS_OF) + timedelta(days=random.randint(-100, 60))
        closed = _maybe(random, _after(random, occurred), 0.5 if kind == "ticket" else 0)
        cancelled = _maybe(random, _after(random, occurred - timedelta(days=30)), 0.4 if booked else 0.05)
        rows.append(
            {
                "account_id": random.choice(ids),
                "occurred_at": occurred,
                "kind": kind,
                "interaction_id": _maybe(random, f"i{number}"),
                "quantity": _maybe(random, random.randint(0, 500_000)),
                "score": _maybe(random, random.randint(0, 10) * 10_000),
                "contact_id": _maybe(random, random.choice("xyz")),
                "closed_at": closed,
                "closed_at__known": _late(random, closed),
                "cancelled_at": cancelled,
                "cancelled_at__known": _late(random, cancelled),
                "known_at": _known(random, occurred, booked),
            }
        )
    rows = _corrected(random, rows, ("occurred_at", "kind", "quantity"), "closed_at")
    rows = _with_notes(random, rows)
    return _without(random, rows, ("interaction_id", "quantity", "score", "contact_id", "closed_at", "cancelled_at"))


def _with_notes(random: Random, rows: list[Row]) -> list[Row]:
    """Return the rows with what was read of their words, a correction's its own; the other draws stay as they were."""
    pen = Random()
    pen.setstate(random.getstate())
    if pen.random() < 0.2:
        return rows
    noted = []
    for row in rows:
        wordy = pen.random() < 0.5
        topics = pen.choice((None, "price", "people", "price people", "price competitor contract", "unreached"))
        mood = pen.choice((0, pen.randint(-99, 99) * 100))
        noted.append({**row, "note_sentiment": mood if wordy else None, "note_topics": topics if wordy else None})
    return noted


def _invoices(random: Random, ids: list[str], count: int) -> list[Row]:
    rows = []
    for number in range(count):
        issued = _some_time(random)
        due = _maybe(random, midnight(issued.date()) + timedelta(days=random.randint(0, 30)))
        paid = _maybe(random, _after(random, due or issued, 20), 0.6)
        voided = _maybe(random, _after(random, issued), 0.1)
        rows.append(
            {
                "account_id": random.choice(ids),
                "issued_at": issued,
                "amount": random.choice((0, -1, 1, 1, 1)) * random.randint(1, 50_000_000),
                "invoice_id": _maybe(random, f"n{number // 2}", 0.9),
                "line_id": f"l{number}",
                "product": _maybe(random, random.choice("pqr")),
                # Without a draw, so that the others stay as they were.
                **({"quantity": (number * 37 % 23) * 10_000 if number % 7 else None} if count % 4 else {}),
                "due_at": due,
                "paid_at": paid,
                "paid_at__known": _late(random, paid),
                "voided_at": voided,
                "voided_at__known": _late(random, voided),
                "known_at": _known(random, issued),
            }
        )
    rows = _corrected(random, rows, ("issued_at", "amount", "due_at"))
    return _without(random, rows, ("invoice_id", "line_id", "product", "due_at", "paid_at", "voided_at"))


def _subscriptions(random: Random, ids: list[str], count: int) -> list[Row]:
    rows = []
    for number in range(count):
        started = _some_time(random)
        ended = _maybe(random, _after(random, started, 300), 0.5)
        notice = _maybe(random, (ended or started) - timedelta(days=random.randint(0, 90)), 0.6) if ended else None
        voided = _maybe(random, _after(random, started), 0.1)
        row: Row = {
            "account_id": random.choice(ids),
            "started_at": started,
            "mrr": random.choice((0, 1, 1, 1, 1)) * (random.randint(1, 9) * 1_000_000 + number),
            "subscription_id": _maybe(random, random.choice(("s1", "s2"))),
            "product": _maybe(random, random.choice("pq")),
            "seats": _maybe(random, random.randint(0, 9) * 10_000),
            "renews_at": _maybe(random, _after(random, started, 400)),
            "notice_by": _maybe(random, _after(random, started, 400)),
            "auto_renew": _maybe(random, random.random() < 0.5),
            "ended_at": ended,
            "ended_at__known": notice or _late(random, ended),
            "end_known_at": notice,
            "end_known_at__known": notice,
            "voided_at": voided,
            "voided_at__known": _late(random, voided),
            "known_at": _known(random, started),
        }
        rows.append(row)
    rows = _corrected(random, rows, ("mrr", "seats"), "ended_at")
    optional = ("subscription_id", "product", "seats", "renews_at", "notice_by", "auto_renew", "ended_at", "voided_at")
    return _without(random, rows, optional)


def _holdings(random: Random, ids: list[str], count: int) -> list[Row]:
    rows = []
    for _ in range(count):
        started = _some_time(random)
        ended = _maybe(random, _after(random, started, 200), 0.4)
        rows.append(
            {
                "account_id": random.choice(ids),
                "product": random.choice("pqr"),
                "started_at": started,
                "ended_at": ended,
                "ended_at__known": _late(random, ended),
                "known_at": _known(random, started),
            }
        )
    return _without(random, _corrected(random, rows, (), "ended_at"), ("ended_at",))

"""Labels of events against a slow loop over rows that follows the definition word by word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.targets import declare, label
from pipeline.history import History
from pipeline.settings import Settings, parse

DAY_0 = datetime.fromisoformat("2025-01-01")
AS_OF, HORIZON, ACTIVE = 20, 10, 7


@dataclass(frozen=True)
class Row:
    """An interaction; times in days from 2025-01-01."""

    kind: str
    name: str | None
    occurred: int
    known: int
    cancelled: int | None


def visible(rows: list[Row], by: int, inclusive: bool) -> list[Row]:
    """The rows known before day `by` (or by its first instant, inclusive), corrected and not withdrawn."""

    def told(day: int | None) -> bool:
        return day is not None and (day <= by if inclusive else day < by)

    kept = [(place, row) for place, row in enumerate(rows) if (row.known, place) < (by, int(inclusive))]
    latest = {
        row.name: max((other.known, spot) for spot, other in kept if other.name == row.name)[1]
        for _, row in kept
        if row.name is not None
    }
    last = [row for place, row in kept if row.name is None or latest[row.name] == place]
    return [row for row in last if not told(row.cancelled)]


def expected(rows: list[Row], gap: int, settle: int) -> tuple[str, int | None] | None:
    now = visible(rows, AS_OF, inclusive=False)
    if not now:
        return None
    if not any(AS_OF - ACTIVE <= row.occurred < AS_OF for row in now):
        return "outside", None
    start, end = AS_OF + gap, AS_OF + gap + HORIZON
    later = visible(rows, end + settle, inclusive=True)
    return "cohort", int(any(row.kind == "escalation" and start <= row.occurred < end for row in later))


def history(accounts: dict[str, list[Row]]) -> History:
    rows = [(account, row, place) for account, rows in accounts.items() for place, row in enumerate(rows)]

    def times(days: list[int | None]) -> pa.Array:
        return pa.array([None if day is None else DAY_0 + timedelta(days=day) for day in days], pa.timestamp("us"))

    cancelled = times([row.cancelled for _, row, _ in rows])
    # Rows known on one day follow by a microsecond each, so that which of them corrects which is said.
    known = [DAY_0 + timedelta(days=row.known, microseconds=place) for _, row, place in rows]
    columns = {
        "account_id": pa.array([account for account, _, _ in rows], pa.string()),
        "interaction_id": pa.array([row.name for _, row, _ in rows], pa.string()),
        "occurred_at": times([row.occurred for _, row, _ in rows]),
        "kind": pa.array([row.kind for _, row, _ in rows], pa.string()),
        "cancelled_at": cancelled,
        "cancelled_at__known": cancelled,
        "known_at": pa.array(known, pa.timestamp("us")),
    }
    return History({"interactions": pa.table(columns)})


EDGES = (12, 13, 14, 19, 20, 21, 23, 24, 25, 29, 30, 31, 33, 34, 35)
"""Days about the as_of, about the days looked back on, and about the ends of the windows."""
DAYS = st.sampled_from(EDGES) | st.integers(0, 40)


@st.composite
def row(draw: st.DrawFn) -> Row:
    occurred = draw(DAYS)
    return Row(
        draw(st.sampled_from(["escalation", "escalation", "login"])),
        draw(st.sampled_from([None, "i1", "i2"])),
        occurred,
        draw(st.sampled_from([occurred, 0]) | DAYS),
        draw(st.none() | st.none() | DAYS),
    )


@given(
    accounts=st.lists(st.lists(row(), min_size=1, max_size=5), min_size=1, max_size=6),
    gap=st.sampled_from([0, 4]),
    settle=st.sampled_from([0, 3]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_labels_equal_the_slow_loop(accounts: list[list[Row]], gap: int, settle: int) -> None:
    keys = {"kind": "event", "event": "escalation", "value": 1, "active_days": ACTIVE, "min_history_days": 0}
    data = {
        "name": "test",
        "tables": {"interactions": [{"source": "x"}]},
        "targets": {"target": keys | {"horizon": HORIZON, "gap": gap, "settle_days": settle}},
    }
    target = declare(parse(Settings, data, "test.toml"))["target"]
    told = {f"account {number}": rows for number, rows in enumerate(accounts)}
    as_of = (DAY_0 + timedelta(days=AS_OF)).date()
    found = {
        row.account_id: (row.section, None if row.label != row.label else int(row.label))
        for row in label(target, history(told), [as_of], as_of + timedelta(days=target.window.embargo)).itertuples()
    }
    slow = {account_id: expected(rows, gap, settle) for account_id, rows in told.items()}
    assert found == {account_id: row for account_id, row in slow.items() if row is not None}

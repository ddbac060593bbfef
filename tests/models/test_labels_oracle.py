"""Labels by contract against a slow loop over days that follows the definition word by word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.targets import Target, declare, label
from pipeline.history import History
from pipeline.settings import Settings, parse

DAY_0 = datetime.fromisoformat("2025-01-01")
AS_OF, HORIZON = 20, 15
LAST = 120
"""Nothing happens from this day on."""


@dataclass(frozen=True)
class Line:
    """A row of subscriptions; times in days from 2025-01-01. Rows known on one day follow by a microsecond each."""

    name: str
    start: int
    mrr: int
    end: int | None
    notice: int | None
    known: int
    void: int | None


@dataclass(frozen=True)
class Version:
    line: Line
    end: int


def versions(lines: list[Line], by: int, inclusive: bool) -> list[Version]:
    """The versions of lines as known before day `by` (or by its first instant, inclusive)."""

    def told(day: int | None) -> bool:
        return day is not None and (day <= by if inclusive else day < by)

    latest: dict[tuple[str, int], tuple[int, int]] = {}
    for place, line in enumerate(lines):
        if (line.known, place) <= (by, 0) if inclusive else (line.known, place) < (by, 0):
            key = (line.name, line.start)
            latest[key] = max(latest.get(key, (-1, -1)), (line.known, place))
    kept = [lines[place] for _, place in latest.values() if not told(lines[place].void)]
    found = []
    for line in kept:
        notice = line.notice if told(line.notice) else None
        end_told = told(line.notice) if line.notice is not None else told(line.end)
        end = line.end if line.end is not None and end_told else LAST * 2
        following = [other.start for other in kept if other.name == line.name and other.start > line.start]
        bounded = min([end, *following])
        found.append(Version(Line(line.name, line.start, line.mrr, line.end, notice, 0, None), bounded))
    return found


def mrr(known: list[Version], day: int) -> int:
    return sum(version.line.mrr for version in known if version.line.start <= day < version.end)


@dataclass(frozen=True)
class Termination:
    end: int
    certain: int
    again: int


def terminations(known: list[Version], grace: int) -> list[Termination]:
    found, begun = [], 0
    pays = [mrr(known, day) > 0 for day in range(LAST + max(grace, 1))]
    for day in range(1, LAST):
        if pays[day - 1] and not any(pays[day : day + max(grace, 1)]):
            told = []
            for version in known:
                carried_on = any(
                    other.line.name == version.line.name and other.line.start == version.end and other.line.mrr > 0
                    and other.end > other.line.start
                    for other in known
                )  # fmt: skip
                lasted = version.end > version.line.start and version.line.mrr > 0
                if lasted and begun <= version.line.start < day and not carried_on:
                    told.append(version.end if version.line.notice is None else version.line.notice)
            again = next((later for later in range(day, LAST) if pays[later]), LAST * 2)
            found.append(Termination(day, min(max(told), day), again))
            begun = again
    return found


def expected(lines: list[Line], target: Target, grace: int, dated_by: str) -> tuple[str, int, int | None] | None:
    """Section, MRR and label of one account; None when nothing of it is visible."""
    gap = target.window.gap
    start, end = AS_OF + gap, AS_OF + gap + HORIZON
    known = versions(lines, AS_OF, inclusive=False)
    if not known:
        return None
    base = mrr(known, AS_OF)
    if base == 0:
        return "outside", 0, None
    if any(ended.end > AS_OF for ended in terminations(known, grace)):
        return "leaving", base, None
    later = versions(lines, end + target.window.settle_days, inclusive=True)
    if target.kind == "upsell":
        return "cohort", base, int(mrr(later, end - 1) * 10 >= base * 15)
    left = any(
        (ended.certain if dated_by == "notice" else ended.end) < end and ended.again > start
        for ended in terminations(later, grace)
    )
    first = next((day for day in range(LAST) if mrr(later, day) > 0), LAST * 2)
    never = first >= AS_OF + grace and first > start
    return "cohort", base, int(left or never)


def history(accounts: dict[str, list[Line]]) -> History:
    rows = [(account, line, place) for account, lines in accounts.items() for place, line in enumerate(lines)]

    def times(days: list[int | None]) -> pa.Array:
        return pa.array([None if day is None else DAY_0 + timedelta(days=day) for day in days], pa.timestamp("us"))

    columns = {
        "account_id": pa.array([account for account, _, _ in rows], pa.string()),
        "subscription_id": pa.array([f"{account} {line.name}" for account, line, _ in rows], pa.string()),
        "started_at": times([line.start for _, line, _ in rows]),
        "mrr": pa.array([line.mrr * 10_000 for _, line, _ in rows], pa.int64()),
        "ended_at": times([line.end for _, line, _ in rows]),
        "end_known_at": times([line.notice for _, line, _ in rows]),
        "voided_at": times([line.void for _, line, _ in rows]),
        "known_at": pa.array(
            [DAY_0 + timedelta(days=line.known, microseconds=place) for _, line, place in rows], pa.timestamp("us")
        ),
    }
    columns["ended_at__known"] = times([line.end if line.notice is None else line.notice for _, line, _ in rows])
    columns["end_known_at__known"] = columns["end_known_at"]
    columns["voided_at__known"] = columns["voided_at"]
    return History({"subscriptions": pa.table(columns)})


EDGES = (19, 20, 21, 24, 25, 30, 34, 35, 36, 39, 40)
"""Days about the as_of, about the ends of the windows, and a grace apart from them."""


@st.composite
def line(draw: st.DrawFn) -> Line:
    start = draw(st.sampled_from(EDGES) | st.integers(0, 45))
    end = draw(st.none() | st.sampled_from(EDGES).map(lambda day: max(day, start)) | st.integers(start, start + 30))
    notice = None if end is None else draw(st.none() | st.sampled_from(EDGES) | st.integers(0, end + 5))
    known = draw(st.sampled_from([0, start]) | st.integers(0, 40))
    name, amount = draw(st.sampled_from(["s1", "s2"])), draw(st.sampled_from([0, 10, 10, 15]))
    return Line(name, start, amount, end, notice, known, draw(st.none() | st.none() | st.sampled_from(EDGES)))


@st.composite
def account(draw: st.DrawFn) -> list[Line]:
    """Any lines, or a line in force at as_of that another follows on, sooner or later, beside any others."""
    if draw(st.booleans()):
        return draw(st.lists(line(), min_size=0, max_size=4))
    end = draw(st.none() | st.sampled_from(EDGES))
    first = Line("s1", draw(st.integers(0, 18)), 10, end, None, 0, None)
    start = draw(st.sampled_from(EDGES)) if end is None else end + draw(st.sampled_from([0, 1, 4, 5, 6, 9, 10, 11]))
    ends = draw(st.none() | st.integers(start, start + 30))
    notice = None if ends is None else draw(st.none() | st.integers(15, 45))
    follows = Line(
        draw(st.sampled_from(["s1", "s2"])), start, 15, ends, notice, draw(st.sampled_from([0, start])), None
    )
    return [first, follows, *draw(st.lists(line(), max_size=2))]


@given(
    accounts=st.lists(account(), min_size=2, max_size=6).filter(any),
    grace=st.sampled_from([0, 1, 5, 5, 10]),
    gap=st.sampled_from([0, 4]),
    kind=st.sampled_from(["churn notice", "churn end", "upsell"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_labels_equal_the_slow_loop(accounts: list[list[Line]], grace: int, gap: int, kind: str) -> None:
    name, _, dated_by = kind.partition(" ")
    keys = {"dated_by": dated_by} if dated_by else {"min_growth": 0.5, "settle_days": 3}
    data = {
        "name": "test",
        "tables": {"subscriptions": [{"source": "x"}]},
        "targets": {
            "target": {"kind": name, "horizon": HORIZON, "gap": gap, "grace_days": grace, "min_history_days": 0, **keys}
        },
    }
    target = declare(parse(Settings, data, "test.toml"))["target"]
    told = {f"account {number}": lines for number, lines in enumerate(accounts) if lines}
    as_of = (DAY_0 + timedelta(days=AS_OF)).date()
    known_by: date = as_of + timedelta(days=target.window.embargo)
    found = {
        row.account_id: (row.section, int(row.base), None if row.label != row.label else int(row.label))
        for row in label(target, history(told), [as_of], known_by).itertuples()
    }
    slow = {account_id: expected(lines, target, grace, dated_by) for account_id, lines in told.items()}
    assert found == {account_id: row for account_id, row in slow.items() if row is not None}

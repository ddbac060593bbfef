"""as_of dates, and the windows in which labels look ahead."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.asof import DAY, LabelWindow, day_of, instant, moment_of, parse_as_of
from pipeline.errors import AsOfError


def test_an_as_of_is_a_day():
    assert parse_as_of(" 2026-01-31 ") == date(2026, 1, 31)


@pytest.mark.parametrize(
    "text", ["", "today", "31-01-2026", "2026-02-30", "2026-01-31 10:00", "2026-13-01", "20260131x"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(AsOfError, match="as_of must be a day written as YYYY-MM-DD; found"):
        parse_as_of(text)


@pytest.mark.parametrize("text", ["20260131", "2026-W05-6"])
def test_other_ways_of_writing_a_day_are_refused_too(text):
    with pytest.raises(AsOfError, match="YYYY-MM-DD"):
        parse_as_of(text)


@pytest.mark.parametrize("text", ["1899-12-31", "2200-01-01", "0001-01-01", "9999-12-31"])
def test_an_implausible_year_is_refused(text):
    with pytest.raises(AsOfError, match="Check the year"):
        parse_as_of(text)


@pytest.mark.parametrize("text", ["1900-01-01", "2199-12-31"])
def test_the_plausible_years_end_where_they_say(text):
    assert parse_as_of(text).isoformat() == text


def test_an_instant_is_midnight_utc_in_microseconds():
    assert instant(date(1970, 1, 2)) == DAY == 86_400_000_000
    assert instant(date(1969, 12, 31)) == -DAY


@pytest.mark.parametrize(
    ("microseconds", "day"),
    [(0, date(1970, 1, 1)), (DAY - 1, date(1970, 1, 1)), (DAY, date(1970, 1, 2)), (-1, date(1969, 12, 31))],
)
def test_the_day_that_holds_an_instant(microseconds, day):
    assert day_of(microseconds) == day


def test_an_instant_as_a_moment():
    assert moment_of(instant(date(2024, 2, 29)) + 1) == datetime(2024, 2, 29, 0, 0, 0, 1, tzinfo=UTC)


def test_a_label_window_is_half_open():
    start, end = LabelWindow(horizon=60, gap=7).bounds(date(2024, 1, 1))
    assert (day_of(start), day_of(end), day_of(end - 1)) == (date(2024, 1, 8), date(2024, 3, 8), date(2024, 3, 7))


def test_a_label_may_be_used_once_its_window_has_closed_and_settled():
    window = LabelWindow(horizon=60, gap=7, settle_days=3)
    assert window.embargo == 70
    assert window.closed_by(date(2024, 1, 1), date(2024, 3, 11))
    assert not window.closed_by(date(2024, 1, 1), date(2024, 3, 10))
    assert window.last_usable(date(2024, 3, 11)) == date(2024, 1, 1)

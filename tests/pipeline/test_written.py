"""How days and numbers written as texts are recognised: by trying formats over all values."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest

from pipeline.written import WrittenDay, WrittenNumber, written_day, written_number


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def texts(*values):
    return "SELECT unnest([" + ", ".join("NULL" if v is None else f"'{v}'" for v in values) + "]) AS t"


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (("28-07-2023 03:00", "01-02-2023 14:00"), "%d-%m-%Y %H:%M"),
        (("31/12/2024", "01/02/2024"), "%d/%m/%Y"),
        (("12/31/2024", "01/02/2024"), "%m/%d/%Y"),
        (("31.12.24", "01.02.24"), "%d.%m.%y"),
        (("20241231", "20240101"), "%Y%m%d"),
        (("05 Jan 2024", "31 Dec 2024"), "%d %b %Y"),
        (("Jan 31, 2024",), "%b %d, %Y"),
        (("2024/01/31",), "%Y/%m/%d"),
        (("1/13/2024 9:05 AM",), "%m/%d/%Y %I:%M %p"),
    ],
)
def test_the_format_that_reads_all_values_is_found(con, values, form):
    found = written_day(con, texts(*values))
    assert found == WrittenDay(form)


def test_the_last_value_decides(con):
    days = [f"{day:02d}/01/2024" for day in range(1, 13)]
    assert written_day(con, texts(*days)).other == "%m/%d/%Y"
    assert written_day(con, texts(*days, "13/01/2024")) == WrittenDay("%d/%m/%Y")


@pytest.mark.parametrize("values", [("abc",), ("12.5", "13.5"), ("2024-01-31",), ("A-17", "B-18"), (None,), ("",)])
def test_what_is_no_day_or_needs_no_format(con, values):
    assert written_day(con, texts(*values)) is None


def test_some_texts_stand_for_no_day(con):
    found = written_day(con, texts("20240131", "00000000"))
    assert found.blanks
    read = con.execute(f"SELECT {found.sql('t')} FROM ({texts('20240131', '00000000')})").fetchall()
    assert read == [(date(2024, 1, 31),), (None,)]


def test_a_few_unreadable_values_are_counted_and_never_stop_a_run(con):
    days = [f"{day:02d}-01-2024" for day in range(1, 29)] * 3
    assert written_day(con, texts(*days, "n/a")) is None
    found = written_day(con, texts(*days, "n/a"), tolerance=0.05)
    assert found.misses == 1
    assert con.execute(f"SELECT {found.sql('t')} FROM ({texts('n/a', '13-01-2024')})").fetchall() == [
        (None,),
        (date(2024, 1, 13),),
    ]


def test_days_become_days_and_times_times(con):
    assert con.execute(f"SELECT {WrittenDay('%d-%m-%Y').sql('t')} FROM ({texts('31-01-2024')})").fetchall() == [
        (date(2024, 1, 31),)
    ]
    timed = WrittenDay("%d-%m-%Y %H:%M").sql("t")
    assert con.execute(f"SELECT {timed} FROM ({texts('31-01-2024 09:30')})").fetchall() == [
        (datetime.fromisoformat("2024-01-31 09:30"),)
    ]


@pytest.mark.parametrize(
    ("values", "number"),
    [
        (("10,50", "1.234,00", "-3"), [10.5, 1234.0, -3.0]),
        (("1,234.50", "3"), [1234.5, 3.0]),
        (("kr. 1.234,50", "kr. 5,00"), [1234.5, 5.0]),
        (("€ 10,5", "€ -2,0"), [10.5, -2.0]),
        (("1 234,50",), [1234.5]),
        (("$1,234.50",), [1234.5]),
        (("10,50", ""), [10.5, None]),
    ],
)
def test_marks_of_decimals_and_thousands(con, values, number):
    found = written_number(con, texts(*values))
    assert isinstance(found, WrittenNumber)
    assert [row[0] for row in con.execute(f"SELECT {found.sql('t')} FROM ({texts(*values)})").fetchall()] == number


def test_a_comma_before_three_digits_may_be_either(con):
    assert not written_number(con, texts("1,234")).sure
    assert written_number(con, texts("1,234", "0,5")).sure


@pytest.mark.parametrize("values", [("12.5", "3"), ("abc",), ("10,50", "abc"), (None,)])
def test_numbers_that_need_nothing_and_texts_that_are_none(con, values):
    assert written_number(con, texts(*values)) is None

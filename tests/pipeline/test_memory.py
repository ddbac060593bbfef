"""What is made of [run] memory_gb: how many buckets, how many at a time, how many dates in a pass."""

from __future__ import annotations

import pytest

from pipeline.layout import bucket_count
from pipeline.memory import dates_at_once, plan


@pytest.fixture
def planned(firm):
    """Return the plan of a config's [run] and [engine]."""

    def planned(engine=None, **run):
        tables = {"invoices": {"source": "lines.csv"}}
        return plan(firm.settings(run={"workers": 2, **run}, engine=engine or {}, tables=tables))

    return planned


def test_few_rows_are_one_bucket(planned):
    assert planned().buckets(900_000, 10_000) == 1


def test_rows_for_two_workers_are_dealt_though_one_had_room(planned):
    assert planned(memory_gb=8.0).buckets(1_000_000, 10_000) == 2
    assert planned(memory_gb=8.0, workers=1).buckets(1_000_000, 10_000) == 1


# Of 1 GB, 0.35 are the programs'; of the half of the rest two thirds are for rows of 400 bytes: 541,666 of them.
@pytest.mark.parametrize(("gigabytes", "workers", "buckets"), [(1.0, 2, 37), (2.0, 2, 15), (1.0, 1, 19), (1.0, 4, 74)])
def test_twenty_million_rows(planned, gigabytes, workers, buckets):
    assert planned(memory_gb=gigabytes, workers=workers).buckets(20_000_000, 100_000) == buckets


def test_accounts_with_few_rows_are_dealt_by_what_their_features_take(planned):
    # A million accounts x 200 features x 24 bytes are 4.8 GB; a worker has room for 0.108 GB of them.
    assert planned(memory_gb=1.0).buckets(1_000_000, 1_000_000) == 45


def test_uncounted_accounts_are_reckoned_to_have_few_rows(planned):
    assert planned(memory_gb=1.0).buckets(20_000_000) == planned(memory_gb=1.0).buckets(20_000_000, 1_000_000) == 45


def test_the_configs_own_word_on_rows_wins(planned):
    assert planned(rows_per_bucket=100).rows_per_bucket == 100
    assert planned(rows_per_bucket=100).buckets(901, 1) == 10


def test_the_configs_own_word_on_buckets_wins(firm):
    tables = {"invoices": {"source": "lines.csv"}}
    assert bucket_count(20_000_000, firm.settings(engine={"buckets": 7}, tables=tables)) == 7


def test_duckdb_gets_what_the_programs_leave(planned):
    assert planned(memory_gb=2.0).duckdb_gb == pytest.approx(1.65)
    assert planned(memory_gb=0.25).duckdb_gb == pytest.approx(0.125)


def test_on_spark_a_task_has_the_limit_for_itself(planned):
    one = planned(engine={"kind": "spark"}, memory_gb=1.0, workers=4)
    assert (one.workers, one.rows_per_bucket) == (1, 1_083_333)


@pytest.mark.parametrize(
    ("room", "dates"),
    [(10 * 80 * 24 * 13, 13), (10 * 80 * 24 * 13 - 1, 12), (1, 1)],
)
def test_as_many_dates_in_a_pass_as_fit_and_always_one(room, dates):
    assert dates_at_once(room, 10, 80) == dates


def test_a_bucket_without_accounts_is_no_trouble():
    assert dates_at_once(100, 0, 80) == 100


def test_what_people_are_told(planned):
    said = planned(memory_gb=1.0)
    assert said.said(20_000_000, 24) == "1 GB: 24 buckets of about 830,000 rows, 2 at a time"
    assert said.said(4_321, 1) == "1 GB: one bucket of 4,321 rows"
    assert planned(workers=8).said(40, 4) == "2 GB: 4 buckets of about 10 rows, 4 at a time"

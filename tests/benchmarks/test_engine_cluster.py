"""The arithmetic of clusters, on numbers that can be checked by hand."""

from __future__ import annotations

import pytest
from engine.cluster import Cluster, Firm, Rates, cost, daily, stages

FIRM = Firm(accounts=1000, rows=1_000_000_000, days=1000, dates=10, fits=2)
CLUSTER = Cluster(10, cores=10, network_gb=1, disk_gb=4, price=0.1)
RATES = Rates(
    source_bytes=20,
    wire_bytes=50,
    bucket_bytes=25,
    held_bytes=100,
    read=1e-6,
    write=2e-6,
    look=1e-6,
    date=1e-7,
    keep=0,
    fit=1e-3,
    predict=0,
    training_rows=10_000,
)


def test_each_stage_waits_for_what_is_scarcest() -> None:
    found = {stage.name: stage for stage in stages(FIRM, CLUSTER, RATES)}
    assert found["read and map"].seconds == pytest.approx(10)  # 1,000 core seconds on 100 cores
    assert found["read and map"].bound_by == "cores"
    assert found["shuffle"].seconds == pytest.approx(5)  # 50 GB over 10 networks; disks take 2.5
    assert found["shuffle"].bound_by == "network"
    assert found["check, sort and write buckets"].seconds == pytest.approx(20)
    assert found["features at 10 dates"].seconds == pytest.approx(20)  # 1e9 x (1 + 10 x 0.1) us on 100 cores
    assert found["training, on the driver"].seconds == pytest.approx(2)  # 10 s, twice, on 10 cores
    assert found["features at 1 date, and scoring"].seconds == pytest.approx(11)


def test_ten_times_the_workers_leave_training_as_it_is() -> None:
    ten, hundred = (stages(FIRM, Cluster(workers, cores=10, network_gb=1), RATES) for workers in (10, 100))
    shrunk = {a.name: a.seconds / b.seconds for a, b in zip(ten, hundred, strict=True)}
    assert shrunk.pop("training, on the driver") == pytest.approx(1)
    assert list(shrunk.values()) == pytest.approx([10] * 5)


def test_a_morning_reads_its_new_rows_and_writes_two_months() -> None:
    new, months, scoring = daily(FIRM, CLUSTER, RATES)
    assert new.seconds == pytest.approx(0.01 + 0.015)  # 1 million rows; 50 MB three times over 10 workers
    assert months.seconds == pytest.approx(1.2)  # 60 million rows x 2 us on 100 cores
    assert scoring.seconds == pytest.approx(11)


def test_cost_is_that_of_every_core_for_the_whole_time() -> None:
    hours, worker_hours, money = cost(stages(FIRM, CLUSTER, RATES), CLUSTER)
    assert hours == pytest.approx(68 / 3600)
    assert worker_hours == pytest.approx(680 / 3600)
    assert money == pytest.approx(6800 / 3600 * 0.1)

"""Workers: buckets side by side in threads, results in order and never many at a time, errors as they are."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pytest

import pipeline.workers
from pipeline.errors import SettingsError, SourceError
from pipeline.snapshot import open_snapshot, take_snapshot
from pipeline.workers import Threads, share, snapshot_in, workers_for

LINES = "account_id,issued_at,amount\na,2024-05-01,10\nb,2024-05-02,20\n"


@dataclass
class Recorder:
    """A bucket function that notes what was begun, in which thread, and waits as long as it is told to."""

    slow: frozenset[int] = frozenset()
    begun: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def __call__(self, bucket: int) -> pa.Table:
        self.begun.append(bucket)
        self.threads.add(threading.get_ident())
        if bucket in self.slow:
            time.sleep(0.05)
        return pa.table({"bucket": [bucket]})


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_results_come_in_the_order_of_the_buckets(count):
    done = Threads(count).map(Recorder(slow=frozenset({0, 3, 4})), range(7))
    assert [(bucket, table["bucket"].to_pylist()) for bucket, table in done] == [(n, [n]) for n in range(7)]


def test_buckets_are_worked_on_side_by_side():
    together = threading.Barrier(2, timeout=60)

    def meet(bucket: int) -> pa.Table:
        together.wait()  # breaks unless two are in it at once
        return pa.table({"bucket": [bucket]})

    assert len(list(Threads(2).map(meet, range(6)))) == 6


def test_no_more_is_begun_than_can_wait():
    function = Recorder()
    results = Threads(2).map(function, range(100))
    for number in range(10):
        next(results)
        time.sleep(0.01)
        # What the caller holds, what it held before, and two more.
        assert len(function.begun) <= number + 1 + 2
    results.close()
    assert len(function.begun) <= 12


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_comes_through_as_it_is_and_nothing_new_is_begun(count):
    error = SourceError("snapshot file x cannot be read. Build again.")
    begun = []

    def fail(bucket: int) -> pa.Table:
        begun.append(bucket)
        if bucket == 3:
            raise error
        return pa.table({"bucket": [bucket]})

    with pytest.raises(SourceError) as caught:
        list(Threads(count).map(fail, range(100)))
    assert caught.value is error
    assert len(begun) <= 4 + count


def test_an_interrupt_stops_the_work():
    function = Recorder()

    def interrupted() -> None:
        for bucket, _ in Threads(2).map(function, range(1000)):
            if bucket == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    begun = len(function.begun)
    assert begun <= 9
    time.sleep(0.02)
    assert len(function.begun) == begun


def test_one_bucket_is_worked_on_by_the_caller():
    function = Recorder()
    list(Threads(8).map(function, [5]))
    assert function.threads == {threading.get_ident()}


def test_no_bucket_is_no_work():
    assert list(Threads(2).map(Recorder(), [])) == []


def test_the_config_says_how_many(firm):
    settings = firm.settings(run={"workers": 3}, tables={"invoices": {"source": "lines.csv"}})
    assert workers_for(settings) == Threads(3)


def test_spark_that_is_not_installed_is_one_clear_error(firm, monkeypatch):
    settings = firm.settings(engine={"kind": "spark"}, tables={"invoices": {"source": "lines.csv"}})
    monkeypatch.setattr(pipeline.workers, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r'kind = "spark" needs Spark.*pip install "keepgrow\[spark\]"'):
        workers_for(settings)


def test_a_snapshot_is_opened_once_per_process(firm):
    settings = firm.settings(tables={"invoices": {"source": firm.csv("lines.csv", LINES)}})
    taken = take_snapshot(settings, date(2025, 1, 1))
    assert snapshot_in(taken.folder) is snapshot_in(taken.folder)
    share(taken)
    assert snapshot_in(taken.folder) is taken


def test_a_snapshot_that_was_described_anew_is_opened_anew(firm):
    settings = firm.settings(tables={"invoices": {"source": firm.csv("lines.csv", LINES)}})
    folder = take_snapshot(settings, date(2025, 1, 1)).folder
    before = snapshot_in(folder)
    description = (folder / "snapshot.json").read_text()
    (folder / "anew").write_text(description.replace('"buckets": 1', '"buckets": 2'))
    (folder / "anew").replace(folder / "snapshot.json")
    assert (before.buckets, snapshot_in(folder).buckets, open_snapshot(folder).buckets) == (1, 2, 2)


def test_a_folder_without_a_snapshot_is_named(tmp_path):
    with pytest.raises(SourceError, match="holds no readable snapshot"):
        snapshot_in(tmp_path)

"""Kills publishing by force, again and again, and prints as JSON what readers saw and whether a rerun completed.

Called as `drill.py FOLDER TIMES`. The process imports the store and its exports only, and forks for each try: a child
publishes and is killed, while the parent reads.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from pipeline.exports import Sink, export
from pipeline.store import POINTS, Feedback, RunRecord, Store
from pipeline.store.drill import VARIABLE, reached

ROWS, SCORES = 20, 100
AT = datetime(2026, 1, 2, 5, tzinfo=UTC)


def a_run(word: str, day: int) -> tuple[RunRecord, pd.DataFrame, pd.DataFrame]:
    """A run whose every row says `word`, so that a mixture of two lists shows."""
    accounts = [f"a{number:03}" for number in range(SCORES)]
    numbers = {"probability": 0.5, "value_at_stake": 100.0, "expected_value": 50.0}
    scores = pd.DataFrame({"account_id": accounts, "section": "cohort", **numbers})
    rows = scores.head(ROWS).assign(
        section="call", rank=range(1, ROWS + 1), name=word, account_manager="Ann", reasons=[[word]] * ROWS
    )
    record = RunRecord(
        as_of=date(2026, 1, day), target="churn", model_name="keepgrow-churn", model_version="1", model_digest="m",
        feature_digest=word, settings_digest="s", code_version="0", created_at=AT,
        counts={"scored": SCORES, "listed": ROWS, "leaving": 0, "too_new": 0},
    )  # fmt: skip
    return record, rows, scores


OLD, NEW = a_run("old", 1), a_run("new", 2)


class Bench:
    """A folder with a store and its exports, laid anew from `base` for each try.

    The one Store object keeps its compiled statements across forks; its connections are closed before each.
    """

    def __init__(self, base: Path, folder: Path) -> None:
        self.base, self.folder = base, folder
        self.lay()
        self.store = Store(f"sqlite:///{folder}/store.db")

    def lay(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.base, self.folder)

    def publish(self, run: tuple[RunRecord, pd.DataFrame, pd.DataFrame]) -> bool:
        result = self.store.publish(*run, excluded=())
        export(self.store, "churn", [Sink("csv", self.folder / "lists")], AT)
        return result.new

    def seen(self) -> str:
        """What a reader of the store sees: `old` or `new`, or `half` for anything else."""
        run = self.store.published("churn")
        return "half" if run is None else whole(self.store.rows(run.run_id)["name"].tolist())

    def file_seen(self) -> str:
        """What somebody sees who opens the exported list."""
        return whole(pd.read_csv(self.folder / "lists" / "churn.csv")["name"].tolist())

    def after(self, tally: Counter[str]) -> None:
        """Tally what is seen after the kill, then rerun, and tally that."""
        tally[f"list {self.seen()}"] += 1
        tally[f"file {self.file_seen()}"] += 1
        tally["rerun writes" if self.publish(NEW) else "rerun finds it written"] += 1
        audit = [(row["action"], row["sequence"]) for row in self.store.publications()]
        files = sorted(path.name for path in (self.folder / "lists").rglob("*") if path.is_file())
        tally["completed by the rerun"] += (
            self.seen() == self.file_seen() == "new"
            and len(self.store.scores(NEW[0].run_id)) == SCORES
            and audit == [("publish", 2), ("publish", 1)]
            and files == sorted(["churn.csv", f"{OLD[0].run_id}.csv", f"{NEW[0].run_id}.csv"])
        )
        tally["feedback intact"] += self.store.feedback()["feedback_id"].tolist() == ["f1", "f2", "f3"]
        self.store.close()


def whole(names: list[str]) -> str:
    return names[0] if names in (["old"] * ROWS, ["new"] * ROWS) else "half"


def killed(work: Callable[[], object], point: str, watch: Callable[[], object]) -> bool:
    """Run `work` in a child that is to die at `point`, call `watch` meanwhile, and return whether it was killed."""
    child = os.fork()
    if child == 0:
        os.environ[VARIABLE] = point
        work()
        os._exit(0)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        watch()
        time.sleep(0.03)


def at_each_point(bench: Bench, times: int) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Return the tally of each point, and what readers saw while the children were at work."""
    tallies: dict[str, Counter[str]] = {point: Counter() for point in POINTS}
    meanwhile: Counter[str] = Counter()
    for point, tally in tallies.items():
        for _ in range(times):
            bench.lay()
            tally["killed"] += killed(
                lambda: bench.publish(NEW), point, lambda: meanwhile.update([f"list {bench.seen()}"])
            )
            bench.after(tally)
    return tallies, meanwhile


def at_any_moment(bench: Bench, times: int) -> Counter[str]:
    """Kill from outside after a random while, in the middle of whatever is being done."""
    chance, tally = random.Random(7), Counter()
    for _ in range(times):
        bench.lay()
        child = os.fork()
        if child == 0:
            bench.publish(NEW)
            os._exit(0)
        time.sleep(chance.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        bench.after(tally)
    return tally


ROLLBACK = ("begun", "flipped", "committed", "export_begun", "export_written", "export_renamed")
"""The points that a rollback passes, in this order."""


def of_rollbacks(bench: Bench, times: int) -> dict[str, Counter[str]]:
    """Kill the way back from `new` to `old` at each of its points, and go back again."""

    def back() -> None:
        bench.store.rollback("churn", OLD[0].run_id, "ann", AT, excluded=())
        export(bench.store, "churn", [Sink("csv", bench.folder / "lists")], AT)

    tallies: dict[str, Counter[str]] = {point: Counter() for point in ROLLBACK}
    for point, tally in tallies.items():
        for _ in range(times):
            bench.lay()
            bench.publish(NEW)
            bench.store.close()
            tally["killed"] += killed(back, point, lambda: None)
            tally[f"list {bench.seen()}"] += 1
            tally[f"file {bench.file_seen()}"] += 1
            back()
            audit = [(row["action"], row["sequence"]) for row in bench.store.publications()]
            tally["completed by the rerun"] += (
                bench.seen() == bench.file_seen() == "old"
                and bench.store.published("churn").hold is not None
                and audit == [("rollback", 3), ("publish", 2), ("publish", 1)]
            )
            bench.store.close()
    return tallies


def naive(folder: Path, times: int) -> Counter[str]:
    """The negative control: a list overwritten in place, under the same drill and judged by the same test."""
    tally: Counter[str] = Counter()
    connection = sqlite3.connect(folder / "naive.db")
    connection.execute("CREATE TABLE list (name TEXT)")
    connection.close()

    def overwrite() -> None:
        connection = sqlite3.connect(folder / "naive.db", isolation_level=None)
        connection.execute("DELETE FROM list")
        for number in range(ROWS):
            if number == ROWS // 2:
                reached("rows_half_written")
            connection.execute("INSERT INTO list VALUES ('new')")

    for _ in range(times):
        with sqlite3.connect(folder / "naive.db") as connection:
            connection.execute("DELETE FROM list")
            connection.executemany("INSERT INTO list VALUES (?)", [("old",)] * ROWS)
        connection.close()
        tally["killed"] += killed(overwrite, "rows_half_written", lambda: None)
        connection = sqlite3.connect(folder / "naive.db")
        tally[f"list {whole([name for (name,) in connection.execute('SELECT name FROM list')])}"] += 1
        connection.close()
    return tally


def main(folder: Path, times: int) -> None:
    with Store(f"sqlite:///{folder}/base/store.db") as store:
        store.publish(*OLD, excluded=())
        export(store, "churn", [Sink("csv", folder / "base" / "lists")], AT)
        store.add_feedback([Feedback(name, "a001", "called", AT, AT) for name in ("f1", "f2", "f3")])
    bench = Bench(folder / "base", folder / "work")
    gc.freeze()  # a child then copies less of what it was given
    points, meanwhile = at_each_point(bench, times)
    heavy = ("prefect", "mlflow", "lightgbm", "duckdb", "sklearn")
    result = {
        "points": points,
        "meanwhile": meanwhile,
        "rollback": of_rollbacks(bench, times // 4),
        "any moment": at_any_moment(bench, 2 * times),
        "naive": naive(folder, times),
        "imported": [name for name in heavy if name in sys.modules],
    }
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

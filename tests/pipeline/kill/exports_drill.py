"""Kills exports by force at each of their points and at random moments, and prints as JSON what was left behind.

Called as `exports_drill.py FOLDER KIND TIMES`. It forks twice for each try: one child exports and is killed, the other
looks, exports again and looks again. The parent never loads what does not survive a fork.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from pipeline.exports import Sink, export
from pipeline.store import RunRecord, Store
from pipeline.store.drill import VARIABLE

AT = datetime(2026, 1, 2, 5, tzinfo=UTC)
PEOPLE = ("Ann", "Bo", "Cy")
ROWS = 30
POINTS = ("export_begun", "export_written", "export_renamed")


def publish(store: Store, word: str, day: int) -> None:
    """Publish a list whose every row says `word`, so that a mixture of two lists shows."""
    numbers = {"probability": 0.5, "value_at_stake": 100.0, "expected_value": 50.0}
    scores = pd.DataFrame({"account_id": [f"a{number:03}" for number in range(ROWS)], "section": "cohort", **numbers})
    people = [PEOPLE[number % len(PEOPLE)] for number in range(ROWS)]
    rows = scores.assign(
        section="call", rank=range(1, ROWS + 1), name=word, account_manager=people, reasons=[[word]] * ROWS
    )
    record = RunRecord(
        as_of=date(2026, 1, day), target="churn", model_name="keepgrow-churn", model_version="1", model_digest="m",
        feature_digest=word, settings_digest="s", code_version="0", created_at=AT,
        counts={"scored": ROWS, "listed": ROWS, "leaving": 0, "too_new": 0},
    )  # fmt: skip
    store.publish(record, rows, scores, excluded=())


def sink(folder: Path, kind: str) -> Sink:
    return Sink(kind, folder / ("lists.duckdb" if kind == "duckdb" else "lists"), "firm", ("churn",))


def export_all(folder: Path, kind: str) -> str:
    with Store(f"sqlite:///{folder}/store.db") as store:
        return export(store, "churn", [sink(folder, kind)], AT)[0].status


def seen(folder: Path, kind: str) -> list[str]:
    """What each workbook, or the file, says: `old`, `new`, or `half` for anything else."""
    if kind == "duckdb":
        import duckdb

        with duckdb.connect(str(folder / "lists.duckdb"), read_only=True) as database:
            names = [name for (name,) in database.execute("SELECT name FROM lists").fetchall()]
            runs = [shown for (shown,) in database.execute("SELECT shown FROM runs ORDER BY sequence").fetchall()]
        return [whole(names, ROWS) if sum(runs) == 1 and runs[-1] else "half"]
    from openpyxl import load_workbook

    found = []
    for file in sorted((folder / "lists").rglob("*.xlsx")):
        if ".keepgrow-parts" not in file.parts:
            sheet = load_workbook(file)["churn"]
            names = [row[1] for row in sheet.iter_rows(min_row=5, values_only=True)]
            found.append(whole(names, ROWS if file.name == "keepgrow.xlsx" else ROWS // len(PEOPLE)))
    return found if len(found) == 1 + len(PEOPLE) else ["half"]


def whole(names: list[str], expected: int) -> str:
    return names[0] if names in (["old"] * expected, ["new"] * expected) else "half"


def forked(work: Callable[[], object], kill_after: float | None = None) -> bool:
    """Run `work` in a child, killing it after a while where one is given; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def main(folder: Path, kind: str, times: int) -> None:
    base, work, told = folder / "base", folder / "work", folder / "told.json"
    with Store(f"sqlite:///{base}/store.db") as store:
        publish(store, "old", 1)
    forked(lambda: export_all(base, kind))
    with Store(f"sqlite:///{base}/store.db") as store:
        publish(store, "new", 2)

    def look() -> None:
        before = seen(work, kind)
        status = export_all(work, kind)
        left = [str(file) for file in work.rglob("*") if ".keepgrow-parts" in file.parts or file.suffix == ".wal"]
        told.write_text(json.dumps({"before": before, "after": seen(work, kind), "status": status, "left": left}))

    def one(tally: Counter[str], kill_after: float | None = None) -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(base, work)
        told.unlink(missing_ok=True)
        tally["killed"] += forked(lambda: export_all(work, kind), kill_after)
        os.environ.pop(VARIABLE, None)
        forked(look)
        result = json.loads(told.read_text())
        tally[" and ".join(sorted(set(result["before"])))] += 1
        tally["completed"] += set(result["after"]) == {"new"} and result["status"] == "done" and not result["left"]

    tallies: dict[str, Counter[str]] = {point: Counter() for point in POINTS}
    for point, tally in tallies.items():
        for _ in range(times):
            os.environ[VARIABLE] = point
            one(tally)
    shutil.rmtree(work)
    shutil.copytree(base, work)
    begun = time.monotonic()
    forked(lambda: export_all(work, kind))
    duration = time.monotonic() - begun
    chance, any_moment = random.Random(7), Counter[str]()
    for _ in range(2 * times):
        one(any_moment, chance.uniform(0, duration))
    sys.stdout.write(json.dumps({"points": tallies, "any moment": any_moment}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

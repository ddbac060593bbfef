"""How long a workbook takes: `python tests/benchmarks/workbook_speed.py [ROWS]` prints CPU seconds and memory."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.exports.excel.book import write_book
from pipeline.exports.excel.contents import contents
from pipeline.store import Run

REASONS = (
    "7 tickets in the last 90 days (typical: 0)",
    "187 units of use in the last 365 days (typical: 4,204)",
    "4 different contacts in the last 365 days (typical: 1)",
)


def a_list(rows: int) -> tuple[Run, pd.DataFrame]:
    """One list of so many accounts to call, with everything that a row can have."""
    share = np.random.default_rng(0).random(rows)
    frame = pd.DataFrame({
        "account_id": [f"A{number:07d}" for number in range(rows)], "section": "call", "rank": range(1, rows + 1),
        "manager_rank": range(1, rows + 1), "name": [f"Company {number} Ltd" for number in range(rows)],
        "account_manager": [f"Manager {number % 200}" for number in range(rows)], "team": "West",
        "probability": share, "band": "High, about 7 in 10", "observed_rate": share, "observed_low": share * 0.9,
        "observed_high": share, "value_at_stake": share * 1e4, "expected_value": share * 1e3,
        "reasons": [list(REASONS)] * rows, "play": "Call the contact", "change": "up 2", "previous_probability": share,
    })  # fmt: skip
    run = Run(
        as_of=date(2026, 1, 31), target="churn", model_name="m", model_version="1", model_digest="m",
        feature_digest="f", settings_digest="s", code_version="0", created_at=datetime(2026, 1, 31, tzinfo=UTC),
        counts={"scored": rows, "listed": rows},
    )  # fmt: skip
    return run, frame


def main(rows: int) -> None:
    lists = [a_list(rows // 2)] * 2  # two sheets; the third share of a workbook's rows is the accounts not scored
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "keepgrow.xlsx"
        begun = time.process_time()
        note = write_book(file, contents(lists, (), "en"), "demo", "en")
        seconds, size = time.process_time() - begun, file.stat().st_size / 1e6
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    sys.stdout.write(f"{rows} rows: {seconds:.1f} s of CPU, {size:.1f} MB, {memory:.2f} GB at most. {note or ''}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000)

"""Make the company at a size that does not fit into memory, read it and check it, each in a process of its own.

    uv run python tests/benchmarks/million_accounts.py [--accounts 1000000] [--years 1] [--truth] [--snapshot]
        [--folder FOLDER]

prints per step its seconds, its processor time and the most memory it held. A million accounts over a year are 82
million rows in 1.8 GB of files; checking them wants about 15 GB of disk beside them. The folder is deleted
afterwards, unless a company was there before.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "demo.toml"

MAKE = """
import sys
from pipeline.synthetic import make_company
made = make_company(sys.argv[1] + "/company", int(sys.argv[2]), int(sys.argv[3]), truth=sys.argv[4] == "truth")
print(f"{sum(made.rows.values()):,} rows")
"""
SNAPSHOT = """
import sys
from datetime import date
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
taken = take_snapshot(read_settings(sys.argv[1] + "/demo.toml"), date(2026, 1, 1))
print(f"{taken.buckets} buckets")
"""


@dataclass(frozen=True)
class Step:
    """What a process took: seconds, seconds of processor time, gigabytes at most, and what it printed."""

    seconds: float
    processor: float
    peak_gb: float
    printed: str

    def __str__(self) -> str:
        return f"{self.seconds:.0f} s, {self.processor:.0f} s of processor time, {self.peak_gb:.2f} GB at most"


def step(*command: str) -> Step:
    """Run a command to its end; raises RuntimeError when it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        running = subprocess.Popen([sys.executable, *command], stdout=out, stderr=subprocess.STDOUT, env=environment)
        # Not running.wait(): only wait4 says what this one process used.
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read()
    if running.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {running.returncode}:\n{printed}")
    return Step(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6, printed)


def prepare(folder: Path) -> None:
    (folder / "company").mkdir(parents=True, exist_ok=True)
    shutil.copy(CONFIG, folder / "demo.toml")


def make(folder: Path, accounts: int, years: int, truth: bool) -> Step:
    return step("-c", MAKE, str(folder), str(accounts), str(years), "truth" if truth else "no truth")


def validate(folder: Path) -> Step:
    return step("-m", "flows.cli", "validate", "--config", str(folder / "demo.toml"))


def snapshot(folder: Path) -> Step:
    return step("-c", SNAPSHOT, str(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--truth", action="store_true", help="write the truth as well, which takes as long again")
    parser.add_argument("--folder", type=Path, help="where to work; a company that is there already is used")
    parser.add_argument("--snapshot", action="store_true", help="write the snapshot as well, as a run would")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="million-"))
    there = (folder / "company" / "rates.parquet").exists()
    try:
        prepare(folder)
        if not there:
            made = make(folder, options.accounts, options.years, options.truth)
            print(f"make: {made}; {made.printed.strip()}", flush=True)
        checked = validate(folder)
        print(f"validate: {checked}\n{checked.printed.strip()}", flush=True)
        if options.snapshot:
            taken = snapshot(folder)
            print(f"snapshot: {taken}; {taken.printed.strip()}", flush=True)
    finally:
        if not there:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

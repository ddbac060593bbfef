"""Measure the engine and write RESULTS.md; `--help` lists the options."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from engine.cases import Cases
from engine.chapters import CHAPTERS, FULL, ON_REQUEST, QUICK
from engine.report import render
from engine.runner import BESIDE, Runner, say

RESULTS = BESIDE / "RESULTS.md"


def main() -> None:
    """Run the chapters asked for, and write the results of these and of earlier runs in the same work folder."""
    every = CHAPTERS | ON_REQUEST
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the data; results stay in the work folder")
    parser.add_argument("--only", action="append", choices=every, help="a chapter alone; may be given several times")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the results that are there")
    parser.add_argument(
        "--work", type=Path, help="folder for data and results (10 GB); default: the system's temporary"
    )
    options = parser.parse_args()
    scale = QUICK if options.quick else FULL
    work = options.work or Path(tempfile.gettempdir()) / "keepgrow-benchmarks"
    runner = Runner(work / ("quick" if options.quick else "full"))
    cases = Cases(runner)
    started = time.perf_counter()
    # Ended from outside, it still writes what it has, and ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for name in () if options.render else options.only or CHAPTERS:
            say(f"-- {name}")
            every[name](cases, scale)
    finally:
        cases.drop_all()
        results = runner.work / "RESULTS.md" if options.quick else RESULTS
        results.write_text(render(runner.records, scale), encoding="utf-8")
        for folder in ("kept", "tables"):
            shutil.rmtree(runner.work / folder, ignore_errors=True)
        say(f"{results} written, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()

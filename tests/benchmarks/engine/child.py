"""The measuring side inside a measured process: time and memory of what the process does after its imports.

Imports the standard library alone, as contenders run in environments of their own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Stopwatch:
    """Times the parts of a measurement: seconds, and seconds of processor time over all threads."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, float]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started, used = time.perf_counter(), time.process_time()
        yield
        self.parts[name] = {
            "seconds": time.perf_counter() - started,
            "processor": time.process_time() - used,
            "peak_gb": peak_gb(),
        }


def median(work: Callable[[], None], most: int = 0, enough: float = 20) -> dict[str, float]:
    """Do `work` up to `most` times, as often as begins within `enough` seconds; return the median run and `runs`.

    Without `most`, as often as the environment's BENCH_RUNS says, else three times.
    """
    most = most or int(os.environ.get("BENCH_RUNS", "3"))
    found: list[dict[str, float]] = []
    while len(found) < most and sum(each["seconds"] for each in found) < enough:
        watch = Stopwatch()
        with watch.part("run"):
            work()
        found.append(watch.parts["run"])
    middle = sorted(found, key=lambda each: each["seconds"])[(len(found) - 1) // 2]
    return middle | {"peak_gb": found[-1]["peak_gb"], "runs": len(found)}


def peak_gb() -> float:
    """Return the most memory this process held so far, in 10^9 bytes (VmHWM).

    Not ru_maxrss, which a new process inherits from the one that started it.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e9
    return float("nan")


def run(measure: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Run `measure` with the job that the command line names, and write what it returns beside the job.

    Adds `seconds`, `processor` and `peak_gb` of the whole of `measure` where it does not give them itself.
    """
    file = Path(sys.argv[1])
    job = json.loads(file.read_text(encoding="utf-8"))
    watch = Stopwatch()
    with watch.part("whole"):
        result = measure(job)
    file.with_suffix(".result.json").write_text(json.dumps(watch.parts["whole"] | result), encoding="utf-8")

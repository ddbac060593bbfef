"""The processes that run Spark's tasks on a cluster of one machine."""

from __future__ import annotations

import subprocess


def executors(driver: int) -> list[int]:
    """Return the process ids of the driver's executors."""
    listed = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [int(pid) for pid, parent, args in rows if "CoarseGrainedExecutorBackend" in args and parent == str(driver)]

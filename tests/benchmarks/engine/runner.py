"""Runs measurements, each in a process of its own under a time limit, and keeps what they found as JSON."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).parents[1]
"""The folder that holds this package."""

ROOT = BESIDE.parents[1]

Record = dict[str, Any]
"""What a measurement found: `status` "ok" with `seconds`, `processor`, `peak_gb` and more; "late" with `limit`;
"failed" with `error`."""


@dataclass
class Runner:
    """Runs measurements in `work`, and keeps their records in `work/results.json`, each as soon as it is there."""

    work: Path
    limit: float = 300
    """Seconds after which a measurement is ended, unless it has a limit of its own."""
    environment: dict[str, str] = field(default_factory=dict)
    package: str = "engine"
    """Whose modules are run."""

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)

    @property
    def _file(self) -> Path:
        return self.work / "results.json"

    @property
    def records(self) -> dict[str, Record]:
        """All records so far, those of earlier runs included."""
        return json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}

    def keep(self, name: str, record: Record) -> Record:
        """Put a record in the place of an earlier one of the same name."""
        temporary = self._file.with_suffix(".writing")
        temporary.write_text(json.dumps(self.records | {name: record}, indent=1), encoding="utf-8")
        temporary.replace(self._file)
        say(f"{name}: {summary(record)}")
        return record

    def measure(
        self, name: str, module: str, job: Record, limit: float | None = None, needs: Sequence[str] = ()
    ) -> Record:
        """Run `python -m PACKAGE.MODULE` on a job, and keep its record under `name`.

        `needs` are packages of an environment of its own, which uv makes; without them it runs in this one. Never
        raises for what the measurement does: a failure is a record too.
        """
        return self.keep(name, self.run(module, job, limit, needs))

    def run(self, module: str, job: Record, limit: float | None = None, needs: Sequence[str] = ()) -> Record:
        """See `measure`; nothing is kept."""
        limit = limit or self.limit
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(dir=self.work) as room:
            file, result = Path(room) / "job.json", Path(room) / "job.result.json"
            file.write_text(json.dumps(job), encoding="utf-8")
            command = [*_python(needs), "-m", f"{self.package}.{module}", str(file)]
            with (Path(room) / "errors").open("w+") as errors:
                status = self._end(command, limit, errors)
                errors.seek(0)
                said = errors.read().strip()
            if status is None:
                return {"status": "late", "limit": limit, "load": load}
            if status or not result.exists():
                return {"status": "failed", "error": last_line(said) or f"ended with {status}", "load": load}
            return {"status": "ok", "load": load} | json.loads(result.read_text(encoding="utf-8"))

    def _end(self, command: list[str], limit: float, errors: Any) -> int | None:
        """Return a command's status, None when it was ended at the limit with all that it started."""
        path = os.pathsep.join(map(str, (BESIDE, ROOT)))
        environment = {**os.environ, "PYTHONPATH": path, **self.environment}
        environment.pop("VIRTUAL_ENV", None)
        environment["UV_COMPILE_BYTECODE"] = "0"  # half a minute per environment that is used once
        running = subprocess.Popen(
            command, cwd=self.work, env=environment, stdout=errors, stderr=errors, start_new_session=True
        )
        try:
            return running.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


def _python(needs: Sequence[str]) -> list[str]:
    if not needs:
        return [sys.executable]
    packages = [word for package in needs for word in ("--with", package)]
    return [
        os.environ.get("UV", "uv"),
        "run",
        "--quiet",
        "--isolated",
        "--no-project",
        "--python",
        "3.11",
        *packages,
        "python",
    ]


def last_line(text: str) -> str:
    """Return the error that a process ended with, or the last line of what it said, without paths."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Exit|Interrupt): ", line)]
    line = (errors or lines or [""])[-1]
    return " ".join(Path(word).name if word.count("/") > 1 else word for word in line.split())


def summary(record: Record) -> str:
    """Return a record in a line."""
    if record["status"] == "late":
        return f"more than {record['limit']:.0f} s"
    if record["status"] == "failed":
        return f"failed: {record['error']}"
    if "seconds" not in record:
        return "done"
    return f"{record['seconds']:.1f} s, {record['processor']:.1f} s of processor time, {record['peak_gb']:.2f} GB"


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201

"""Scoring: its throughput beside LightGBM's own, and a million accounts from their tables to published lists."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.child import run


def throughput(job: dict[str, Any]) -> dict[str, Any]:
    """Return what `scoring_throughput.run` found, numbers by name."""
    import scoring_throughput

    return {"found": scoring_throughput.run(job["rows"], job["features"])}


def million(job: dict[str, Any]) -> dict[str, Any]:
    """Return per step of `million_scored.run` its seconds, processor seconds and peak GB."""
    import million_scored

    with TemporaryDirectory(dir=job["folder"]) as folder:
        steps = million_scored.run(
            Path(folder), job["accounts"], job["rows"], job["dates"], job["memory_gb"], list(million_scored.STEPS)
        )
    return {
        "steps": {
            name: {"status": "ok", "seconds": step.seconds, "processor": step.processor, "peak_gb": step.peak_gb}
            for name, step in steps.items()
        }
    }


if __name__ == "__main__":
    run(lambda job: million(job) if job["do"] == "million" else throughput(job))

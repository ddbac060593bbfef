"""Runs contenders, never two at once, and keeps their predictions by what they depend on.

A prediction is kept as `<key>.parquet` with its record `<key>.json`, the key being a digest of the exported rows, the
contender's own files and what it was asked for: a second run only refits what changed. Failures are tried again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.runner import ROOT, Runner, say, summary

from quality.catalogue import Contender
from quality.digests import digest_of, digest_of_files

Plain = dict[str, Any]
HERE = Path(__file__).parent
LONGEST = 7200.0
"""Seconds that a contender may take for a target's folds, beside those that it is given to search in."""


@dataclass(frozen=True)
class Asked:
    """How contenders are run: the work folder of a case, and what all of them are told."""

    work: Path
    quick: bool
    final: bool
    threads: int
    automl_seconds: float

    def seconds(self, contender: Contender, folds: int) -> float | None:
        """Return the seconds for one fold: a target's, shared out over its earlier folds; None: as long as it takes.

        The final fold gets as much as one of the others, so that computing it changes nothing of them.
        """
        return self.automl_seconds / max(1, folds) if contender.timed else None


def key(contender: Contender, fold: Plain, seconds: float | None) -> str:
    """Return what the predictions of a contender for a fold depend on, as a digest."""
    rows = [fold["digest"], *([fold["visible_digest"]] if contender.raw else [])]
    code = digest_of_files([HERE / f"contenders/{contender.module}.py", HERE / "fold.py"])
    code += _sources(contender.sources)
    settings = fold["settings"] if contender.module == "ours" else None
    return digest_of(contender.name, contender.needs, rows, code, settings, seconds)[:24]


@lru_cache
def _sources(names: tuple[str, ...]) -> str:
    files: list[Path] = []
    for name in names:
        path = ROOT / name
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return digest_of_files(files)


def kept(contender: Contender, fold: Plain, asked: Asked, folds: int) -> Path:
    """Return where the predictions of a contender for a fold lie, without their ending."""
    name = f"{contender.name}-{key(contender, fold, asked.seconds(contender, folds))}"
    return asked.work / "predictions" / fold["target"] / fold["test"] / name


def record_of(out: Path) -> Plain | None:
    """Return what is known of a prediction; None: it was never asked for, or something that it depends on changed."""
    file = out.with_suffix(".json")
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def run(contender: Contender, folds: Iterable[Plain], asked: Asked, runner: Runner) -> None:
    """Predict those of a target's folds that are not predicted yet, in a process of its own; failures are recorded."""
    folds = list(folds)
    earlier = sum(not fold["final"] for fold in folds)
    missing = []
    for fold in folds:
        out = kept(contender, fold, asked, earlier)
        known = record_of(out)
        if known is None or known["status"] != "ok":
            out.parent.mkdir(parents=True, exist_ok=True)
            out.with_suffix(".json").unlink(missing_ok=True)
            seconds = asked.seconds(contender, earlier)
            missing.append({"folder": fold["folder"], "out": str(out), "seconds": seconds})
    if not missing:
        return
    first = folds[0]
    say(f"{first['case']}, {first['target']}: {contender.title.strip('*')}, {len(missing)} of {len(folds)} folds")
    job = {
        "folds": missing,
        "name": contender.name,
        "case": first["case"],
        "work": str(asked.work),
        "quick": asked.quick,
        "final": asked.final,
        "threads": asked.threads,
    }
    limit = LONGEST + 2 * sum(each["seconds"] or 0 for each in missing)
    found = runner.run(f"contenders.{contender.module}", job, limit, contender.needs)
    for each in missing:
        out = Path(each["out"])
        if not out.with_suffix(".json").exists():
            whole = found if found["status"] != "ok" else {"status": "failed", "error": "it wrote no predictions"}
            out.with_suffix(".json").write_text(json.dumps(whole), encoding="utf-8")
        said = record_of(out) or {}
        say(f"  {out.parent.name}: {_summary(said)}")


def _summary(record: Plain) -> str:
    if record.get("status") != "ok":
        return summary(record)
    note = f", {record['note']}" if record["note"] else ""
    return f"{record['seconds']:.0f} s, {record['processor']:.0f} s of processor time{note}"

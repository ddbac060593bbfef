"""Compare keepgrow's predictions with peers' and write QUALITY.md; `--help` lists the options."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

from engine.runner import BESIDE, Runner, say, summary

from quality import figures
from quality.cases import CASES, TITLES
from quality.catalogue import CONTENDERS, SHARED_OUT
from quality.judging import Fitted, judge
from quality.report import Part, render
from quality.running import Asked, kept, record_of, run

RESULTS = BESIDE / "QUALITY.md"
EXPORTING = 3600.0
QUICK_SECONDS = 20.0
Plain = dict[str, Any]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="make bench-quality", description=__doc__)
    names = (*(contender.name for contender in CONTENDERS), *figures.FIGURES)
    made.add_argument(
        "--only", action="append", choices=names, help="a contender or a script of figures alone; several times"
    )
    made.add_argument("--case", action="append", choices=CASES, help="a case alone, without other scripts' figures")
    made.add_argument(
        "--quick", action="store_true", help="one fold and a small company; the report stays in the work folder"
    )
    made.add_argument(
        "--automl-seconds",
        type=float,
        help=f"for each AutoML contender and target, shared out over its folds; default {SHARED_OUT:.0f}",
    )
    made.add_argument("--final", action="store_true", help="compute the final fold too: once, after all choices")
    made.add_argument("--render", action="store_true", help="run nothing, write the report of what is there")
    made.add_argument("--threads", type=int, default=2, help="processor threads of a contender; default 2")
    made.add_argument(
        "--work", type=Path, help="folder for data and predictions (3 GB); default: the system's temporary"
    )
    return made


def main() -> None:
    """Export the cases, run what is asked for, and write the report of all that is there."""
    options = parser().parse_args()
    work = options.work or Path(tempfile.gettempdir()) / "keepgrow-quality"
    work = work.resolve() / ("quick" if options.quick else "full")
    seconds = options.automl_seconds or (QUICK_SECONDS if options.quick else SHARED_OUT)
    runner = Runner(work, environment={"OMP_WAIT_POLICY": "PASSIVE"}, package="quality")
    wanted = [name for name in figures.FIGURES if name in (options.only or (() if options.case else figures.FIGURES))]
    started = time.perf_counter()
    # Ended from outside, it still writes what it has, and ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed: dict[str, str] = {}
    exports: dict[str, list[Plain]] = {}
    asked = {
        case: Asked(work / case, options.quick, options.final, options.threads, seconds)
        for case in CASES
        if not options.case or case in options.case
    }
    try:
        for case, each in asked.items():
            exports[case] = _exported(case, each, runner, options.render or _figures_alone(options.only), failed)
        if not options.render:
            for case, each in asked.items():
                _run(exports[case], case, each, runner, options.only)
            for name in wanted:
                figures.measure(name, work, options.quick)
    finally:
        parts = [part for case, each in asked.items() for part in _parts(exports.get(case, []), case, each)]
        measured = {name: figures.read(name, work) for name in figures.FIGURES}
        results = work / "QUALITY.md" if options.quick else RESULTS
        page = results.read_text(encoding="utf-8") if results.exists() else ""
        results.write_text(render(parts, measured, seconds, options.quick, failed, page), encoding="utf-8")
        say(f"{results} written, {time.perf_counter() - started:.0f} s")


def _figures_alone(only: list[str] | None) -> bool:
    return bool(only) and set(only or ()) <= set(figures.FIGURES)


def _exported(case: str, asked: Asked, runner: Runner, as_it_was: bool, failed: dict[str, str]) -> list[Plain]:
    """Return the folds of a case, exported anew; or as an earlier run left them."""
    known = asked.work / "exports.json"
    if not as_it_was:
        say(f"{case}: exporting")
        job = {"case": case, "work": str(asked.work), "quick": asked.quick, "final": asked.final}
        found = runner.run("export", job, EXPORTING)
        say(f"{case}: {summary(found)}")
        if found["status"] != "ok":
            failed[TITLES[case]] = summary(found)
            return []
        known.write_text(json.dumps(found["folds"], indent=1), encoding="utf-8")
    if not known.exists():
        return []
    return [fold for fold in json.loads(known.read_text(encoding="utf-8")) if asked.final or not fold["final"]]


def _targets(folds: list[Plain]) -> dict[str, list[Plain]]:
    return {
        name: [fold for fold in folds if fold["target"] == name] for name in dict.fromkeys(f["target"] for f in folds)
    }


def _run(folds: list[Plain], case: str, asked: Asked, runner: Runner, only: list[str] | None) -> None:
    for own in _targets(folds).values():
        for contender in CONTENDERS:
            if case in contender.cases and (not only or contender.name in only):
                run(contender, own, asked, runner)


def _parts(folds: list[Plain], case: str, asked: Asked) -> list[Part]:
    """Judge every target of a case on its earlier folds, and on the final one where it was asked for."""
    parts = []
    for target, every in _targets(folds).items():
        earlier = sum(not fold["final"] for fold in every)
        for part, final in (("earlier", False), ("final", True)):
            own = [fold for fold in every if fold["final"] == final]
            if not own:
                continue
            fitted = {}
            for contender in CONTENDERS:
                if case in contender.cases:
                    outs = [kept(contender, fold, asked, earlier) for fold in own]
                    fitted[contender.name] = Fitted(outs, [record_of(out) for out in outs])
            judged = judge([Path(fold["folder"]) for fold in own], fitted)
            which = ", final fold" if final else ", earlier folds pooled" if case == "online_retail" else ""
            parts.append(Part((case, target, part), f"{TITLES[case]}: {target}{which}", own, fitted, judged))
    return parts


if __name__ == "__main__":
    main()

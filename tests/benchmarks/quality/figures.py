"""Figures that other scripts of this folder's parent measure: run one after another, and told in the same report.

Each is run as `python tests/benchmarks/NAME.py [--quick] --json FILE` and writes {"title", "command", "rows": [{"what",
"value", "aim", "met"}], "note"}; a status other than 0 means that it did not run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.runner import BESIDE, ROOT, last_line, say
from engine.tables import table

from quality.catalogue import CODE
from quality.digests import digest_of, digest_of_files

FIGURES = ("interval_coverage", "leaks", "drift", "horizons", "shuffled_labels", "calibration", "notes_worth")
LIMIT = 3600.0
Plain = dict[str, Any]


def measure(name: str, work: Path, quick: bool, script: Path | None = None) -> Plain:
    """Return what a script measured, from an earlier run where nothing that it depends on has changed since."""
    script = script or BESIDE / f"{name}.py"
    out = work / "figures" / f"{name}.json"
    if not script.exists():
        return keep(out, {"error": f"{script.name} is not there"})
    files = [script, *(file for folder in CODE for file in sorted((ROOT / folder).rglob("*.py")))]
    key = digest_of(digest_of_files(files), quick)
    found = read(name, work)
    if found and found.get("key") == key and "error" not in found:
        return found
    say(f"figures: {name}")
    out.parent.mkdir(parents=True, exist_ok=True)
    written = out.with_suffix(".writing")
    written.unlink(missing_ok=True)
    command = [sys.executable, str(script), *(["--quick"] if quick else []), "--json", str(written)]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return keep(out, {"error": f"more than {LIMIT:.0f} s"})
    if ended.returncode or not written.exists():
        return keep(out, {"error": last_line(ended.stderr) or f"ended with {ended.returncode}"})
    try:
        told = json.loads(written.read_text(encoding="utf-8"))
        rows = [{field: row[field] for field in ("what", "value", "aim", "met")} for row in told["rows"]]
        plain = {"title": told["title"], "command": told["command"], "rows": rows, "note": told.get("note", "")}
    except (ValueError, KeyError, TypeError) as error:
        return keep(out, {"error": f"its JSON is not of the form agreed on: {type(error).__name__}: {error}"})
    return keep(out, plain | {"key": key})


def keep(out: Path, found: Plain) -> Plain:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def read(name: str, work: Path) -> Plain | None:
    """Return what an earlier run found."""
    file = work / "figures" / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


BEFORE = "As an earlier run measured it."


def section(name: str, found: Plain | None, page: str = "") -> str:
    """Return a script's part of the report: what it measured, or as `page`, the report so far, tells it."""
    if found is None:
        return _told_before(name, page) or f"## {name}\n\nNot measured.\n"
    if "error" in found:
        return f"## {name}\n\nDid not run: {found['error']}.\n"
    rows = [[row["what"], figure(row["value"]), row["aim"], met(row["met"])] for row in found["rows"]]
    note = f"\n{found['note']}\n" if found["note"] else ""
    return f"## {found['title']}\n\n`{found['command']}`\n\n{table(('', 'measured', 'aim', ''), rows)}{note}"


def _told_before(name: str, page: str) -> str | None:
    command = f"`python tests/benchmarks/{name}.py`"
    for piece in re.split(r"^(?=## )", page, flags=re.MULTILINE):
        if f"\n\n{command}\n\n" in piece:
            return piece if BEFORE in piece else piece.replace(f"{command}\n", f"{command}\n\n{BEFORE}\n", 1)
    return None


def figure(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def met(held: bool | None) -> str:
    return "" if held is None else "met" if held else "**missed**"

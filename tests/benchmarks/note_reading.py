"""How fast notes are read while tables are staged.

    python tests/benchmarks/note_reading.py [--notes 1000000] [--quick] [--json FILE]

reads the made-up company's notes, each made different from all others, on one thread as staging does, and stages ten
million rows without a text with and without the reading. Aims: 50,000 notes per second of CPU; rows without a text cost
nothing that shows. Printed whatever comes out.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.synthetic import make_company
from pipeline.texts.in_sql import READ_TEXT, teach
from pipeline.texts.numbers import PHONE_REGIONS

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def notes(folder: Path, count: int) -> pa.Table:
    """Return so many texts, no two the same."""
    make_company(folder, 2_000, 2, seed=3, truth=False)
    column = pq.read_table(folder / "interactions.parquet", columns=["text"])["text"]
    texts = [text for text in column.to_pylist() if text]
    return pa.table({"text": [f"{texts[n % len(texts)]} {_word(n)}" for n in range(count)]})


def _word(number: int) -> str:
    """Return a word of small letters that no other number gives."""
    letters = ""
    while number:
        number, rest = divmod(number, 20)
        letters += "bcdfghjklmnpqrstvwxz"[rest]
    return f"q{letters}"


def measure(texts: pa.Table, rows: int) -> dict[str, float]:
    """Return notes read per second of CPU, and the seconds of CPU that rows without a text take, read and not read."""
    reading = f"CASE WHEN text IS NOT NULL THEN {READ_TEXT}(text) END"
    with duckdb.connect() as con:
        teach(con, PHONE_REGIONS, ())
        con.execute("SET threads = 1")
        con.register("texts", texts)
        con.execute(f"CREATE TABLE empty AS SELECT range AS n, CAST(NULL AS VARCHAR) AS text FROM range({rows})")
        seconds = []
        for query in (
            f"SELECT {reading} AS said FROM texts",
            f"SELECT n, {reading} AS said FROM empty",
            "SELECT n, text AS said FROM empty",
        ):
            started = time.process_time()
            con.execute(f"CREATE OR REPLACE TABLE made AS {query}")
            seconds.append(time.process_time() - started)
    return {"notes_per_second": len(texts) / seconds[0], "empty_read": seconds[1], "empty_copied": seconds[2]}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--notes", type=int, default=1_000_000)
    asked.add_argument("--quick", action="store_true", help="20,000 notes, a million rows")
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as room:
        texts = notes(Path(room), 20_000 if given.quick else given.notes)
    found = measure(texts, 1_000_000 if given.quick else 10_000_000)
    print(f"notes read per second of CPU  {found['notes_per_second']:10,.0f}   aim 50,000")
    print(f"rows without a text, seconds  {found['empty_read']:10.2f}   {found['empty_copied']:.2f} when only copied")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

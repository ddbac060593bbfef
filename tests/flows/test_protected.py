"""A protected attribute and the words of notes, followed through a whole run: nothing of either may be kept."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

MARKER = "zq7-protected"
SHOWN = "zq7-shown"

WORDS = (
    "Zacharina",
    "Quistgaard",
    "zq@words.example",
    "+45 31 22 44 66",
    "DK5000400440116243",
    "zq7-words",
    "too dear",
)
"""What the notes hold: people, addresses, numbers, and words that are read."""

ACCOUNTS = """
[[tables.interactions]]
source = "events.csv"

[accounts]
features = ["segment"]
constant = ["segment"]

[[tables.accounts]]
source = "accounts.csv"
[tables.accounts.columns]
account_id = "account_id"
name = "name"
segment = "segment"
health = { column = "belief", role = "exclude" }

[[sinks]]
kind = "parquet"
folder = "lists"

[[sinks]]
kind = "excel"
folder = "lists"

[[sinks]]
kind = "duckdb"
file = "lists/lists.duckdb"
"""


def everything(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file under `folder` with all it says: what may be compressed is read out."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        said = file.read_bytes()
        if file.suffix == ".parquet":
            table = pq.read_table(file, partitioning=None)
            said += repr((table.schema, table.to_pylist())).encode()
        elif said.startswith(b"SQLite format 3"):
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
                said += "\n".join(database.iterdump()).encode()
        elif zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                said += b"\n".join(archive.read(name) for name in archive.namelist())
        elif file.suffix == ".duckdb":
            with duckdb.connect(str(file), read_only=True) as database:
                tables = [name for (name,) in database.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
                said += "\n".join(repr(database.execute(f'FROM "{name}"').fetchall()) for name in tables).encode()
        yield file, said


def write_notes(file: Path, accounts: list[str]) -> None:
    """Write a note on each account; one of them has got into the column of another one's quantity."""
    text = (
        "Zacharina Quistgaard (zq@words.example, +45 31 22 44 66) finds the price too dear, "
        "pay into DK5000400440116243. zq7-words"
    )
    lines = ["interaction_id,account_id,kind,occurred_at,quantity,text"]
    lines += [f'n{n},{account},note,2024-03-0{1 + n % 9} 10:00:00,,"{text}"' for n, account in enumerate(accounts)]
    lines.append(f'slipped,{accounts[0]},note,2024-03-01 10:00:00,"{text}",')
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def test_a_protected_attribute_and_the_words_of_notes_are_kept_nowhere(tiny: Any, inside: Callable[..., Any]) -> None:
    folder = tiny.config.parent
    accounts = sorted({line.split(",")[0] for line in tiny.lines()[1:]})
    rows = [f"{account},{SHOWN} {account},s{n % 2},{MARKER}-{n % 3}" for n, account in enumerate(accounts)]
    (folder / "accounts.csv").write_text("\n".join(["account_id,name,segment,belief", *rows, ""]), encoding="utf-8")
    write_notes(folder / "events.csv", accounts)
    tiny.edit("[targets.churn]", ACCOUNTS + "\n[targets.churn]")
    said = inside("run", "--config", tiny.config, "--json", folder / "said.json")
    assert said.code == 0, said.err
    kept = dict(everything(folder))
    del kept[folder / "accounts.csv"], kept[folder / "events.csv"], kept[tiny.config]
    # The search would find it: what may be shown is found in the snapshot, in the store and in the sink.
    found = {file.relative_to(folder).parts[0] for file, words in kept.items() if SHOWN.encode() in words}
    assert {"state", "lists"} <= found
    endings = {file.suffix for file, words in kept.items() if SHOWN.encode() in words}
    assert {".parquet", ".csv", ".xlsx", ".duckdb", ".html"} <= endings
    for file, words in kept.items():
        assert MARKER.encode() not in words, file
    assert any("mlruns" in file.parts or "mlflow" in str(file) for file in kept)
    # What was read of the notes is there, in the snapshot and nowhere with a word of theirs.
    assert any(b"'note_topics': 'price payment'" in words for words in kept.values())
    for words in (MARKER, *WORDS):
        assert not [file for file, held in kept.items() if words.encode() in held], words
        assert words not in said.out + said.err
    assert MARKER not in said.out + said.err + json.dumps(json.loads((folder / "said.json").read_text()))

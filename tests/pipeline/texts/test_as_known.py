"""Texts on their way from a source to features: read once, as of when they were known, and not kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.catalogue import features_for
from features.engine import build_features
from pipeline.errors import KeepgrowError
from pipeline.settings import AccountSettings, Settings, parse
from pipeline.snapshot import take_snapshot
from pipeline.staging import stage
from pipeline.validate import validate

DAY = date(2025, 6, 1)
ROWS = """account_id,kind,occurred_at,interaction_id,text,known_at
a,note,2025-03-01 10:00:00,n1,Very pleased with support,2025-03-01 12:00:00
a,note,2025-03-01 10:00:00,n1,"Not happy at all, price far too high",2025-04-10 09:00:00
a,call,2025-05-01 10:00:00,c1,,2025-05-01 10:00:00
"""


def firm(folder: Path, rows: str = ROWS, **more: object) -> Settings:
    (folder / "events.csv").write_text(rows, encoding="utf-8")
    tables = {"interactions": [{"source": "events.csv"}]}
    given = {"name": "firm", "folder": folder, "file": "firm.toml", "tables": tables, **more}
    return parse(Settings, given, "firm.toml")


def test_a_corrected_text_takes_the_place_of_the_first_from_when_it_was_known(tmp_path: Path) -> None:
    snapshot = take_snapshot(firm(tmp_path), DAY)
    features = features_for(snapshot.columns, AccountSettings())
    built = build_features(snapshot.history(0), [date(2025, 3, 1), date(2025, 4, 10), date(2025, 4, 11)], features)
    assert len(built) == 2  # on 1 March at midnight the note was not known
    first, second = built["note_sentiment_last"]
    assert first > 0.5 > -0.5 > second
    assert [*snapshot.columns["interactions"]] == [
        "account_id", "occurred_at", "kind", "interaction_id", "note_sentiment", "note_topics", "known_at",
    ]  # fmt: skip


def test_what_is_stored_is_a_number_and_topics(tmp_path: Path) -> None:
    snapshot = take_snapshot(firm(tmp_path), DAY)
    rows = [row for file in snapshot.folder.rglob("*.parquet") if "interactions" in str(file) for row in _rows(file)]
    assert sorted((row["note_topics"] or "", row["note_sentiment"]) for row in rows) == [
        ("", None), ("price", -6200), ("support praise", 6100),
    ]  # fmt: skip
    assert "text" not in {name for row in rows for name in row}


def _rows(file: Path) -> list[dict]:
    return pq.read_table(file, partitioning=None).to_pylist()


def test_another_reading_of_the_same_rows_is_another_snapshot(tmp_path: Path) -> None:
    rows = ROWS.replace("Very pleased with support", "Visma called them")
    plain, named = (firm(tmp_path, rows, **more) for more in ({}, {"texts": {"competitors": ["Visma"]}}))
    assert take_snapshot(plain, DAY).digest != take_snapshot(named, DAY).digest
    assert plain.digest() != named.digest()


def test_the_file_of_the_stage_holds_no_words(tmp_path: Path) -> None:
    settings = firm(tmp_path)
    with stage(settings, DAY) as staged:
        staged.con.execute("CHECKPOINT")
        files = [file.read_bytes() for file in settings.state_folder.rglob("*") if file.is_file()]
        assert any(b"staged_interactions" in held for held in files)
        assert not any(b"pleased" in held or b"happy" in held for held in files)


def test_a_source_cannot_give_what_is_read_from_texts(tmp_path: Path) -> None:
    settings = firm(tmp_path, ROWS.replace("text,", "note_topics,"))
    assert "note_topics" not in take_snapshot(settings, DAY).columns["interactions"]
    mapped = {"account_id": "account_id", "note_topics": "note_topics"}
    with pytest.raises(KeepgrowError, match=r"columns\.note_topics: no such column in the contract"):
        firm(tmp_path, tables={"interactions": [{"source": "events.csv", "columns": mapped}]})


def test_unknown_regions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeepgrowError, match=r"texts.*unknown region 'DN'"):
        firm(tmp_path, texts={"phone_regions": ["DN"]})


def test_no_finding_quotes_a_text_about_people(tmp_path: Path) -> None:
    words = "Jens Hansen (jens@x.example) was rude"
    rows = (
        "account_id,kind,occurred_at,quantity\n"
        + f"a,call,2025-03-01,{words}\na,call,2025-03-02,Jens\n"
        + 60 * ("a,call,2025-03-03,5\n")
    )
    said = json.dumps(validate(firm(tmp_path, rows), DAY).as_data())
    assert "quantity unreadable" in said
    assert "Jens" not in said
    columns = {name: name for name in ("account_id", "kind", "occurred_at")} | {
        "quantity": {"sql": "CAST(quantity AS DOUBLE)"}
    }
    with pytest.raises(KeepgrowError, match="cannot compute") as error:
        take_snapshot(
            firm(tmp_path, rows, tables={"interactions": [{"source": "events.csv", "columns": columns}]}), DAY
        )
    assert "Jens" not in str(error.value)

"""The room in which tables are read: within a stated memory, on the state folder's disk, and gone afterwards."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import Settings, read_settings
from pipeline.staging import stage

AS_OF = date(2025, 6, 1)

CONFIG = """
name = "one"
state = "state"
[run]
memory_gb = {memory}
[training]
threads = 1
[[tables.interactions]]
source = "events.csv"
[[tables.account_links]]
source = "links.csv"
"""


def _settings(folder: Path, memory: float = 0.5) -> Settings:
    (folder / "events.csv").write_text("account_id,occurred_at,kind,text\nA,2025-01-02 10:00:00,note,Ane rang\n")
    (folder / "links.csv").write_text("old_id,new_id\nB,A\n")
    (folder / "one.toml").write_text(CONFIG.format(memory=memory))
    return read_settings(folder / "one.toml")


def test_duckdb_is_given_the_stated_memory_and_a_room_of_its_own(tmp_path: Path) -> None:
    with stage(_settings(tmp_path), AS_OF) as staged:
        ((memory, room, threads),) = staged.ask(
            "SELECT current_setting('memory_limit'), current_setting('temp_directory'), current_setting('threads')"
        )
        assert memory == "238.4 MiB"  # a quarter of a gigabyte of 10**9 bytes, half of what the run may take
        assert Path(room).parent == tmp_path / "state"
        assert threads == 1
    assert not list((tmp_path / "state").iterdir())


def test_the_room_is_emptied_after_an_error_too(tmp_path: Path) -> None:
    def fail() -> None:
        with stage(_settings(tmp_path), AS_OF):
            assert list((tmp_path / "state").iterdir())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list((tmp_path / "state").iterdir())


def test_too_little_memory_to_work_in_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"memory_gb.*0\.25"):
        _settings(tmp_path, 0.1)


def test_memory_is_no_part_of_what_a_list_rests_on(tmp_path: Path) -> None:
    assert _settings(tmp_path, 0.5).digest() == _settings(tmp_path, 4.0).digest()


def test_the_words_of_notes_are_read_and_gone_from_the_stage_on(tmp_path: Path) -> None:
    with stage(_settings(tmp_path), AS_OF) as staged:
        assert staged.ask("SELECT text, note_sentiment, note_topics FROM staged_interactions") == [("", 0, None)]
        assert "text" not in staged.tables["interactions"].stored
        assert {"kind", "occurred_at", "note_sentiment", "note_topics"} <= set(staged.tables["interactions"].stored)

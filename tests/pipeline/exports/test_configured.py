"""Sinks as the config names them: everything wrong is said at once, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import SettingsError, SinkError
from pipeline.exports import Sink, check_writable, configured_sinks
from pipeline.settings import Settings, parse

BASE = {
    "name": "firm",
    "tables": {"invoices": [{"source": "x.csv"}]},
    "targets": {"churn": {"kind": "churn"}, "upsell": {"kind": "upsell"}},
    "lists": {"language": "da"},
}


def settings(folder: Path, *sinks: dict[str, str]) -> Settings:
    return parse(Settings, BASE | {"sinks": list(sinks), "folder": folder, "file": "firm.toml"}, "firm.toml")


def test_sinks_know_the_config_its_targets_and_its_language(tmp_path):
    found = configured_sinks(
        settings(tmp_path, {"kind": "excel", "folder": "books"}, {"kind": "duckdb", "file": "lists.duckdb"})
    )
    assert found == [
        Sink("excel", tmp_path / "books", "firm", ("churn", "upsell"), "da"),
        Sink("duckdb", tmp_path / "lists.duckdb", "firm", ("churn", "upsell"), "da"),
    ]
    assert [sink.name for sink in found] == [f"excel:{tmp_path}/books", f"duckdb:{tmp_path}/lists.duckdb"]


def test_everything_wrong_is_said_at_once(tmp_path):
    wrong = settings(
        tmp_path,
        {"kind": "exel", "folder": "a"},
        {"kind": "duckdb", "folder": "b"},
        {"kind": "csv", "file": "c"},
        {"kind": "excel", "folder": " "},
    )
    with pytest.raises(SettingsError) as raised:
        configured_sinks(wrong)
    assert str(raised.value) == (
        "firm.toml: sinks.0.kind: there is no export of kind 'exel'; did you mean 'excel'?; "
        'sinks.1.file: duckdb needs file = "FILE"; sinks.1.folder: duckdb takes a file, not a folder; '
        'sinks.2.folder: csv needs folder = "FOLDER"; sinks.2.file: csv takes a folder, not a file; '
        'sinks.3.folder: excel needs folder = "FOLDER"'
    )


def test_the_same_sink_twice_is_refused(tmp_path):
    twice = [{"kind": "csv", "folder": "a"}, {"kind": "csv", "folder": "./a"}]
    with pytest.raises(SettingsError, match=r"csv to .*/a is there twice; take one out"):
        configured_sinks(settings(tmp_path, *twice))


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel", "duckdb"])
def test_a_place_that_can_be_written_is_and_stays_free(lists, kind):
    where = lists.folder / "new" / "deep"
    assert check_writable([Sink(kind, where)], lists.store) == []
    assert not (lists.folder / "new").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel", "duckdb"])
def test_a_new_sink_that_cannot_be_written_stops_the_run(lists, kind):
    (lists.folder / "file").write_text("in the way")
    with pytest.raises(SinkError, match=r"file is a file, and a folder is needed there.*Nothing was done yet"):
        check_writable([Sink(kind, lists.folder / "file" / "deep")], lists.store)


def test_a_folder_where_a_database_should_be(lists):
    with pytest.raises(SinkError, match="is a folder, and a file is needed there"):
        check_writable([Sink("duckdb", lists.folder)], lists.store)


def test_a_sink_that_has_worked_holds_nothing_back(lists):
    lists.publish(rows=[{}])
    sink = lists.sink("csv")
    lists.export(sink)
    sink.where.rename(lists.folder / "away")
    sink.where.write_text("a share that is not mounted")
    (said,) = check_writable([sink], lists.store)
    assert said.startswith(f"the sink {sink.name} cannot be written: {sink.where} is a file")
    assert said.endswith("It held lists before, so the run goes on.")

"""A snapshot taken on a cluster and one taken here: the same digest, findings and files, and the same refusals."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.engines import take_snapshot
from pipeline.errors import KeepgrowError
from pipeline.settings import Settings, parse
from pipeline.snapshot import Snapshot
from tests.spark.odd_firm import odd_firm

DAY = date(2025, 7, 1)
TARGETS = {
    "gone": {"kind": "event", "event": "churned", "horizon": 30},
    "lost": {"kind": "event", "event": "lost", "horizon": 30},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("odd")


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, Any]:
    return odd_firm(folder)


def settings_of(folder: Path, tables: dict[str, Any], engine: dict[str, Any]) -> Settings:
    data = {"name": "odd", "state": f"state-{engine['kind']}", "folder": folder, "tables": tables, "targets": TARGETS}
    return parse(Settings, {**data, "engine": {**engine, "buckets": 4}}, "odd.toml")


def both(folder: Path, tables: dict[str, Any], cluster: dict[str, Any]) -> tuple[Settings, Settings]:
    return settings_of(folder, tables, {"kind": "embedded"}), settings_of(folder, tables, cluster)


def refusal(settings: Settings) -> tuple[type[KeepgrowError], str]:
    with pytest.raises(KeepgrowError) as told:
        take_snapshot(settings, DAY)
    return type(told.value), str(told.value)


def files_of(snapshot: Snapshot) -> dict[str, bytes]:
    return {
        str(file.relative_to(snapshot.folder)): file.read_bytes()
        for file in snapshot.folder.rglob("*")
        if file.is_file() and file.name != "snapshot.json"
    }


def test_the_snapshot_is_the_same_to_the_byte(folder: Path, tables: dict[str, Any], cluster: dict[str, Any]) -> None:
    here, there = (take_snapshot(settings, DAY) for settings in both(folder, tables, cluster))
    described = [json.loads((each.folder / "snapshot.json").read_text()) for each in (here, there)]
    assert described[0] == described[1]
    assert files_of(here) == files_of(there)
    assert there.folder.parent.name == "snapshots"
    (lost,) = (row for row in there.findings.rows if row.rule == "no row of kind 'lost'")
    assert lost.example == "kinds present: login, visit, call, churned, ticket"
    assert [path.name for path in there.folder.parent.iterdir()] == [there.folder.name]  # and nothing half-written
    # That much is to be told of these tables; fewer findings would compare less.
    assert {row.rule.split(":")[0] for row in there.findings.rows} >= {
        "issued_at implausible", "occurred_at implausible", "issued_at unreadable", "account_id missing",
        "known_at implausible", "merged into an account with a row of its own",
        "same interaction_id under several accounts",
        "same account_id, invoice_id, known_at", "before the first contract began", "stopped being filled",
        "no row of kind 'lost'", "churned, yet a contract line is open", "several rates for one day", "ended_at open",
    }  # fmt: skip


def test_a_snapshot_that_is_there_stays_where_it_is(
    folder: Path, tables: dict[str, Any], cluster: dict[str, Any]
) -> None:
    here, there = (each.model_copy(update={"state": "state-of-both"}) for each in both(folder, tables, cluster))
    before = take_snapshot(here, DAY).folder
    written = {file: file.stat().st_ino for file in before.rglob("*.parquet")}
    again = take_snapshot(there, DAY)
    assert again.folder == before
    assert {file: file.stat().st_ino for file in before.rglob("*.parquet")} == written
    assert json.loads((before / "snapshot.json").read_text())["parts_written"] == 0
    assert [path.name for path in before.parent.iterdir()] == [before.name]


def test_rows_that_break_the_contract_are_told_alike(
    folder: Path, tables: dict[str, Any], cluster: dict[str, Any]
) -> None:
    without_rates = {name: sources for name, sources in tables.items() if name != "rates"}
    here, there = (refusal(settings) for settings in both(folder, without_rates, cluster))
    assert here == there
    assert "currency without a rate: USD" in there[1]
    assert not list((folder / "state-spark" / "snapshots").glob("writing-*"))


def test_a_source_that_fails_while_it_is_read_is_told_alike(
    folder: Path, tables: dict[str, Any], cluster: dict[str, Any]
) -> None:
    (billing,) = tables["invoices"]
    broken = {**billing, "columns": {**billing["columns"], "amount": {"sql": "CAST(value AS INTEGER)"}}}
    here, there = (refusal(settings) for settings in both(folder, {**tables, "invoices": [broken]}, cluster))
    assert here == there
    assert "columns.amount: cannot compute CAST(value AS INTEGER)" in there[1]

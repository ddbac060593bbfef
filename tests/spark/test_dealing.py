"""A worker that does not see what the driver sees says which file, in one sentence."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import SourceError, StoreError
from pipeline.settings import Settings, parse
from pipeline.spark.dealing import FAULT, Deal
from pipeline.spark.splitting import all_parts, links_file, rates_file
from pipeline.staging import empty_stage, map_table, read_table
from pipeline.tables import TABLES

DAY = date(2026, 1, 1)
SAME = "the driver and all workers see the same files, such as a mounted volume."


@pytest.fixture
def deal(tmp_path: Path) -> Iterator[Deal]:
    """Three parts: a file whose rows are found through another table, a query's rows, and a file."""
    room = tmp_path / "room"
    room.mkdir()
    (tmp_path / "invoices.csv").write_text("account_id,issued_at,amount\na,2025-01-01,10\n")
    (tmp_path / "links.csv").write_text("old_id,new_id\na,b\n")
    (tmp_path / "rates.csv").write_text("currency,rate_on,rate\nUSD,2025-01-01,0.9\n")
    (tmp_path / "calls.csv").write_text("order_id,occurred_at\n1,2025-01-02\n")
    (tmp_path / "orders.csv").write_text("order_id,account_id\n1,a\n")
    columns = {"occurred_at": "occurred_at", "kind": {"const": "call"}}
    through = {"source": "orders.csv", "on": "order_id"}
    tables = {
        "interactions": [{"source": "calls.csv", "account_through": through, "columns": columns}],
        "invoices": [
            {"select": "SELECT 'c' AS account_id, DATE '2025-01-01' AS issued_at, 5 AS amount"},
            {"source": "invoices.csv"},
        ],
        "account_links": [{"source": "links.csv"}],
        "rates": [{"source": "rates.csv"}],
    }
    settings = parse(Settings, {"name": "firm", "folder": tmp_path, "file": "firm.toml", "tables": tables}, "firm.toml")
    with empty_stage(settings, DAY) as stage:
        for name in ("account_links", "rates"):
            read_table(stage, TABLES[name])
        mapped = {name: map_table(stage, TABLES[name]) for name in ("interactions", "invoices")}
        parts = all_parts(stage, mapped, room)
        yield Deal(settings, DAY, mapped, parts, 2, links_file(stage, room), rates_file(stage, room), room)


def dealt(deal: Deal, position: int) -> list[dict]:
    batch = pa.RecordBatch.from_arrays([pa.array([position])], ["id"])
    return [row for batch in deal(iter([batch])) for row in batch.to_pylist()]


def fault(deal: Deal, position: int) -> Exception:
    last = dealt(deal, position)[-1]
    assert last["bucket"] == FAULT
    return pickle.loads(last["payload"])


def test_all_is_dealt_where_all_is_seen(deal: Deal) -> None:
    assert [sum(row["rows"] for row in dealt(deal, n) if row["bucket"] >= 0) for n in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("position", "file_of"),
    [
        (2, lambda deal: deal.links),
        (2, lambda deal: deal.rates),
        (0, lambda deal: deal.parts[0].through),
        (1, lambda deal: deal.parts[1].file),
    ],
    ids=["links", "rates", "through", "staged on the driver"],
)
def test_a_file_of_the_driver_that_is_not_seen_is_named(
    deal: Deal, position: int, file_of: Callable[[Deal], str]
) -> None:
    file = file_of(deal)
    Path(file).unlink()
    told = fault(deal, position)
    assert type(told) is StoreError
    assert str(told) == f"a worker does not see {file}: the state folder must lie where {SAME}"
    assert not hasattr(told, "__notes__")


def test_a_state_folder_that_is_not_seen_is_told_before_any_row_is_read(deal: Deal) -> None:
    deal.room.rename(deal.room.with_name("elsewhere"))
    told = fault(deal, 2)
    assert type(told) is StoreError
    assert str(told) == f"a worker does not see {deal.room}: the state folder must lie where {SAME}"


def test_a_source_that_is_not_seen_is_named(deal: Deal) -> None:
    file = Path(deal.parts[2].file)
    file.unlink()
    told = fault(deal, 2)
    assert type(told) is SourceError
    asked = (
        rf"firm\.toml: tables\.invoices\[1\]\.source: a worker does not see {re.escape(str(file))}: sources must lie .*"
    )
    assert re.fullmatch(asked, str(told))

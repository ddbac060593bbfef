"""The made-up company: its tables keep the contract's names, show what real extracts show, and repeat byte for byte."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.settings import read_settings
from pipeline.synthetic import make_company
from pipeline.tables import TABLES
from pipeline.validate import validate

END = datetime(2026, 1, 1, tzinfo=UTC)
WRITTEN = ("accounts", "interactions", "invoices", "subscriptions", "exclusions", "account_links", "rates")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    make_company(folder, accounts=2000, years=2)
    return folder


@pytest.fixture(scope="module")
def frames(demo: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(demo / f"{name}.parquet") for name in WRITTEN}


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.parquet"))
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    make_company(tmp_path / "a", accounts=60, years=1, seed=3)
    make_company(tmp_path / "b", accounts=60, years=1, seed=3)
    make_company(tmp_path / "c", accounts=60, years=1, seed=4)
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")
    assert _digests(tmp_path / "a")["interactions.parquet"] != _digests(tmp_path / "c")["interactions.parquet"]
    assert sorted(_digests(tmp_path / "a")) == sorted(
        [*(f"{name}.parquet" for name in WRITTEN), *(f"truth/{name}.parquet" for name in
         ("accounts", "notices", "probabilities", "states"))]
    )  # fmt: skip


@pytest.mark.parametrize(("accounts", "years"), [(0, 2), (10, 0)])
def test_refuses_a_company_of_nothing(tmp_path: Path, accounts: int, years: int) -> None:
    with pytest.raises(ValueError, match="at least one account and one year"):
        make_company(tmp_path, accounts, years)
    assert not list(tmp_path.iterdir())


def test_one_account_over_one_year_is_a_company(tmp_path: Path) -> None:
    company = make_company(tmp_path, accounts=1, years=1)
    assert company.rows["accounts"] >= 1
    assert company.first_day == date(2025, 1, 2)


@pytest.mark.parametrize("table", WRITTEN)
def test_columns_are_those_of_the_contract_and_times_are_utc(demo: Path, table: str) -> None:
    schema = pq.read_schema(demo / f"{table}.parquet")
    contract = TABLES[table].by_name
    assert set(schema.names) <= set(contract)
    assert set(TABLES[table].required) <= set(schema.names)
    for field in schema:
        if contract[field.name].kind == "time":
            assert field.type == pa.timestamp("us", tz="UTC"), field.name


def test_an_account_and_year_take_at_most_eighty_rows_and_the_demo_at_most_400_000(
    frames: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    rows = sum(len(frame) for frame in frames.values())
    assert 150_000 < rows < 320_000
    assert rows <= 80 * 2000 * 2
    one = make_company(tmp_path, accounts=500, years=1)
    assert sum(one.rows.values()) <= 80 * 500


def test_the_demo_is_made_in_seconds(tmp_path: Path) -> None:
    started = time.process_time()
    make_company(tmp_path, accounts=2000, years=2)
    assert time.process_time() - started < 10  # 3 s on an idle machine


def test_nothing_is_known_after_the_end(frames: dict[str, pd.DataFrame]) -> None:
    for name in ("accounts", "interactions", "invoices", "subscriptions"):
        assert frames[name]["known_at"].max() < END, name
    for name, late in (
        ("interactions", "closed_at"),
        ("interactions", "cancelled_at"),
        ("invoices", "paid_at"),
        ("invoices", "voided_at"),
        ("subscriptions", "end_known_at"),
    ):
        assert frames[name][late].max() < END, late


def test_rows_arrive_late_and_some_invoices_are_backdated(frames: dict[str, pd.DataFrame]) -> None:
    for name, happened in (("interactions", "occurred_at"), ("invoices", "issued_at")):
        delay = (frames[name]["known_at"] - frames[name][happened]).dt.days
        late = ((delay >= 1) & (delay < 60)).mean()
        assert 0.01 < late < 0.10, name


def test_meetings_are_booked_ahead_and_some_are_cancelled_before_they_happen(frames: dict[str, pd.DataFrame]) -> None:
    meetings = frames["interactions"].query("kind == 'meeting'")
    meetings = meetings[meetings["occurred_at"].dt.year > 1900]
    assert (meetings["occurred_at"] > END).sum() > 20
    assert (meetings["known_at"] < meetings["occurred_at"]).all()
    cancelled = meetings.dropna(subset="cancelled_at")
    assert 0.05 < len(cancelled) / len(meetings) < 0.5
    assert (cancelled["cancelled_at"] < cancelled["occurred_at"]).all()
    assert (cancelled["cancelled_at"] >= cancelled["known_at"]).all()


def test_corrections_repeat_the_id_and_are_known_later(frames: dict[str, pd.DataFrame]) -> None:
    for name, key, value in (("interactions", "interaction_id", "quantity"), ("invoices", "invoice_id", "amount")):
        frame = frames[name]
        repeated = frame[frame.duplicated(key, keep=False)].sort_values([key, "known_at"])
        assert len(repeated) > 50
        first, second = repeated.iloc[0::2], repeated.iloc[1::2]
        assert (first[key].to_numpy() == second[key].to_numpy()).all()
        assert (first["known_at"].to_numpy() < second["known_at"].to_numpy()).all()
        assert (first[value].to_numpy() != second[value].to_numpy()).mean() > 0.3


def test_some_invoices_are_voided_some_are_credit_notes_and_some_are_never_paid(
    frames: dict[str, pd.DataFrame],
) -> None:
    invoices = frames["invoices"]
    assert 0.002 < invoices["voided_at"].notna().mean() < 0.02
    assert 0.002 < (invoices["amount"] < 0).mean() < 0.02
    old = invoices[(invoices["amount"] > 0) & invoices["voided_at"].isna() & (invoices["due_at"] < "2025-07-01")]
    assert 0.001 < old["paid_at"].isna().mean() < 0.02


def test_a_few_rows_are_wrong(frames: dict[str, pd.DataFrame]) -> None:
    known = set(frames["accounts"]["account_id"])
    interactions, invoices = frames["interactions"], frames["invoices"]
    assert 1 <= (~interactions["account_id"].isin(known)).sum() <= 20
    assert 1 <= (interactions["occurred_at"].dt.year < 1900).sum() <= 20
    assert 1 <= np.isnan(invoices["amount"]).sum() <= 5


def test_notice_is_known_before_the_contract_ends_and_only_the_last_version_ends(
    frames: dict[str, pd.DataFrame],
) -> None:
    lines = frames["subscriptions"].sort_values(["subscription_id", "started_at"])
    ended = lines.dropna(subset="ended_at")
    days = (ended["ended_at"] - ended["end_known_at"].dt.floor("D")).dt.days
    assert set(days) == {30, 60}
    assert ended["end_reason"].notna().all()
    last = ~lines.duplicated("subscription_id", keep="last")
    assert last[ended.index].all()
    assert (ended["ended_at"] > END).any(), "some have given notice and pay until later"
    assert (lines["mrr"] > 0).all()


def test_some_leavers_come_back_within_the_grace_and_some_later(frames: dict[str, pd.DataFrame]) -> None:
    lines = frames["subscriptions"]
    ends = lines.groupby("account_id")["ended_at"].min().dropna()
    back = lines[lines["account_id"].isin(ends.index)]
    gap = (back["started_at"] - back["account_id"].map(ends)).dt.days
    gap = gap[gap >= 0]
    assert ((gap >= 5) & (gap < 30)).sum() >= 3
    assert ((gap >= 30) & (gap < 45)).sum() >= 1


def test_accounts_have_managers_names_and_segments_and_some_have_nobody(frames: dict[str, pd.DataFrame]) -> None:
    accounts = frames["accounts"]
    newest = accounts.sort_values("known_at").drop_duplicates("account_id", keep="last")
    links = frames["account_links"]
    assert len(newest) == 2000 + len(links)
    newest = newest[~newest["account_id"].isin(links["old_id"])]
    assert newest["account_manager"].nunique() == 13  # one for about 150 accounts
    assert 0.01 < newest["account_manager"].isna().mean() < 0.06
    assert set(newest["segment"]) == {"small", "medium", "large"}
    assert newest["name"].str.len().min() > 5
    assert len(accounts) > len(newest), "some changed hands: a later version"


def test_a_few_accounts_are_excluded_for_now_for_good_or_no_longer(frames: dict[str, pd.DataFrame]) -> None:
    excluded = frames["exclusions"]
    assert len(excluded) == 8
    assert set(excluded["account_id"]) <= set(frames["accounts"]["account_id"])
    assert excluded["until"].isna().any()
    assert excluded["until"].notna().any()


def test_the_demo_config_maps_every_column_and_dates_on_which_the_truth_is_known(demo: Path, root: Path) -> None:
    settings = read_settings(root / "configs" / "demo.toml")
    for name in ("accounts", "interactions", "invoices", "subscriptions", "account_links", "rates"):
        (mapping,) = settings.tables[name]
        assert mapping.source == f"company/{name}.parquet"
        assert set(mapping.columns) == set(pq.read_schema(demo / f"{name}.parquet").names)
        assert all(source.column == column for column, source in mapping.columns.items())
    assert settings.run.as_of == END.date()
    dates = [settings.training.first_as_of, *settings.evaluate.folds, settings.evaluate.final]
    assert all(day is not None and (END.date() - day).days % 7 == 0 for day in dates)
    assert settings.training.every_days % 7 == 0


def test_validate_finds_what_is_wrong_and_nothing_that_stops_a_run(demo: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text((root / "configs" / "demo.toml").read_text())
    (tmp_path / "company").symlink_to(demo)
    found = validate(read_settings(tmp_path / "demo.toml"), END.date())
    assert not found.errors
    counts = {(row.table, row.rule): row.count for row in found.rows}
    merged = counts.pop(("accounts", "merged into an account with a row of its own"))
    assert merged == len(pq.read_table(demo / "account_links.parquet"))
    # Where one of two versions of a row got a wrong account, its id is found under both.
    counts.pop(("interactions", "same interaction_id under several accounts"), 0)
    assert set(counts) == {
        ("interactions", "account not in accounts"),
        ("interactions", "occurred_at implausible"),
        ("invoices", "amount not finite"),
    }
    assert all(count <= 20 for count in counts.values())

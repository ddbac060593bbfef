"""The made-up company's second currency and its accounts with two ids: in the tables, and without effect on labels."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import make_company, oracle

END = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    make_company(folder / "company", accounts=1500, years=2, truth=True)
    return folder


@pytest.fixture(scope="module")
def frames(folder: Path) -> dict[str, pd.DataFrame]:
    return {file.stem: pd.read_parquet(file) for file in (folder / "company").glob("*.parquet")}


def test_accounts_in_denmark_pay_in_kroner_and_all_others_in_euros(frames: dict[str, pd.DataFrame]) -> None:
    country = frames["accounts"].drop_duplicates("account_id").set_index("account_id")["country"]
    for table in ("invoices", "subscriptions"):
        rows = frames[table]
        danish = rows["account_id"].map(country) == "DK"
        assert 0.2 < danish.mean() < 0.4
        assert set(rows["currency"][danish]) == {"DKK"}
        assert set(rows["currency"][~danish]) == {"EUR"}


def test_rates_are_monthly_move_a_little_and_reach_back_to_the_oldest_contract(frames: dict[str, pd.DataFrame]) -> None:
    rates, lines = frames["rates"], frames["subscriptions"]
    assert set(rates["currency"]) == {"DKK"}
    assert (rates["rate_on"].dt.day == 1).all()
    assert rates["rate_on"].min() < lines["started_at"].min()
    assert rates["rate_on"].max() >= pd.Timestamp(2025, 12, 1, tz="UTC")
    kroner = 1 / rates["rate"]
    assert kroner.between(7.46 * 0.9994, 7.46 * 1.0006).all()
    assert kroner.nunique() > 50


def _mrr(lines: pd.DataFrame, column: str, when: pd.Timestamp) -> pd.Series:
    newest = lines[lines["started_at"] < when].drop_duplicates("subscription_id", keep="last")
    in_force = newest[newest["ended_at"].isna() | (newest["ended_at"] >= when)]
    return in_force.groupby("holder")[column].sum()


def test_rates_make_no_label_another(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    links = frames["account_links"].set_index("old_id")["new_id"]
    lines = frames["subscriptions"].sort_values("started_at", kind="stable")
    lines = lines.assign(holder=lines["account_id"].map(links).fillna(lines["account_id"]))
    dated = pd.merge_asof(lines, frames["rates"][["rate_on", "rate"]], left_on="started_at", right_on="rate_on")
    lines["euros"] = dated["mrr"].to_numpy() * dated["rate"].where(dated["currency"] == "DKK", 1.0).to_numpy()
    moved = 0
    for as_of in (date(2024, 6, 27), date(2024, 12, 26), date(2025, 6, 12), date(2025, 9, 25)):
        start = pd.Timestamp(as_of, tz="UTC")
        cohort = oracle(folder / "company", as_of)["account_id"]
        growth = {
            column: (_mrr(lines, column, start + timedelta(days=90)) / _mrr(lines, column, start)).reindex(cohort)
            for column in ("mrr", "euros")
        }
        grew = {column: values.fillna(0) >= 1.1 for column, values in growth.items()}
        assert grew["mrr"].sum() > 20
        assert (grew["mrr"] == grew["euros"]).all()
        moved += ((growth["mrr"] - growth["euros"]).abs() > 1e-5).sum()
    assert moved > 0, "growth in euros is not quite that in kroner"


def test_until_the_merge_one_system_used_the_other_id(frames: dict[str, pd.DataFrame]) -> None:
    links = frames["account_links"].set_index("old_id")
    assert 8 <= len(links) <= 30
    assert links["known_at"].max() < END
    used: dict[str, set[str]] = {}
    for table in ("interactions", "invoices", "subscriptions"):
        rows = frames[table]
        old = rows[rows["account_id"].isin(links.index)]
        used[table] = set(old["account_id"])
        assert (old["known_at"] < old["account_id"].map(links["known_at"])).all()
        own = rows[rows["account_id"].isin(links.loc[sorted(used[table]), "new_id"])]
        merged = own["account_id"].map(links.reset_index().set_index("new_id")["known_at"])
        assert (own["known_at"] >= merged).all(), "before the merge, the system knew the old id alone"
    assert len(used["subscriptions"]) >= 3
    assert used["invoices"] <= used["subscriptions"]
    assert not used["subscriptions"] & used["interactions"]
    assert set(links.index) == used["subscriptions"] | used["interactions"]


def test_the_truth_knows_the_ids_that_carry_on_alone(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    links = frames["account_links"]
    for table in ("accounts", "states", "notices", "probabilities"):
        ids = set(pd.read_parquet(folder / "company/truth" / f"{table}.parquet")["account_id"])
        assert not ids & set(links["old_id"]), table
    assert set(links["new_id"]) <= set(pd.read_parquet(folder / "company/truth/accounts.parquet")["account_id"])


def test_a_snapshot_holds_one_account_in_euros_and_no_words_of_notes(folder: Path, root: Path) -> None:
    (folder / "demo.toml").write_text((root / "configs" / "demo.toml").read_text())
    snapshot = take_snapshot(read_settings(folder / "demo.toml"), END.date())
    links = pd.read_parquet(folder / "company/account_links.parquet")
    room = snapshot.folder / "bucket=00000"
    assert not set(pd.read_parquet(room / "ids.parquet")["account_id"]) & set(links["old_id"])
    lines = pq.read_table(room / "subscriptions", partitioning=None).to_pandas()
    sizes = lines.groupby("currency")["mrr"].median()
    assert sizes["DKK"] == pytest.approx(sizes["EUR"], rel=0.2)
    notes = pq.read_table(room / "interactions", partitioning=None).to_pandas().query("kind == 'note'")
    assert len(notes) > 1000
    assert "text" not in notes.columns
    assert "text" not in snapshot.columns["interactions"]

"""Blocks of accounts: their size bounds memory, and nothing outside an account's block changes its course."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.synthetic import company, make_company, oracle
from pipeline.synthetic.company import BLOCK

TABLES = ("accounts", "interactions", "invoices", "subscriptions", "exclusions", "account_links")


@pytest.fixture
def blocks_of_sixty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "BLOCK", 60)


def _of(folder: Path, table: str, accounts: int) -> pd.DataFrame:
    """Return the rows of the first accounts."""
    rows = pd.read_parquet(folder / f"{table}.parquet")
    number = rows["new_id" if table == "account_links" else "account_id"].str.extract(r"(\d+)$")[0].astype(int)
    return rows[number <= accounts].reset_index(drop=True)


def test_an_account_does_not_depend_on_the_blocks_after_its_own(tmp_path: Path, blocks_of_sixty: None) -> None:
    make_company(tmp_path / "small", accounts=120, years=1)
    make_company(tmp_path / "large", accounts=200, years=1)
    for table in (*TABLES, "truth/states", "truth/notices", "truth/probabilities"):
        pd.testing.assert_frame_equal(_of(tmp_path / "small", table, 120), _of(tmp_path / "large", table, 120))


def test_a_block_is_not_the_one_before_it_again(tmp_path: Path, blocks_of_sixty: None) -> None:
    make_company(tmp_path, accounts=120, years=1, truth=False)
    accounts = pd.read_parquet(tmp_path / "accounts.parquet").drop_duplicates("account_id")
    assert not accounts["account_id"].duplicated().any()
    names = accounts["name"].to_numpy()
    assert (names[:60] == names[60:120]).mean() < 0.1


def test_ids_and_managers_are_given_out_once(tmp_path: Path, blocks_of_sixty: None) -> None:
    made = make_company(tmp_path, accounts=180, years=1, truth=False)
    for table, key in (("interactions", "interaction_id"), ("invoices", "invoice_id")):
        rows = pd.read_parquet(tmp_path / f"{table}.parquet")
        # Corrections repeat an id within its account, and so within its block.
        pairs = pd.DataFrame({key: rows[key], "number": rows["account_id"].str[-6:]}).drop_duplicates()
        assert not pairs[key].duplicated().any()
        assert pq.ParquetFile(tmp_path / f"{table}.parquet").num_row_groups == 3
        assert len(rows) == made.rows[table]
    accounts = pd.read_parquet(tmp_path / "accounts.parquet").dropna(subset="account_manager")
    block = (accounts["account_id"].str[1:].astype(int) - 1) // 60
    assert (block.groupby(accounts["account_manager"]).nunique() == 1).all()


def test_the_oracle_reads_the_truth_of_all_blocks(tmp_path: Path, blocks_of_sixty: None) -> None:
    made = make_company(tmp_path, accounts=150, years=1)
    written = pd.read_parquet(tmp_path / "truth/probabilities.parquet")
    last = written[written["as_of"] == made.end].reset_index(drop=True)
    found = oracle(tmp_path, made.end)
    assert found["account_id"].str[1:].astype(int).max() > 120
    pd.testing.assert_frame_equal(last.drop(columns="as_of"), found, atol=1e-9, rtol=0)


def test_the_companies_that_are_measured_fit_into_one_block() -> None:
    assert BLOCK == 20_000, "a change makes other companies of more than one block, and so needs a note"


PEAK = """
import resource, sys
from datetime import date
from pathlib import Path
from pipeline.settings import read_settings
from pipeline.synthetic import company
from pipeline.validate import validate

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

company.BLOCK = 2000
folder, accounts = Path(sys.argv[1]), int(sys.argv[2])
company.make_company(folder / "company", accounts, years=1, truth=False)
print(peak())
if len(sys.argv) > 3:
    config = Path(sys.argv[3]).read_text().replace("memory_gb = 1.0", "memory_gb = 0.25")
    (folder / "demo.toml").write_text(config)
    assert not validate(read_settings(folder / "demo.toml"), date(2026, 1, 1)).errors
    print(peak())
"""


def _peaks(root: Path, *arguments: str | Path) -> list[float]:
    """Return the gigabytes that a process of its own held at most: after making, and after checking."""
    command = [sys.executable, "-c", PEAK, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    return [float(line) for line in ran.stdout.split()]


def test_memory_does_not_grow_with_the_number_of_accounts(tmp_path: Path, root: Path) -> None:
    few = _peaks(root, tmp_path / "few", "4000")
    made, checked = _peaks(root, tmp_path / "many", "12000", root / "configs" / "demo.toml")
    assert made < 1.25 * few[0]
    # The tables are read into what [run] memory_gb allows, here a quarter of a gigabyte; the rest is the libraries'.
    assert checked < made + 0.25 + 0.05

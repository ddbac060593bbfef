"""The README cannot drift: its commands run, its config works, its table is the contract's."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from pipeline.tables import as_markdown


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def commands(readme: str) -> list[list[str]]:
    blocks = re.findall(r"```sh\n(?!# walk: )(.*?)```", readme, flags=re.S)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("keepgrow ")]


def make_acme(folder, readme: str) -> None:
    """Write the README's config, and the file it maps: 150 accounts that bought until yesterday or stopped."""
    (folder / "acme.toml").write_text(re.search(r"```toml\n(.*?)```", readme, flags=re.S).group(1), encoding="utf-8")
    generator = np.random.default_rng(5)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    rows = []
    for account in range(200):
        stops = int(generator.integers(100, 700)) if account % 2 else 10_000
        day = int(generator.integers(0, 30))
        while day < min(720, stops):
            when = today - timedelta(days=720 - day) + timedelta(hours=10)
            rows.append((f"C{account}", when, float(generator.integers(20, 900)), 5.0))
            day += int(generator.integers(10, 50))
    frame = pd.DataFrame(rows, columns=["customer", "invoice_date", "net_amount", "discount"])
    (folder / "data").mkdir()
    frame.to_parquet(folder / "data/invoices.parquet", index=False)


def test_every_command_runs_on_the_readmes_config(readme, tmp_path, monkeypatch, inside):
    make_acme(tmp_path, readme)
    monkeypatch.chdir(tmp_path)
    shown = commands(readme)
    assert {arguments[0] for arguments in shown} >= {
        "validate", "run", "show", "explain", "backtest", "runs", "features", "score",
    }  # fmt: skip
    for arguments in shown:
        said = inside(*arguments)
        assert said.code == 0, (arguments, said.err)
    assert (tmp_path / "lists/churn.csv").exists()
    assert (tmp_path / "lists/upsell.csv").exists()
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) > 100


def test_the_table_of_tables_is_the_contract(readme):
    written = re.search(r"<!-- tables -->\n(.*?)<!-- end of tables -->", readme, flags=re.S).group(1)
    assert written.strip() == as_markdown(), "python -c 'from pipeline.tables import as_markdown; print(as_markdown())'"


def test_it_starts_with_the_two_commands_that_set_everything_up(readme, root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    first = re.search(r"```sh\n(.*?)```", readme, flags=re.S).group(1)
    assert [line.split("#")[0].strip() for line in first.strip().splitlines()] == ["make demo", "make test"]
    assert re.search(r"^demo:", makefile, flags=re.M)
    assert re.search(r"^test:", makefile, flags=re.M)


def test_nothing_is_left_to_be_filled_in(readme):
    assert set(re.findall(r"<!--.*?-->", readme)) == {"<!-- tables -->", "<!-- end of tables -->"}


def test_files_it_names_exist(readme, root):
    for name in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (root / name).exists(), name

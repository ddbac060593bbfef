"""Read, build, label, train and score a million accounts with 50 million rows, each step in a process of its own.

    uv run python tests/benchmarks/million_scored.py [--accounts 1000000] [--rows 50] [--dates 2] [--memory 2.0]
        [--folder FOLDER]

prints per step its seconds, its processor time and the most memory it held, and ends with 1 when a step held 4 GB or
more. The accounts are those of a made-up company of 20,000, copied under other ids, with as many of the latest rows of
the table of interactions as make `--rows` per account in all tables. Features are all there are, at the morning's as_of
and at `--dates` training dates; the lists of churn and upsell are published into a store. It wants about 15 GB of disk;
the folder is deleted afterwards, unless it was named.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
from million_accounts import CONFIG, Step, step

from pipeline.synthetic import make_company

LIMIT_GB = 4.0
ORIGINALS = 20_000
"""Accounts that are made; the others are copies of them."""

HEAD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from models.material import Material
from models.manifest import load_model
from pipeline.settings import read_settings
from pipeline.snapshot import open_snapshot, take_snapshot
folder, dates, memory = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
changes = {"run": {"as_of": "2026-01-01", "memory_gb": memory}, "state": str(folder / "state")}
settings = read_settings(folder / "demo.toml", **changes)
as_of = settings.run.as_of
def material():
    (snapshot,) = (settings.state_folder / "snapshots").glob("*/snapshot.json")
    return Material.of(settings, open_snapshot(snapshot.parent))
"""
STEPS = {
    "snapshot": """
taken = take_snapshot(settings, as_of)
print(f"{sum(each.rows_used for each in taken.counts.values()):,} rows in {taken.buckets} buckets")
""",
    "features": """
from models.split import training_dates
made = material()
made.build([as_of])
print(f"{len(made.features)} features of every account at {as_of}")
""",
    "train": """
from models.split import training_dates
from models.train import fit
made = material()
for name, target in made.targets.items():
    until = made.data_until(target, as_of)
    chosen = training_dates(settings.training, target.window, made.first_day(target), until)[-dates:]
    data = made.dataset(target, chosen, until)
    model = fit(data, target, made.features, settings, until)
    model.save(folder / name)
    said = model.manifest["members"]
    print(f"{name}: {len(data.rows):,} rows of {len(chosen)} dates; {said}")
    del data, model
""",
    "score": """
from models.scoring import score_targets
made = material()
for scored in score_targets(made, {name: str(folder / name) for name in made.targets}, as_of):
    print(scored.get("error") or f"{scored['target']}: {scored['counts']}")
""",
    "publish": """
from pipeline.publishing import publish_list
for name in material().targets:
    print(publish_list(settings, name, as_of, datetime.now(UTC))["said"])
""",
}


def copy_company(folder: Path, accounts: int, rows: int) -> int:
    """Write the tables of so many accounts to `folder/company`; return their rows."""
    originals = folder / "originals"
    copies = max(1, round(accounts / ORIGINALS))
    made = make_company(originals, min(accounts, ORIGINALS), 1, truth=False)
    others = sum(count for name, count in made.rows.items() if name != "interactions")
    kept = max(0, rows * min(accounts, ORIGINALS) - others)
    (folder / "company").mkdir(exist_ok=True)
    total = 0
    with duckdb.connect() as con:
        con.execute(f"SET memory_limit = '2GB'; SET temp_directory = '{folder}'; SET preserve_insertion_order = false")
        for file in sorted(originals.glob("*.parquet")):
            latest = (
                f" ORDER BY occurred_at DESC, interaction_id, known_at LIMIT {kept}"
                if file.stem == "interactions"
                else ""
            )
            con.execute(f"CREATE OR REPLACE TEMP TABLE whole AS SELECT * FROM '{file}'{latest}")
            names = [name for name, *_ in con.execute("DESCRIBE whole").fetchall()]
            ids = [name for name in names if name.endswith("_id")]
            renamed = ", ".join(f"'c' || copy || '-' || {name} AS {name}" for name in ids)
            changed = f"* EXCLUDE (copy) REPLACE ({renamed})" if ids else "* EXCLUDE (copy)"
            number = copies if ids else 1
            con.execute(
                f"COPY (SELECT {changed} FROM whole, range({number}) AS copies(copy)) "
                f"TO '{folder / 'company' / file.name}' (FORMAT parquet)"
            )
            total += number * con.execute("SELECT count(*) FROM whole").fetchall()[0][0]
    shutil.rmtree(originals)
    return total


def run(folder: Path, accounts: int, rows: int, dates: int, memory_gb: float, steps: list[str]) -> dict[str, Step]:
    """Do the steps in `folder`, printing as they end; return what each took."""
    shutil.copy(CONFIG, folder / "demo.toml")
    if not (folder / "company" / "rates.parquet").exists():
        print(f"company: {copy_company(folder, accounts, rows):,} rows of {accounts:,} accounts", flush=True)
    taken = {}
    for name in steps:
        taken[name] = step("-c", HEAD + STEPS[name], str(folder), str(dates), str(memory_gb))
        print(f"{name}: {taken[name]}; {taken[name].printed.strip()}", flush=True)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=50, help="rows per account in all tables")
    parser.add_argument("--dates", type=int, default=2, help="training dates")
    parser.add_argument("--memory", type=float, default=2.0, help="[run] memory_gb")
    parser.add_argument("--folder", type=Path, help="where to work; a company that is there already is used")
    parser.add_argument("--step", action="append", choices=STEPS, help="a step alone; may be given several times")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="million-scored-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        taken = run(folder, options.accounts, options.rows, options.dates, options.memory, options.step or list(STEPS))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    most = max(each.peak_gb for each in taken.values())
    print(f"at most {most:.2f} GB, {'less' if most < LIMIT_GB else 'NOT LESS'} than {LIMIT_GB:.0f} GB")
    sys.exit(0 if most < LIMIT_GB else 1)


if __name__ == "__main__":
    main()

"""Whether planted leaks are named, and how often a column of clean data is.

    uv run python tests/benchmarks/leaks.py [--quick] [--json FILE] [--accounts 400] [--seeds 20]
        [--first-seed 0]

Planted: in synthetic companies, as attributes of accounts whose known_at says that they were known from the start, a
total over the whole invoices, an outcome flag under an innocent name, a reason filled for those who left, and a status
overwritten in place; and survey scores overwritten for those who left. Clean: the same companies with attributes that
are honest (size, age, trade, country, segment), for both targets; Online Retail at its earlier test dates and
RavenStack where their data lie beside the project. One run is one company or firm with all its targets.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.leaks import Suspect, find_leaks
from models.material import Material
from models.split import training_dates
from pipeline.errors import TrainingRefused
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import make_company

END = date(2026, 1, 1)
ROOT = Path(__file__).resolve().parents[2]
EARLIER = (date(2011, 6, 7), date(2011, 7, 5), date(2011, 8, 2))
"""Test dates of Online Retail; later ones are never looked at."""

HONEST = ("segment", "industry", "country", "employees", "founded")
PLANTED = {
    "lifetime_spend": "a future total",
    "grp": "an outcome flag",
    "reason": "a column filled after the event",
    "state": "a status overwritten in place",
}

CONFIG = """
name = "leaks"
root = "."
[time]
data_until = 2026-01-01
[run]
rows_per_bucket = 10_000_000
[accounts]
features = [{attributes}]
min_history_days = 30
[targets.churn]
kind = "churn"
by = "contract"
horizon = 90
dated_by = "notice"
[targets.upsell]
kind = "upsell"
by = "contract"
horizon = 90
min_growth = 0.1
[training]
every_days = 28
max_dates = 13
"""


def company(folder: Path, accounts: int, seed: int, planted: bool, scores: bool = False) -> Material:
    """Return a company with honest attributes, with leaks beside them, or with overwritten survey scores."""
    tables = folder / "company"
    make_company(tables, accounts, 2, seed, end=END, truth=False)
    told = pq.read_table(tables / "accounts.parquet").to_pandas()
    invoices, lines = (pq.read_table(tables / f"{name}.parquet").to_pandas() for name in ("invoices", "subscriptions"))
    ids, draw = told["account_id"], np.random.default_rng(seed)
    own = ids.map(dict(zip(sorted(set(ids)), draw.normal(size=ids.nunique()), strict=True))).to_numpy(float)
    seats = lines.sort_values("started_at").drop_duplicates("account_id").set_index("account_id")["seats"]
    told["employees"] = np.round(np.exp(np.log(ids.map(seats).fillna(20).to_numpy(float)) + 1 + own / 2))
    told["founded"] = (1950 + 30 * (own + 2)).astype(int).astype(str)
    ended = lines[lines["ended_at"].notna()].drop_duplicates("account_id", keep="last").set_index("account_id")
    gone = ids.isin(ended.index).to_numpy()
    if planted:
        euros = invoices["amount"] / np.where(invoices["currency"] == "DKK", 7.46, 1.0)
        told["lifetime_spend"] = ids.map(euros.groupby(invoices["account_id"]).sum()).fillna(0).round(2)
        told["grp"] = np.where(gone, "7", "3")
        told["reason"] = ids.map(ended["end_reason"]).where(gone, None)
        told["state"] = np.where(gone, "closed", "open")
    if scores:
        talks = pq.read_table(tables / "interactions.parquet").to_pandas()
        answered = talks["account_id"].isin(ended.index) & talks["score"].notna()
        talks["score"] = talks["score"].where(~answered, 0.0)
        pq.write_table(pa.Table.from_pandas(talks, preserve_index=False), tables / "interactions.parquet")
    pq.write_table(pa.Table.from_pandas(told, preserve_index=False), tables / "accounts.parquet")
    attributes = [*HONEST, *(PLANTED if planted else ())]
    text = CONFIG.format(attributes=", ".join(f'"{name}"' for name in attributes))
    for file in sorted(tables.glob("*.parquet")):
        text += f'[[tables.{file.stem}]]\nsource = "company/{file.name}"\n'
        if file.stem == "accounts":
            text += "[tables.accounts.columns]\n" + "".join(f'"{name}" = "{name}"\n' for name in told.columns)
    config = folder / "leaks.toml"
    config.write_text(text, encoding="utf-8")
    settings = read_settings(config)
    return Material.of(settings, take_snapshot(settings, END))


def named(material: Material, today: date) -> list[Suspect]:
    """Return the suspects of all targets, as a run that trains them at `today` looks for them."""
    found = []
    for target in material.targets.values():
        until = material.data_until(target, today)
        dates = training_dates(
            material.settings.training, target.window, material.first_day(target), until, target.lookback
        )
        found += find_leaks(material.dataset(target, dates, until), material.features)
    return found


def real(name: str, today: date) -> list[Suspect] | None:
    """Return the suspects in the data that a config of the project describes; None where the data are not there."""
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(ROOT / "configs" / f"{name}.toml", state=folder)
        try:
            material = Material.of(settings, take_snapshot(settings, today))
            return named(material, today)
        except (TrainingRefused, OSError) as error:
            print(f"{name} at {today}: {error}")
            return None


def main() -> None:
    parser = argparse.ArgumentParser(description="Whether leaks are named, and clean columns are not.")
    parser.add_argument("--quick", action="store_true", help="one planted and two clean companies, no real data")
    parser.add_argument("--accounts", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0, help="seeds count from here: other companies")
    parser.add_argument("--planted-seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.planted_seeds = 2, 1
    began = time.process_time()
    caught = dict.fromkeys([*PLANTED, "score"], 0)
    beside = runs = wrong = 0
    for seed in range(options.first_seed, options.first_seed + options.planted_seeds):
        with tempfile.TemporaryDirectory() as folder:
            found = {suspect.column for suspect in named(company(Path(folder), options.accounts, seed, True), END)}
        for column in PLANTED:
            caught[column] += column in found
        beside += len(found - set(PLANTED))
        with tempfile.TemporaryDirectory() as folder:
            suspects = named(company(Path(folder), options.accounts, seed, False, scores=True), END)
        caught["score"] += any("interactions.score" in suspect.source for suspect in suspects)
        print(f"planted, seed {seed}: {', '.join(sorted(found))}; {len(suspects)} features of overwritten scores")
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            found = {suspect.column for suspect in named(company(Path(folder), options.accounts, seed, False), END)}
        runs, wrong = runs + 1, wrong + bool(found)
        print(f"clean, seed {seed}: {', '.join(sorted(found)) or 'none'}")
    firms = [] if options.quick else [*(("online_retail", day) for day in EARLIER), ("ravenstack", date(2025, 1, 1))]
    for name, day in firms:
        told = real(name, day)
        if told is not None:
            runs, wrong = runs + 1, wrong + bool(told)
            print(f"clean, {name} at {day}: {', '.join(sorted({each.column for each in told})) or 'none'}")
    total = options.planted_seeds
    kinds = {**PLANTED, "score": "a measure overwritten in place"}
    rows: list[dict[str, Any]] = [
        {"what": f"{kinds[column]} ({column}): named in companies of {total}", "value": times, "aim": f"{total}",
         "met": times == total}
        for column, times in caught.items()
    ]  # fmt: skip
    rows.append({"what": f"clean runs of {runs} that name anything", "value": wrong, "aim": "at most 1 in 20",
                 "met": wrong * 20 <= runs})  # fmt: skip
    rows.append({"what": "honest columns named beside planted ones", "value": beside, "aim": "", "met": None})
    for row in rows:
        print(f"{row['what']}: {row['value']}" + (f" (aim {row['aim']})" if row["aim"] else ""))
    if options.json is not None:
        note = (
            f"Synthetic companies of {options.accounts} accounts and 2 years, both targets; clean runs besides on "
            "Online Retail at its earlier test dates and on RavenStack."
        )
        document = {
            "title": "Leaks are named, and clean columns are not", "command": "python tests/benchmarks/leaks.py",
            "rows": rows, "note": note, "done_when": 5, "seconds": round(time.process_time() - began),
        }  # fmt: skip
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How soon drift is told, and how often it is told when there is none.

    uv run python tests/benchmarks/drift.py [--quick] [--json FILE] [--accounts 800] [--seeds 20] [--workers 2]
        [--first-seed 0]

makes the synthetic company of 3 years, in which interactions are recorded in another way from month 30 on (see
`pipeline.synthetic.drifting`), trains a model of churn at month 18 and every 90 days after, as the product does but for
the recipe, which is the quick one, and watches every 28 days until 30 days after the change, with the functions that
`keepgrow monitor` calls. An alarm is a feature, or the scores, told as spread as never in training.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

from scipy.special import expit

from models.drift import make_reference, with_reference
from models.drift.watching import watch
from models.drift.weekdays import other_weekdays
from models.manifest import FittedModel
from models.material import Material
from models.recalibrate import recalibrated
from models.targets import Target
from models.train import fit_recipe
from models.training import training_data
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import make_company
from pipeline.synthetic.drifting import MONTH

END = date(2026, 1, 1)
YEARS = 3
DRIFT, FIRST = 30, 18
EVERY = 28
RETRAIN = 90
RECIPE = "logistic"

CONFIG = """
name = "drift"
root = "."
[run]
rows_per_bucket = 10_000_000
[accounts]
features = ["segment"]
constant = ["segment"]
min_history_days = 30
[targets.churn]
kind = "churn"
by = "contract"
horizon = 90
dated_by = "notice"
[training]
every_days = 28
max_dates = 13
min_positives = 30
threads = 1
[evaluate]
n_folds = 3
every_days = 56
bootstrap = 100
"""


def firm(folder: Path, accounts: int, seed: int) -> tuple[Material, date]:
    """Return a company with the change in it, and its first day."""
    company = make_company(folder / "company", accounts, YEARS, seed, END, truth=False, drift_month=DRIFT)
    tables = sorted(file.stem for file in (folder / "company").glob("*.parquet"))
    sources = "".join(f'[[tables.{name}]]\nsource = "company/{name}.parquet"\n' for name in tables)
    config = folder / "drift.toml"
    config.write_text(CONFIG + sources, encoding="utf-8")
    settings = read_settings(config)
    return Material.of(settings, take_snapshot(settings, END)), company.first_day


def trained(material: Material, target: Target, as_of: date) -> FittedModel:
    """Return a model of what was known at `as_of`, with its reference."""
    until = material.data_until(target, as_of)
    data = training_data(material, target, until)
    model = fit_recipe(RECIPE, data, target, material.features, material.settings, until)
    model = recalibrated(model, material.log_odds(target, until, model), until)[0]
    scored = until, expit(material.log_odds(target, until, model))
    further = other_weekdays(material, target, data.dates, until)
    return with_reference(model, make_reference(data, material.features, model, None, further, scored))


def watched(accounts: int, seed: int) -> dict[str, Any]:
    """Return, for one company, the days from the change to each date that was watched, and what was told then."""
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="keepgrow-drift-") as folder:
        material, first_day = firm(Path(folder), accounts, seed)
        target = material.target("churn")
        change = first_day + timedelta(days=round(DRIFT * MONTH))
        dates = [change + timedelta(days=EVERY * step) for step in range(-round((DRIFT - FIRST) * MONTH / EVERY), 2)]
        told, model, due = [], None, dates[0]
        for day in dates:
            if model is None or day >= due:
                model, due = trained(material, target, day), day + timedelta(days=RETRAIN)
            found = watch(material, target, model, day)
            drift = {} if found is None else found["drift"]
            told.append(
                {
                    "day": (day - change).days,
                    "rows": drift["rows"],
                    "moved": [each["said"] for each in drift["moved"]],
                    "scores": None if drift["scores"] is None else drift["scores"]["said"],
                }
            )
    return {"seed": seed, "told": told, "seconds": time.process_time() - began}


def figures(companies: list[dict[str, Any]], accounts: int) -> list[dict[str, Any]]:
    """Return the rows of the table: how many companies' drift was told in time, and how many told of any before."""
    told = [{each["day"] for each in company["told"] if each["moved"] or each["scores"]} for company in companies]
    found = sum(any(0 < day <= 30 for day in days) for days in told)
    quiet = sum(not any(day <= 0 for day in days) for days in told)
    false, looks = (
        sum(len({d for d in days if d <= 0}) for days in told),
        sum(each["day"] <= 0 for company in companies for each in company["told"]),
    )
    total = len(companies)
    book = f"{accounts:,} accounts"
    return [
        {"what": f"{book}: companies of {total} whose drift is told within 30 days", "value": found,
         "aim": f"{total}", "met": found == total},
        {"what": f"{book}: companies of {total} without an alarm in the 12 months before", "value": quiet,
         "aim": f"{total}", "met": quiet == total},
        {"what": f"{book}: alarms among {looks} dates before the drift", "value": false, "aim": "0", "met": false == 0},
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="How soon drift is told, and how often when there is none.")
    parser.add_argument("--quick", action="store_true", help="two companies of 600 accounts, no small ones")
    parser.add_argument("--accounts", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0, help="seeds count from here: other companies")
    parser.add_argument("--small", type=int, default=300, help="accounts of the small companies, for the record")
    parser.add_argument("--small-seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.small_seeds = 2, 0
    rows, seconds = [], 0.0
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        for accounts, seeds in ((options.accounts, options.seeds), (options.small, options.small_seeds)):
            if not seeds:
                continue
            companies = list(
                pool.map(partial(watched, accounts), range(options.first_seed, options.first_seed + seeds))
            )
            seconds += sum(company["seconds"] for company in companies)
            rows += figures(companies, accounts)
            for company in companies:
                for each in company["told"]:
                    if each["moved"] or each["scores"]:
                        said = [*each["moved"][:2], *([each["scores"]] if each["scores"] else [])]
                        print(
                            f"seed {company['seed']}, day {each['day']}: {len(each['moved'])} moved; {'; '.join(said)}"
                        )
    for row in rows:
        print(f"{row['what']}: {row['value']} (aim {row['aim']})")
    if options.json is not None:
        note = (
            f"The synthetic company with interactions recorded otherwise from month {DRIFT} on, watched every {EVERY} "
            f"days from month {FIRST}; a model of churn trained anew about every {RETRAIN} days."
        )
        told = {
            "title": "Drift is told soon, and not without cause", "command": "python tests/benchmarks/drift.py",
            "rows": rows, "note": note, "done_when": 8, "seconds": round(seconds),
        }  # fmt: skip
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

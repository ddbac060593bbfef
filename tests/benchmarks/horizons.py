"""Hold the curve of a risk against models trained for each horizon alone.

    uv run python tests/benchmarks/horizons.py [--accounts 5000] [--quick] [--online-retail FILE] [--json FILE]

makes the company (4 years), or reads Online Retail (earlier dates only), trains the target's model with hazards and,
per horizon, the same recipe on the same features with the label "event within so many days", all from what was known on
one day, and prints on later dates: the AUC of both, the difference with its 95 % interval (paired bootstrap of
accounts), the expected calibration error of both, how often a curve falls, how long fitting took, and how often the
likely month was right where one was told and the event came.
Aims: no curve falls; no difference below -.01.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

import numpy as np
import pandas as pd
from figure_rows import row, with_ends, write

from features.spec import Feature
from models.dataset import Dataset
from models.evaluate import EXPECTED_VALUE, PROBABILITY, evaluate
from models.hazard.fitting import with_horizons
from models.hazard.months import likely_months
from models.manifest import FittedModel
from models.material import Material
from models.targets import Target
from models.train import fit
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import make_company

AIM = -0.01
END = date(2026, 1, 1)

CONFIG = """
name = "horizons"
root = "."
[time]
data_until = {until}
[run]
rows_per_bucket = 10_000_000
memory_gb = 4.0
[accounts]
{accounts}
[training]
threads = 2
"""


@dataclass(frozen=True)
class Task:
    """What to learn from, known on the day `until`, and later rows to judge by, known at the end."""

    target: Target
    features: tuple[Feature, ...]
    settings: Settings
    train: Dataset
    test: Dataset
    until: date


def synthetic(folder: Path, accounts: int, tests: int) -> Task:
    """Return churn by contract of a made-up company of 4 years: test dates 28 days apart, the last seen for a year."""
    make_company(folder / "company", accounts, 4, 7, end=END, truth=False)
    tables = sorted(file.stem for file in (folder / "company").glob("*.parquet"))
    config = CONFIG.format(until=END, accounts='features = ["segment"]\nconstant = ["segment"]')
    config += '[targets.churn]\nkind = "churn"\nby = "contract"\nhorizon = 90\n'
    config += "".join(f'[[tables.{name}]]\nsource = "company/{name}.parquet"\n' for name in tables)
    last = END - timedelta(days=365 + 30)
    return _task(folder, config, [last - timedelta(days=28 * back) for back in range(tests)], END, 28)


def online_retail(folder: Path, source: Path) -> Task:
    """Return churn by inactivity on Online Retail; the last date looked at is 2011-08-02, closed on 2011-10-01."""
    until = date(2011, 10, 1)
    config = CONFIG.format(until=until, accounts="min_history_days = 0")
    config += '[targets.churn]\nkind = "churn"\nby = "inactivity"\nhorizon = 60\nactive_days = 120\n'
    config += (
        f'[[tables.invoices]]\nsource = "{source}"\nwhere = "customer_id IS NOT NULL"\n[tables.invoices.columns]\n'
        'account_id = "customer_id"\nissued_at = "invoice_ts"\namount = {sql = "quantity * unit_price"}\n'
        'currency = {const = "GBP"}\n[money]\ncurrency = "GBP"\n'
    )
    return _task(folder, config, [date(2011, 7, 1)], until, 14)


def _task(folder: Path, config: str, tests: Sequence[date], end: date, every: int) -> Task:
    file = folder / "horizons.toml"
    file.write_text(config, encoding="utf-8")
    settings = read_settings(file)
    material = Material.of(settings, take_snapshot(settings, end))
    target, until = material.target("churn"), min(tests)
    # With the shortest horizon that is defined, for models of shorter horizons may learn from later dates.
    shortest = max(30, target.shortest_horizon) if target.by == "contract" else target.window.horizon
    closing = replace(target, params=target.params.model_copy(update={"horizon": shortest}))
    first = material.first_day(target)
    days = [until - timedelta(days=closing.window.embargo + every * back) for back in range(26)]
    days = [day for day in days if day > first + timedelta(days=60)]
    train = material.dataset(closing, days, known_by=until)
    test = material.dataset(closing, sorted(tests), known_by=end)
    return Task(target, material.features, settings, train, test, until)


def closed(data: Dataset, horizon: int) -> Dataset:
    """Return the rows whose window of `horizon` days is closed, labelled with whether the event came in it."""
    kept = (data.rows["seen_days"] >= horizon).to_numpy()
    rows = data.rows[kept].reset_index(drop=True)
    label = (rows["event_after"] < horizon).astype(np.int8)
    return Dataset(rows.assign(label=label), data.features[kept].reset_index(drop=True))


def measure(task: Task, replicates: int) -> dict[str, Any]:
    """Return the figures per horizon, and of all curves."""
    own = task.target.window.horizon
    main = fit(closed(task.train, own), task.target, task.features, task.settings, task.until)
    began = time.process_time()
    model = with_horizons(main, closed(task.train, own), task.target, task.features, task.settings)
    seconds = time.process_time() - began
    curve = model.curve
    if curve is None:
        raise SystemExit("there is too little to learn a hazard from")
    matrix = model.encode(task.test.features)
    cumulative = curve.cumulative(matrix, model.scorer.probability(matrix))
    entry = model.manifest["horizons"]
    told = {
        str(horizon): _against(task, model, cumulative[curve.ends.index(horizon)], horizon, replicates)
        for horizon in curve.horizons
        if (task.test.rows["seen_days"] >= horizon).all()
    }
    return {
        "rows": len(task.train),
        "test_rows": len(task.test),
        "fit_seconds": seconds,
        "falls": int((np.diff(cumulative, axis=0, prepend=0.0) < 0).sum()),
        "ends": list(curve.ends),
        "left_out": entry["left_out"],
        "shape": entry["calibration"]["shape"],
        "horizons": told,
        "months": _months(task, cumulative, curve.ends),
    }


def _against(task: Task, model: FittedModel, ours: np.ndarray, horizon: int, replicates: int) -> dict[str, Any]:
    if horizon == task.target.window.horizon:
        alone = model.probability(task.test.features)
    else:
        params = task.target.params.model_copy(update={"horizon": horizon})
        target = replace(task.target, params=params)
        trained = fit(closed(task.train, horizon), target, task.features, task.settings, task.until)
        alone = trained.probability(task.test.features)
    rows = closed(task.test, horizon).rows.assign(realised=0.0)
    for name, probability in (("curve", ours), ("alone", alone)):
        rows[PROBABILITY.format(name)], rows[EXPECTED_VALUE.format(name)] = probability, probability
    found = evaluate(rows, ("curve", "alone"), capacity=100, replicates=replicates, metrics=("auc", "ece"))
    return {
        "positives": int(rows["label"].sum()),
        "auc": {name: found.figures[name]["auc"] for name in ("curve", "alone")},
        "ece": {name: found.figures[name]["ece"] for name in ("curve", "alone")},
        "difference": found.difference("curve", "alone", "auc").plain(),
    }


def _months(task: Task, cumulative: np.ndarray, ends: Sequence[int]) -> dict[str, Any]:
    """Return how often a month is told, and how often it was right where the event came within the curve."""
    rows = task.test.rows
    right = asked = told = 0
    for as_of, part in rows.groupby("as_of"):
        day = pd.Timestamp(str(as_of))
        months = likely_months(cumulative[:, part.index.to_numpy()], ends, day.date())
        named = np.array([month is not None for month in months])
        came = (part["event_after"] < ends[-1]).to_numpy()
        event = (day + pd.to_timedelta(part["event_after"], unit="D")).dt.strftime("%Y-%m").to_numpy()
        told += int(named.sum())
        asked += int((named & came).sum())
        right += int((named & came & (event == months)).sum())
    return {"told": told / len(rows), "right": right / asked if asked else None, "chance": 30.4 / ends[-1]}


def show(name: str, found: dict[str, Any]) -> None:
    print(
        f"\n{name}: learnt from {found['rows']:,} rows, judged on {found['test_rows']:,} later ones; hazards fitted in "
        f"{found['fit_seconds']:.1f} s of CPU; shape counts {found['shape']:.2f}"
    )
    for horizon, why in found["left_out"].items():
        print(f"  {horizon} days left out: {why}")
    print("  days   events  AUC curve  alone    difference (95 %)          aim    ECE curve  alone")
    for horizon, each in found["horizons"].items():
        gap = each["difference"]
        print(
            f"  {horizon:>4} {each['positives']:>8}  {each['auc']['curve']:>9.4f}  {each['auc']['alone']:.4f}   "
            f"{gap['value']:+.4f} ({gap['low']:+.4f} {gap['high']:+.4f})  >= {AIM}   {each['ece']['curve']:>7.4f}  "
            f"{each['ece']['alone']:.4f}"
        )
    print(f"  curves that fall: {found['falls']} (aim 0)")
    months = found["months"]
    if months["right"] is not None:
        print(
            f"  a month is told for {100 * months['told']:.0f} %; right for {100 * months['right']:.0f} % of those "
            f"whose event came (any month: {100 * months['chance']:.0f} %)"
        )


def figures(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what was found as the quality report takes it."""
    rows = []
    for name, case in found.items():
        who = name.replace("_", " ")
        rows.append(row(f"{who}: curves that fall", case["falls"], "0", case["falls"] == 0))
        for days, at in case["horizons"].items():
            apart, at_days = at["difference"], f"{who}, {days} days"
            what = f"{at_days}: AUC of the curve minus that of a model for it alone"
            rows.append(row(what, with_ends(apart), f"at least {AIM:g}", apart["value"] >= AIM))
            rows.append(row(f"{at_days}: calibration error", at["ece"]["curve"]))
        months = case["months"]
        if months["right"] is not None:
            rows.append(row(f"{who}: accounts told a likely month", months["told"]))
            rows.append(row(f"{who}: told months that were right", months["right"]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--quick", action="store_true", help="a small company, and few replicates")
    parser.add_argument("--online-retail", type=Path, help="invoice_lines.parquet")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        replicates = 100 if asked.quick else 500
        task = synthetic(Path(folder), 1200 if asked.quick else asked.accounts, 3 if asked.quick else 7)
        found["synthetic"] = measure(task, replicates)
        show("synthetic company", found["synthetic"])
    if asked.online_retail:
        with tempfile.TemporaryDirectory() as folder:
            task = online_retail(Path(folder), asked.online_retail.resolve())
            found["online_retail"] = measure(task, replicates)
            show("Online Retail", found["online_retail"])
    note = "One company, later dates than any label learnt from; intervals are 95 %, paired by account."
    command = "python tests/benchmarks/horizons.py"
    write(asked.json, "Probabilities within 30 to 365 days", command, figures(found), note)


if __name__ == "__main__":
    main()

"""The cases: a firm's tables read as any firm's are, its targets, and the folds that contenders are judged on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from synthetic_quality import CONFIG, END, LATENT

from models.material import Material
from models.split import Fold, backtest_folds
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import latent_states, make_company, oracle
from quality.digests import digest_of_files

ROOT = Path(__file__).parents[3]
ONLINE_RETAIL = ROOT / "configs/online_retail.toml"


@dataclass(frozen=True)
class Case:
    """A firm ready to be learnt from. `known_by` is the day up to which test labels are known."""

    material: Material
    folds: Mapping[str, tuple[Fold, ...]]
    known_by: date
    truth: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    """Given rows of account_id and as_of, p_<target> and the latent state of each; None: nobody knows."""


def online_retail(work: Path, quick: bool, final: bool) -> Case:
    """A British wholesaler's invoice lines: churn by inactivity and upsell by spend, on the folds of the config."""
    settings = read_settings(ONLINE_RETAIL, state=str(work / "state"))
    today = settings.time.data_until
    if today is None:
        raise ValueError(f"{settings.file}: the protocol sets [time] data_until; it is missing")
    material = Material.of(settings, take_snapshot(settings, today))
    folds = {}
    for name, target in material.targets.items():
        until = material.data_until(target, today)
        every = backtest_folds(settings, target.window, material.first_day(target), until, target.lookback)
        asked = [fold for fold in every if final or not fold.final]
        folds[name] = tuple(asked[:1] if quick else asked)
    return Case(material, folds, today)


TESTS = tuple(END - timedelta(days=days) for days in (350, 238, 126))
"""Their windows of 90 days, and the 30 after which they are judged, overlap hardly; whole weeks before the company's
end, because its chain is known at weekly steps, and twice EVERY apart, so that folds share training dates."""
EVERY = 56
DATES = 8
SEED = 7


def synthetic(work: Path, quick: bool, final: bool) -> Case:
    """A made-up subscription firm, 20,000 accounts, 4 years, whose exact probabilities are known; no final fold."""
    accounts, years, dates, tests = (1500, 3, 3, TESTS[-1:]) if quick else (20_000, 4, DATES, TESTS)
    made_by = digest_of_files(sorted((ROOT / "pipeline/synthetic").glob("*.py")))
    folder = work / f"company-{accounts}-{years}-{SEED}-{made_by[:12]}"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        make_company(partial, accounts, years, SEED, end=END)
        partial.rename(folder)
    settings = _configured(work, folder)
    material = Material.of(settings, take_snapshot(settings, END))
    embargo = max(target.window.embargo for target in material.targets.values())
    weeks = timedelta(weeks=-(-embargo // 7))
    folds = tuple(
        Fold(test, tuple(sorted(test - weeks - timedelta(days=EVERY * back) for back in range(dates))))
        for test in tests
    )

    def truth(rows: pd.DataFrame) -> pd.DataFrame:
        parts = []
        for stamp in rows["as_of"].drop_duplicates():
            day = stamp.date()
            both = oracle(folder, day).merge(latent_states(folder, day), on="account_id")
            parts.append(both.assign(as_of=stamp))
        return rows[["account_id", "as_of"]].merge(pd.concat(parts), how="left", on=["account_id", "as_of"])

    return Case(material, dict.fromkeys(material.targets, folds), END, truth)


def _configured(work: Path, folder: Path) -> Settings:
    tables = sorted(file.stem for file in folder.glob("*.parquet"))
    sources = "".join(f'[[tables.{name}]]\nsource = "{folder.name}/{name}.parquet"\n' for name in tables)
    config = work / "quality.toml"
    config.write_text(CONFIG.format(until=END) + sources, encoding="utf-8")
    return read_settings(config, state=str(work / "state"))


LATENT_STATE = LATENT
CASES: Mapping[str, Callable[[Path, bool, bool], Case]] = {"online_retail": online_retail, "synthetic": synthetic}
"""Each makes its case in a work folder: `case(work, quick, final)`."""

TITLES: Mapping[str, str] = {
    "online_retail": "Online Retail",
    "synthetic": "Synthetic company",
}

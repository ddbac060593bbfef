"""A simulated month: thirty mornings, two trainings, late, corrected and rewritten rows, a rollback and its release.

Each morning the firm's file holds what was known by then. In the end every list is rebuilt to the byte, and the change
of every score between two lists is taken apart into parts that add up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from models.attribution import PARTS, score_change
from models.material import Material
from models.scoring import score_target
from models.training import train_target
from pipeline.exports import canonical_csv
from pipeline.publishing import publish_list, release, roll_back
from pipeline.rebuild import rebuild
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import take_snapshot
from pipeline.store import Store, store_url

CONFIG = """
name = "month"
state = "state"

[training]
every_days = 28
max_dates = 4
threads = 1
min_positives = 20

[evaluate]
folds = [2025-02-01]
bootstrap = 100

[lists]
capacity = 8

[[tables.invoices]]
source = "invoices.csv"

[targets.churn]
kind = "churn"
by = "inactivity"
horizon = 60
active_days = 90
"""

FIRST = date(2025, 6, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(30)]
RETRAINED, REWRITTEN, BACK, RELEASED = DAYS[10], DAYS[16], DAYS[20], DAYS[24]
ROLLED_BACK_TO = DAYS[18]


@dataclass
class Month:
    settings: Settings
    told: dict[str, bytes] = field(default_factory=dict)
    """Run -> its canonical CSV when it was published."""
    shown: dict[date, date] = field(default_factory=dict)
    """Morning -> the as_of of the list that readers saw after it."""


def moment(day: date) -> datetime:
    return datetime.combine(day, time(5), UTC)


def all_invoices() -> list[tuple[date, str]]:
    """Return (the day it was known, line) of each row of 18 months, by 120 accounts that stop one after another."""
    generator = np.random.default_rng(5)
    start, rows, number = date(2024, 1, 1), [], 0
    for account in range(120):
        stops = int(generator.integers(120, 545)) if account % 3 == 0 else 10_000
        day = int(generator.integers(0, 30))
        while day < min(545, stops):
            issued = start + timedelta(days=day)
            late = int(generator.integers(1, 20)) if generator.random() < 0.1 else 0
            amount = int(generator.integers(10, 500))
            number += 1
            for known, corrected in ((late, amount), (late + 9, amount * 2)):
                if known == late or number % 25 == 0:
                    seen = issued + timedelta(days=known)
                    rows.append((seen, f"I{number:05d},A{account:03d},{issued},{corrected}.50,{seen} 12:00:00"))
            day += int(generator.integers(8, 40))
    return rows


def write(file: Path, rows: list[tuple[date, str]], day: date) -> None:
    """Write what was known by `day`; from REWRITTEN on every 7th invoice's amount has been overwritten in place."""
    known = [line for seen, line in rows if seen < day]
    if day >= REWRITTEN:
        known = [line.replace(".50,", ".00,", 1) if int(line[1:6]) % 7 == 0 else line for line in known]
    file.write_text("\n".join(["invoice_id,account_id,issued_at,amount,known_at", *known]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory, quick_schema: None) -> Month:
    folder = tmp_path_factory.mktemp("month")
    (folder / "month.toml").write_text(CONFIG, encoding="utf-8")
    rows = all_invoices()
    settings = read_settings(folder / "month.toml")
    month = Month(settings)
    for day in DAYS:
        write(folder / "invoices.csv", rows, day)
        material = Material.of(settings, take_snapshot(settings, day))
        churn = material.target("churn")
        if day in (FIRST, RETRAINED):
            assert train_target(material, churn, day, force=day == RETRAINED)["outcome"] in ("promoted", "rule")
        score_target(material, churn, day)
        run_id = publish_list(settings, "churn", day, moment(day))["run_id"]
        with Store(store_url(settings)) as store:
            month.told[run_id] = canonical_csv(store.run(run_id), store.rows(run_id))
        if day == BACK:
            roll_back(settings, "churn", f"churn-{ROLLED_BACK_TO}", "ann", moment(day), excluded=())
        if day == RELEASED:
            release(settings, "churn", "ann", moment(day), excluded=())
        with Store(store_url(settings)) as store:
            month.shown[day] = store.published("churn").as_of
    return month


def test_every_list_of_the_month_is_rebuilt_to_the_byte(month: Month) -> None:
    assert len(month.told) == 30
    with Store(store_url(month.settings)) as store:
        for run in store.runs("churn"):
            rebuilt = rebuild(store, run)
            assert rebuilt.content == month.told[run.run_id]
            assert (rebuilt.checked, rebuilt.removed) == (True, ())
    assert len(set(month.told.values())) == 30


def test_readers_saw_each_mornings_list_but_while_one_was_rolled_back_to(month: Month) -> None:
    held = {day: ROLLED_BACK_TO for day in DAYS if BACK <= day < RELEASED}
    assert month.shown == {day: day for day in DAYS} | held


def test_the_change_of_every_score_adds_up_over_a_month_of_causes(month: Month) -> None:
    settings = month.settings
    material = Material.of(settings, take_snapshot(settings, DAYS[-1]))
    with Store(store_url(settings)) as store:
        runs = {run.as_of: run for run in store.runs("churn")}
    moved: set[str] = set()
    for first, second in ((9, 10), (0, 29), (28, 29)):
        before, after = runs[DAYS[first]], runs[DAYS[second]]
        change = score_change(material, material.target("churn"), before, after)
        assert change.said is None
        both = change.parts.dropna()
        assert len(both) > 50
        rest = both[list(PARTS)].sum(axis=1) - (both["after"] - both["before"])
        assert rest.abs().max() < 1e-12
        moved |= {part for part in PARTS if (both[part].abs() > 1e-6).any()}
        if first == 28:  # the same model, nothing rewritten since
            assert (both[["rewritten", "new_model"]] == 0).all(axis=None)
    assert moved == set(PARTS)

"""Do stated intervals hold what they claim? A simulated business, drawn again and again, of 200 to 2,000 accounts.

    python tests/benchmarks/interval_coverage.py [--draws 150] [--quick] [--json FILE]

Each draw is a book of accounts with a standing mood and monthly ups and downs, seen at nine dates a month apart; who
leaves within three months has label 1, and is gone afterwards, so that one account's rows overlap and agree. What the
product does with a book is done to each: the small model, accounts left out, the AUC's interval, the verdict, the bands
and their intervals (`models.small`, `models.area`, `models.calibrate.bands`, `pipeline.likelihood`). True is what the
model fitted to the book then shows on another 20,000 accounts; of a band's rate, the mean of their exact probabilities,
since how many of some hundred leave is itself no surer than the interval that is judged. With no signal nothing that is
seen tells who leaves.
At 2,000 accounts the book would not be small: it is treated as one here, so that what is measured are the intervals.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.area import area
from models.calibrate import bands
from models.cautions import verdict
from models.rows import Encoded
from models.scorer import Additive
from models.small.recipe import Small, left_out
from models.targets import Target, declare
from pipeline.likelihood import band_interval
from pipeline.settings import Settings, parse

SIZES = (200, 500, 2000)
LEVELS = {0.90: 1.6448536269514722, 0.95: 1.959963984540054}
AIM = (0.85, 0.95)
DATES, HORIZON = 9, 3
RATE = 0.035
"""Leavers a month: about one in ten within three."""
STRENGTH = 0.8
"""Log-odds of leaving per deviation of mood."""
FUTURE = 20_000

SEEN = {
    "days_since_purchase": (1, 0.6), "purchase_days_365d": (-1, 0.5), "interaction_days_90d": (-1, 0.6),
    "usage_30d": (-1, 0.5), "usage_change_90d": (-1, 0.4), "days_paid_late_mean_365d": (1, 0.3),
    "tickets_90d": (1, 0.2), "nps_mean_365d": (-1, 0.4), "contacts_90d": (-1, 0.2), "oldest_line_days": (-1, 0.2),
    "colour_of_logo": (1, 0.0), "length_of_name": (1, 0.0),
}  # fmt: skip
"""Feature -> how it leans with mood, and how closely it tells it."""


def churn() -> Target:
    """Return the target: three months of thirty days."""
    keys = {"kind": "churn", "by": "inactivity", "horizon": 30 * HORIZON}
    plain = {"name": "coverage", "tables": {"invoices": [{"source": "none.csv"}]}, "targets": {"churn": keys}}
    return declare(parse(Settings, plain, "coverage.toml"))["churn"]


def drawn(rng: np.random.Generator, accounts: int, signal: float, target: Target) -> tuple[Small, NDArray[np.float64]]:
    """Return a book's rows, each account at each date until it leaves, oldest date first, and their exact
    probabilities of label 1."""
    months = DATES + HORIZON - 1
    mood = math.sqrt(0.7) * rng.normal(size=(accounts, 1)) + math.sqrt(0.3) * rng.normal(size=(accounts, months))
    hazard = expit(math.log(RATE) + signal * STRENGTH * mood)
    leaves = rng.random((accounts, months)) < hazard
    left = np.where(leaves.any(axis=1), leaves.argmax(axis=1), months)
    at = np.arange(DATES)
    stays = np.lib.stride_tricks.sliding_window_view(1 - hazard, HORIZON, axis=1).prod(axis=2)
    here = left[:, None] >= at
    label = (left[:, None] < at + HORIZON) & here
    columns = []
    for lean, close in SEEN.values():
        own = math.sqrt(0.6) * rng.normal(size=(accounts, 1)) + math.sqrt(0.4) * rng.normal(size=(accounts, DATES))
        columns.append((lean * close * signal * mood[:, :DATES] + math.sqrt(1 - (close * signal) ** 2) * own)[here])
    order = np.argsort(np.broadcast_to(at, here.shape)[here], kind="stable")
    days = np.datetime64("2025-01-01", "us") + (30 * at).astype("timedelta64[D]")
    names = np.array([f"a{number:06d}" for number in range(accounts)], dtype=object)
    rows = Encoded(np.column_stack(columns)[order], label[here].astype(np.int8)[order], tuple(SEEN), {})
    small = Small(
        rows,
        np.broadcast_to(names[:, None], here.shape)[here][order],
        np.broadcast_to(days, here.shape)[here][order],
        target,
    )
    return small, (1 - stays)[here][order]


@dataclass
class Tally:
    """Hits out of tries."""

    hits: int = 0
    tries: int = 0

    def add(self, hit: bool) -> None:
        self.hits += int(hit)
        self.tries += 1

    @property
    def share(self) -> float:
        return self.hits / self.tries if self.tries else float("nan")

    @property
    def error(self) -> float:
        """The Monte Carlo standard error."""
        return math.sqrt(self.share * (1 - self.share) / self.tries) if self.tries else float("nan")


def margins(small: Small, rows: Encoded) -> NDArray[np.float64]:
    """Return the fitted model's margins of other rows."""
    matrix = rows.matrix
    return np.sum([w * Additive(json.loads(made), list(rows.names)).margin(matrix) for _, w, made in small.model()], 0)


def simulate(accounts: int, signal: float, draws: int, future: int = FUTURE) -> Mapping[str, Tally]:
    """Return the tallies of one size: the AUC's and the bands' intervals of each level, and the verdict."""
    target = churn()
    tallies = {f"{what} {level:.2f}": Tally() for what in ("AUC", "band rates") for level in LEVELS}
    tallies |= {"not enough data": Tally(), "model served": Tally()}
    # The same others for all draws, on the last date, as long with us as the book: their own error is small.
    others, chance = drawn(np.random.default_rng(1), future, signal, target)
    last = others.as_of == others.as_of.max()
    later, chance = others.take(last), chance[last]
    for draw in range(draws):
        book, _ = drawn(np.random.default_rng((accounts, round(10 * signal), draw)), accounts, signal, target)
        judged = left_out(book)
        found = area(judged.label.astype(float), judged.margin, judged.accounts, judged.group)
        margin = margins(book, later.rows)
        true = area(later.rows.label.astype(float), margin, later.accounts)
        if found is None or true is None:
            continue
        for level, z in LEVELS.items():
            interval = found.interval(level)
            tallies[f"AUC {level:.2f}"].add((interval.low or 0) <= true.value <= (interval.high or 1))
            for band in bands(expit(judged.margin), judged.label, accounts=judged.accounts):
                inside = (expit(margin) > band["low"]) & (expit(margin) <= band["high"])
                if band["n"] < 30 or inside.sum() < 200:
                    continue
                low, high = band_interval(band, z)
                tallies[f"band rates {level:.2f}"].add(low <= chance[inside].mean() <= high)
        shown = verdict(found.interval(), small=True)
        tallies["not enough data"].add(shown == "not enough data to rank")
        tallies["model served"].add(shown != "not enough data to rank")
    return tallies


def report(draws: int, sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """Return a row per figure: what, value, its Monte Carlo error, aim, met."""
    rows = []
    for accounts in sizes:
        for signal, said in ((1.0, "signal"), (0.0, "no signal")):
            begun = time.process_time()
            for name, tally in simulate(accounts, signal, draws).items():
                what, aim, met = f"{accounts:,} accounts, {said}: {name}", "", None
                if name.endswith("0.90"):
                    aim, met = ".85 to .95", AIM[0] <= tally.share <= AIM[1]
                elif name == "not enough data" and not signal and accounts == min(SIZES):
                    aim, met = "at least .90", tally.share >= 0.9
                value = round(tally.share, 3) if tally.tries else None
                rows.append({"what": what, "value": value, "error": round(tally.error, 3), "aim": aim, "met": met})
                print(f"{what:<52}{tally.share:7.3f} +- {tally.error:.3f}  of {tally.tries:>5}  {aim:<14}{_met(met)}")
            print(f"  {time.process_time() - begun:.1f} s CPU", flush=True)
    return rows


def _met(met: bool | None) -> str:
    return "" if met is None else "met" if met else "NOT MET"


def main() -> None:
    """Run the simulation and print it beside its aims."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--draws", type=int, default=150)
    asked.add_argument("--quick", action="store_true", help="30 draws")
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    draws = 30 if given.quick else given.draws
    begun = time.process_time()
    rows = report(draws)
    if given.json:
        note = (
            f"{draws} simulated books of each size, nine dates, one model per book, judged with accounts left out; "
            "true is what the model shows on 20,000 further accounts. An AUC's interval of .90 and .95 is stated."
        )
        told = {
            "title": "Intervals cover what they state",
            "command": "python tests/benchmarks/interval_coverage.py",
            "done_when": 4,
            "seconds": round(time.process_time() - begun),
            "rows": [{key: row[key] for key in ("what", "value", "aim", "met")} for row in rows],
            "note": note,
        }
        given.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

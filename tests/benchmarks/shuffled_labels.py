"""Shuffle the labels within each as_of and see that nothing is found where nothing is.

    uv run python tests/benchmarks/shuffled_labels.py [--accounts 4000] [--seeds 20] [--quick] [--json FILE]

makes a company, shuffles labels within as_of, those to learn from and those to judge by, with each seed anew, fits as
`keepgrow train` does, and prints per target the AUC on later dates by seed, how often the simplest candidate was
chosen, how often the choice said "no signal", and what the verdict on all the seeds' rows would be. Aims: a mean AUC
of .5 within .02, the simplest in each seed, "no signal" in each.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

import numpy as np
from figure_rows import row, write
from sklearn.metrics import roc_auc_score
from synthetic_quality import TESTS, Firm, Task, spent

from models.bootstrap import Interval
from models.cautions import verdict
from models.dataset import Dataset
from models.train import fit

AIM = 0.02
NO_SIGNAL = "no signal shown"


def judge(firm: Firm, task: Task, seeds: int, rows: int) -> dict[str, Any]:
    """Return per seed the AUC, the candidate chosen and whether the choice said "no signal".

    Each seed learns from its own draw of `rows` rows. None is too small to choose in: small books choose nothing.
    """
    asked = firm.material.settings
    settings = asked.model_copy(update={"training": asked.training.model_copy(update={"small_accounts": 0})})
    aucs: list[float] = []
    chosen: list[str] = []
    simplest = silent = 0
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        train = shuffled(sampled(task.train, generator, rows), generator)
        test = shuffled(task.test, generator)
        model = fit(train, task.target, task.features, settings, TESTS[0])
        aucs.append(float(roc_auc_score(test.rows["label"], model.probability(test.features))))
        choice = model.manifest["chosen"]
        chosen.append(choice["chosen"])
        simplest += min(choice["candidates"], key=lambda each: each["complexity"])["name"] == choice["chosen"]
        silent += choice["signal"] is False
    mean, spread = float(np.mean(aucs)), float(np.std(aucs, ddof=1)) if seeds > 1 else 0.0
    ends = Interval(mean, mean - 1.96 * spread, mean + 1.96 * spread)
    return {
        "rows": rows, "seeds": seeds, "aucs": [round(auc, 4) for auc in aucs], "mean": mean, "spread": spread,
        "chosen": dict(Counter(chosen)), "simplest": simplest, "no_signal": silent, "verdict": verdict(ends),
    }  # fmt: skip


def sampled(data: Dataset, generator: np.random.Generator, rows: int) -> Dataset:
    """Return so many of the rows, drawn at random, or all where there are fewer."""
    chosen = np.sort(generator.choice(len(data), min(rows, len(data)), replace=False))
    return Dataset(data.rows.iloc[chosen].reset_index(drop=True), data.features.iloc[chosen].reset_index(drop=True))


def shuffled(data: Dataset, generator: np.random.Generator) -> Dataset:
    """Return the rows with labels, and what was realised, in another order within each as_of."""
    label = data.rows["label"].to_numpy().copy()
    realised = data.rows["realised"].to_numpy().copy()
    waited = data.rows["waited"].to_numpy().copy()
    for rows in data.rows.groupby("as_of").indices.values():
        moved = generator.permutation(rows)
        label[rows], realised[rows], waited[rows] = label[moved], realised[moved], waited[moved]
    return replace(data, rows=data.rows.assign(label=label, realised=realised, waited=waited))


def holds(found: dict[str, Any]) -> bool:
    """Return whether the aims are met."""
    return (
        abs(found["mean"] - 0.5) <= AIM
        and found["simplest"] == found["seeds"] == found["no_signal"]
        and found["verdict"] == NO_SIGNAL
    )


def report(name: str, found: dict[str, Any]) -> None:
    seeds = found["seeds"]
    print(f"{name}: {seeds} seeds, {found['rows']:,} rows each")
    print(f"  mean AUC {found['mean']:.4f} (aim .5 within {AIM}); of one seed {found['spread']:.4f} up or down")
    print(f"  the simplest candidate was chosen in {found['simplest']} of {seeds} (aim {seeds}): {found['chosen']}")
    print(f'  the choice says "no signal" in {found["no_signal"]} of {seeds} (aim {seeds})')
    print(f"  verdict on a seed's interval: {found['verdict']} (aim: {NO_SIGNAL})")
    print(f"  {'holds' if holds(found) else 'DOES NOT HOLD'}")


def figures(made: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was found as the quality report takes it."""
    rows = []
    for name, found in made.items():
        seeds, mean = found["seeds"], found["mean"]
        rows += [
            row(f"{name}: mean AUC over {seeds} seeds", mean, f".5 +- {AIM:g}", abs(mean - 0.5) <= AIM),
            row(f"{name}: one seed's AUC, standard deviation", found["spread"]),
            row(f"{name}: seeds with the simplest chosen", found["simplest"], str(seeds), found["simplest"] == seeds),
            row(f'{name}: seeds that say "no signal"', found["no_signal"], str(seeds), found["no_signal"] == seeds),
        ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Shuffle labels within as_of: nothing may be found.")
    parser.add_argument("--accounts", type=int, default=4_000)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--dates", type=int, default=6, help="training dates, 56 days apart")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--quick", action="store_true", help="4 seeds of 1,500 accounts")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    accounts, seeds = (1_500, 4) if options.quick else (options.accounts, options.seeds)
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        firm = Firm.make(Path(folder), accounts, options.years, options.seed)
        spent("company and snapshot")
        for name in firm.material.targets:
            made[name] = judge(firm, Task.of(firm, name, options.dates), seeds, options.rows)
            report(name, made[name])
            spent(name)
    note = "Labels shuffled within as_of, those learnt from and those judged by; each seed draws its own rows."
    write(options.json, "Nothing is found in shuffled labels", "python tests/benchmarks/shuffled_labels.py",
          figures(made), note)  # fmt: skip


if __name__ == "__main__":
    main()

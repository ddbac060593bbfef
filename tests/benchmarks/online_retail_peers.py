"""Compare the model with its peers on Online Retail, on exactly the same rows.

    uv run python tests/benchmarks/online_retail_peers.py [--earlier] [--config FILE] [--lines FILE]

runs the backtest of the config and the plain-LightGBM script, joins their predictions on target, as_of and account, and
prints per target the AUC on the pooled earlier folds, the differences with their paired 95 % account-bootstrap
intervals, then the final fold's figures. Choices are made on the earlier folds only; the final fold is for the record,
and `--earlier` leaves it closed. Aims there: above the better of plain LightGBM and the logistic by an interval without
0, and an expected calibration error of at most 1.1 times the better of theirs.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

import pandas as pd
import plain_lightgbm

from models.backtest import CONTENDERS, backtest
from models.bootstrap import Interval
from models.evaluate import EXPECTED_VALUE, PROBABILITY, Evaluation, evaluate
from models.material import Material
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import take_snapshot

CONFIG = Path(__file__).parents[2] / "configs/online_retail.toml"
PEER = "plain"
ALL = (*CONTENDERS, PEER)
BASELINES = (PEER, "logistic")
METRICS = ("auc", "ece", "value_captured_10")
MOST_ERROR = 1.1
"""Times the better baseline's calibration error that the model's may have."""
WORST = -0.015
"""How far below a peer the lower end of the model's interval may lie on the earlier folds."""
KEY = ["account_id", "as_of"]


def without_final(settings: Settings) -> Settings:
    """Return the settings with the final fold left out."""
    return settings.model_copy(update={"evaluate": settings.evaluate.model_copy(update={"final": None})})


def joined(settings: Settings, lines: Path) -> dict[str, pd.DataFrame]:
    """Return per target the backtest's predictions with the plain peer's beside them.

    Raises ValueError unless both predict the same accounts at the same as_ofs with the same labels.
    """
    today = settings.time.data_until
    if today is None:
        raise ValueError(f"{settings.file}: the protocol sets [time] data_until; it is missing")
    material = Material.of(settings, take_snapshot(settings, today))
    peer = plain_lightgbm.predictions(plain_lightgbm.read_lines(lines), settings.accounts.min_history_days)
    made = {}
    for name in material.targets:
        ours = backtest(material, material.target(name), today).predictions
        theirs = peer[peer["target"] == name].astype({"as_of": ours["as_of"].dtype})
        if settings.evaluate.final is None:
            theirs = theirs[theirs["as_of"] != pd.Timestamp(plain_lightgbm.FINAL_FOLD)]
        both = ours.merge(theirs[[*KEY, "label", "probability"]], on=KEY, how="outer", suffixes=("", "_plain"))
        differ = both[both["label"] != both["label_plain"]]
        if len(differ):
            raise ValueError(f"{name}: {len(differ)} rows differ in cohort or label, the first: {dict(differ.iloc[0])}")
        # The peer says nothing about values: it ranks by its probability.
        both[PROBABILITY.format(PEER)] = both[EXPECTED_VALUE.format(PEER)] = both["probability"]
        made[name] = both.astype({"final": bool})
    return made


def measured(rows: pd.DataFrame, settings: Settings) -> Evaluation:
    """Return what each contender's predictions of the rows are worth, on the same resamples of accounts."""
    asked = settings.evaluate
    return evaluate(
        rows, ALL, capacity=asked.capacity, replicates=asked.bootstrap, seed=settings.run.seed, metrics=METRICS
    )


def differences(found: Evaluation) -> dict[str, Interval]:
    """Return the model's AUC minus each other's, paired."""
    return {name: found.difference(CONTENDERS[0], name, "auc") for name in ALL[1:]}


def value(found: Evaluation, name: str, metric: str) -> float:
    """Return a figure, NaN where it is not defined."""
    told = found.interval(name, metric).value
    return float("nan") if told is None else told


def holds(difference: Interval) -> bool:
    """Return whether the model is not worse than a peer by more than the tolerance."""
    return difference.low is not None and difference.low > WORST


def say(difference: Interval) -> str:
    return f"{difference.value:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"


def report(target: str, rows: pd.DataFrame, settings: Settings) -> bool:
    """Print one target's figures; return whether the model holds against the peer and the logistic."""
    verdict = True
    for title, part in (("earlier folds, pooled", rows[~rows["final"]]), ("final fold", rows[rows["final"]])):
        if part.empty:
            continue
        days = ", ".join(f"{day:%Y-%m-%d}" for day in sorted(part["as_of"].unique()))
        print(f"{target}, {title} ({days}): {len(part):,} rows, {part['label'].mean():.3f} with label 1")
        found = measured(part, settings)
        against = differences(found)
        for name in ALL:
            auc = found.interval(name, "auc")
            also = ", ".join(f"{metric} {value(found, name, metric):.4f}" for metric in METRICS[1:])
            beside = f"   model - {name}: {say(against[name])}" if name in against else ""
            print(f"  {name:<9} AUC {auc.value:.4f} ({auc.low:.4f} to {auc.high:.4f}), {also}{beside}")
        if part["final"].any():
            continue
        better = max(BASELINES, key=lambda name: value(found, name, "auc"))
        error = {name: value(found, name, "ece") for name in ALL}
        most = MOST_ERROR * min(error[name] for name in BASELINES)
        print(f"  above {better}, the better of the two, by an interval without 0: {yes(excludes(against[better]))}")
        print(f"  calibration error at most {most:.4f}: {yes(error[CONTENDERS[0]] <= most)}")
        for name in BASELINES:
            held = holds(against[name])
            verdict &= held
            print(f"  not worse than {name} by more than {-WORST:g}, else this ends with 1: {yes(held)}")
    return verdict


def excludes(difference: Interval) -> bool:
    """Return whether the interval lies above 0."""
    return difference.low is not None and difference.low > 0


def yes(held: bool) -> str:
    return "yes" if held else "NO"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the model with its peers on Online Retail.")
    parser.add_argument("--earlier", action="store_true", help="leave the final fold closed")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--lines", type=Path, default=plain_lightgbm.LINES)
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as state:
        settings = read_settings(options.config, state=state)
        settings = without_final(settings) if options.earlier else settings
        verdicts = [report(name, rows, settings) for name, rows in joined(settings, options.lines).items()]
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"{time.perf_counter() - started:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor time, "
        f"{used.ru_maxrss / 1e6:.2f} GB at most"
    )
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Scoring from feature files to probabilities and values, against LightGBM's bare predict on the same matrix.

    uv run python tests/benchmarks/scoring_throughput.py [--rows 200000] [--features 180] [--threads 2]

A model of one forest and curves, learnt from 40,000 rows, scores made-up rows that lie in feature files; a champion
has up to six forests, each of which takes as long again. Ours reads each file, encodes, predicts, calibrates and
values: two buckets side by side, a thread each. The bare one has the whole matrix in memory and calls
`Booster.predict` with as many threads. Each is done `TIMES` times, in turn, and the least counts.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before LightGBM is imported

import numpy as np
import pandas as pd
import pyarrow as pa

from features.built.files import FeatureFiles
from features.built.keys import Keys
from models.boosting import Growing, default_rounds, parameters
from models.bucket_scores import score_rows
from models.linear import fit_logistic, terms_for
from models.manifest import FittedModel
from models.scorer import FORMAT
from models.targets import COHORT
from pipeline.workers import Threads

AS_OF = date(2026, 1, 1)
TRAINED_ON = 40_000
BUCKET = 50_000
"""Rows of a feature file."""
TIMES = 3
SEGMENTS = np.array(["retail", "trade", "public"], dtype=object)


def run(rows: int = 200_000, features: int = 180, threads: int = 2) -> dict[str, Any]:
    """Return rows per second and per second of processor time of both, and `ratio`s of ours to the bare one.

    Raises RuntimeError when the two do not say the same of a row.
    """
    folder = Path(tempfile.mkdtemp(prefix="scoring-throughput-"))
    try:
        return _measured(folder, rows, features, threads)
    finally:
        shutil.rmtree(folder)


def _measured(folder: Path, rows: int, features: int, threads: int) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    names = [f"feature_{number}" for number in range(features - 1)] + ["segment"]
    model = _model(_table(rng, TRAINED_ON, names), names, max(1, threads // 2), rng)
    files = FeatureFiles(folder, -(-rows // BUCKET))
    keys = Keys("rows", dict.fromkeys(names, "key"))
    for bucket in range(files.buckets):
        table = _table(rng, min(BUCKET, rows - bucket * BUCKET), names)
        ids = pa.array([f"account-{bucket}-{row}" for row in range(len(table))])
        files.write(AS_OF, bucket, keys, table.add_column(0, "account_id", ids))

    def score(bucket: int) -> pa.Table:
        read = files.read(AS_OF, bucket, keys.columns)
        if read is None:
            raise RuntimeError("the feature file is not there")
        standing = pd.DataFrame(
            {"account_id": read["account_id"].to_pandas(), "section": COHORT, "base": 1000.0, "value_at_stake": 1000.0}
        )
        scored = score_rows(model, standing.assign(ends_on=pd.NaT), read, set())
        return pa.Table.from_pandas(scored[["probability", "value_at_stake"]], preserve_index=False)

    everything = [files.read(AS_OF, bucket, keys.columns) for bucket in range(files.buckets)]
    encoded = [model.scorer.encode_arrow(part.drop_columns("account_id")) for part in everything if part]
    matrix = np.ascontiguousarray(np.vstack(encoded))
    del encoded
    del everything
    (booster,) = [member._booster for _, member in model.scorer._members if hasattr(member, "_booster")]

    def ours() -> np.ndarray:
        found = Threads(min(2, threads)).map(score, range(files.buckets))
        return np.concatenate([table["probability"].to_numpy() for _, table in found])

    def bare() -> np.ndarray:
        return booster.predict(matrix, num_threads=threads)

    if not np.array_equal(ours(), model.scorer.probability(matrix)):
        raise RuntimeError("scores from files differ from those of the matrix")
    bare()
    taken: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
    for _ in range(TIMES):
        for name, function in (("bare", bare), ("ours", ours)):
            taken[name].append(_timed(function))
    wall = {name: min(each[0] for each in times) for name, times in taken.items()}
    processor = {name: min(each[1] for each in times) for name, times in taken.items()}
    return {
        "rows": rows,
        "features": features,
        "threads": threads,
        "trees": booster.num_trees(),
        "rows_per_second": {name: rows / seconds for name, seconds in wall.items()},
        "rows_per_processor_second": {name: rows / seconds for name, seconds in processor.items()},
        "ratio": wall["bare"] / wall["ours"],
        "processor_ratio": processor["bare"] / processor["ours"],
    }


def _timed(function: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def _table(rng: np.random.Generator, rows: int, names: list[str]) -> pa.Table:
    """Make rows like real ones: counts with many zeros, amounts with a long tail, shares, days; some unknown."""
    columns: dict[str, Any] = {}
    for number, name in enumerate(names[:-1]):
        kind = number % 4
        if kind == 0:
            values = rng.poisson(rng.choice([0.5, 4.0, 30.0]), rows).astype(float)
        elif kind == 1:
            values = np.where(rng.random(rows) < 0.2, 0.0, rng.lognormal(6, 1, rows).round(2))
        elif kind == 2:
            values = rng.random(rows)
        else:
            values = rng.exponential(60, rows).round()
        values[rng.random(rows) < 0.1] = np.nan
        columns[name] = values
    columns[names[-1]] = pa.array(SEGMENTS[rng.integers(0, 3, rows)], pa.string())
    return pa.table(columns)


def _model(table: pa.Table, names: list[str], threads: int, rng: np.random.Generator) -> FittedModel:
    """Train the champion's members on rows of which a dozen features matter."""
    categories = {names[-1]: ["public", "retail", "trade"]}
    described = [
        {"name": name, "type": "category", "categories": categories[name]} if name in categories else
        {"name": name, "type": "number"}
        for name in names
    ]  # fmt: skip
    manifest: dict[str, Any] = {
        "format": FORMAT, "recipe": "model", "features": described, "members": [], "increment": None,
        "calibration": {"slope": 1.1, "intercept": -0.2},
    }  # fmt: skip
    matrix = FittedModel.of(manifest, {}, threads).scorer.encode_arrow(table)
    ranks = np.nan_to_num(matrix[:, :12] / np.nanmean(matrix[:, :12], axis=0))
    odds = np.minimum(ranks, 3).sum(axis=1) - 14 + rng.normal(size=len(matrix))
    label = (odds > 0).astype(np.int8)
    rounds = default_rounds(len(label))
    trees = Growing(matrix, label, [len(names) - 1], parameters(len(label), 1, 0)).text(rounds)
    curves = fit_logistic(matrix, label, terms_for(matrix, names, {names[-1]: 5}))
    manifest["members"] = [
        {"kind": "trees", "file": "trees.txt", "weight": 0.85, "rounds": rounds},
        {"kind": "curves", "file": "curves.json", "weight": 0.15},
    ]
    return FittedModel.of(manifest, {"trees.txt": trees, "curves.json": curves}, threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--features", type=int, default=180)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    found = run(options.rows, options.features, options.threads)
    print(json.dumps(found, indent=1))
    print(f"ours reaches {found['ratio']:.0%} of the bare predict ({found['processor_ratio']:.0%} by processor time)")


if __name__ == "__main__":
    main()

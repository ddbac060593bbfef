"""Judges contenders on the same rows: figures with account-bootstrap intervals, and ours minus each, paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Interval, interval, replicates_for
from models.evaluate import EXPECTED_VALUE, PROBABILITY, Evaluation, evaluate
from quality.catalogue import OURS

METRICS = ("auc", "average_precision", "value_captured_10", "ece")
KEYS = ["account_id", "as_of"]
REPLICATES = 1000
Plain = dict[str, Any]


@dataclass(frozen=True)
class Fitted:
    """A contender's predictions for some folds: their files without ending, and their records."""

    outs: Sequence[Path]
    records: Sequence[Plain | None]

    @property
    def complete(self) -> bool:
        return all(record is not None and record["status"] == "ok" for record in self.records)


@dataclass(frozen=True)
class Judged:
    """One target's folds judged together: what was measured, on which rows, and who was left out and why."""

    measured: Evaluation | None
    rows: pd.DataFrame
    names: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    truth_unknown: int = 0
    """Rows left out because the made-up company's truth is not known there."""

    def interval(self, name: str, metric: str) -> Interval | None:
        return self.measured.interval(name, metric) if self.measured and name in self.names else None

    def difference(self, name: str, metric: str) -> Interval | None:
        """Return ours minus a contender's, paired; None where either is missing, or it is ours."""
        if self.measured is None or name == OURS or not {OURS, name} <= set(self.names):
            return None
        return self.measured.difference(OURS, name, metric)

    def gini_share(self, of: str) -> Interval | None:
        """Return our Gini (2 AUC - 1) as a share of another's, each replicate measuring both on the same accounts."""
        if self.measured is None or not {OURS, of} <= set(self.names):
            return None
        ours, theirs = (self.measured.figures[name]["auc"] for name in (OURS, of))
        if ours is None or theirs is None:
            return None
        replicates = [2 * self.measured.replicates[name]["auc"] - 1 for name in (OURS, of)]
        return interval((2 * ours - 1) / (2 * theirs - 1), np.divide(*replicates))

    def totals(self, name: str = OURS) -> dict[str, float]:
        """Return predicted and real numbers and values over all rows, and the ratios of predicted to real."""
        number = float(self.rows[PROBABILITY.format(name)].sum()), float(self.rows["label"].sum())
        value = float(self.rows[EXPECTED_VALUE.format(name)].sum()), float(self.rows["realised"].sum())
        told = {"number": number[0], "real_number": number[1], "value": value[0], "real_value": value[1]}
        return told | {
            "number_ratio": number[0] / number[1] if number[1] else float("nan"),
            "value_ratio": value[0] / value[1] if value[1] else float("nan"),
        }


def judge(folders: Sequence[Path], fitted: Mapping[str, Fitted], capacity: int = 100) -> Judged:
    """Judge contenders on all rows of some folds.

    A contender that lacks a fold, or predicted other rows, is left out with the reason. Rows whose exact probability
    the made-up company does not know are left out for everyone.
    """
    rows = pd.concat([pd.read_parquet(folder / "judge/rows.parquet") for folder in folders], ignore_index=True)
    names, left_out = [], {}
    for name, each in fitted.items():
        try:
            rows = _beside(rows, name, each)
        except ValueError as error:
            left_out[name] = str(error)
        else:
            names.append(name)
    unknown = 0
    if "exact" in rows:
        known = rows["exact"].notna()
        unknown = int((~known).sum())
        rows = rows[known].reset_index(drop=True)
    measured = None
    if names and len(rows):
        replicates = replicates_for(REPLICATES, len(rows))
        measured = evaluate(rows, names, capacity=capacity, replicates=replicates, metrics=METRICS)
    return Judged(measured, rows, tuple(names), left_out, unknown)


def _beside(rows: pd.DataFrame, name: str, fitted: Fitted) -> pd.DataFrame:
    """Return the rows with a contender's predictions; raise ValueError where it has none, or has others."""
    for out, record in zip(fitted.outs, fitted.records, strict=True):
        if record is None:
            raise ValueError("not measured")
        if record["status"] == "late":
            raise ValueError(f"{out.parent.name}: more than {record['limit']:.0f} s")
        if record["status"] != "ok":
            raise ValueError(f"{out.parent.name}: {record['error']}")
    parts = pd.concat([pd.read_parquet(out.with_suffix(".parquet")) for out in fitted.outs], ignore_index=True)
    told = parts.astype({"as_of": rows["as_of"].dtype}).set_index(KEYS)
    asked = pd.MultiIndex.from_frame(rows[KEYS])
    if len(told) != len(rows) or not told.index.is_unique or not asked.isin(told.index).all():
        raise ValueError(f"it predicted {len(told)} rows, which are not the {len(rows)} that were asked for")
    told = told.reindex(asked)
    for column in ("probability", "expected_value"):
        if not np.isfinite(told[column].to_numpy(float)).all():
            raise ValueError(f"its {column.replace('_', ' ')} is not a finite number in every row")
    return rows.assign(
        **{
            PROBABILITY.format(name): np.clip(told["probability"].to_numpy(float), 0.0, 1.0),
            EXPECTED_VALUE.format(name): told["expected_value"].to_numpy(float),
        }
    )

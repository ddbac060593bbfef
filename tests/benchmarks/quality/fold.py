"""The contender's side of a fold: what it may read, and how its predictions are written.

Imports the standard library and pandas alone, as contenders run in environments of their own.
"""

from __future__ import annotations

import json
import os
import resource
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

KEYS = ["account_id", "as_of"]


@dataclass(frozen=True)
class Fold:
    """A fold as exported: `plain` is its fold.json, `job` what the run asks for (`seconds`, `threads`, `quick`)."""

    folder: Path
    plain: dict[str, Any]
    job: dict[str, Any]

    @classmethod
    def read(cls, folder: Path, job: dict[str, Any]) -> Fold:
        return cls(folder, json.loads((folder / "fold.json").read_text(encoding="utf-8")), job)

    @property
    def threads(self) -> int:
        return int(self.job["threads"])

    @property
    def target(self) -> dict[str, Any]:
        """The target's definition, every default filled in: kind, by, horizon, ..."""
        return self.plain["definition"]

    def rows(self, part: str) -> pd.DataFrame:
        """Return account_id, as_of, base and value_at_stake of "train" (with label, realised) or "test" (with value).

        `value` is the value at stake as given, or the expected increment of growth.
        """
        return pd.read_parquet(self.folder / f"{part}_rows.parquet")

    def features(self, part: str) -> pd.DataFrame:
        """Return the features of "train" or "test", row by row as `rows`: numbers, or texts for categories."""
        return pd.read_parquet(self.folder / f"{part}_features.parquet")

    def coded(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the features of train and test with categories as pandas' own, the same in both."""
        train, test = self.features("train"), self.features("test")
        for name in self.plain["categories"]:
            kinds = pd.CategoricalDtype(sorted(train[name].dropna().astype(str).unique()))
            train[name], test[name] = (part[name].astype("object").astype(kinds) for part in (train, test))
        return train, test

    def tables(self) -> list[str]:
        """Return the names of the raw tables."""
        return sorted(file.stem for file in Path(self.plain["visible"]).glob("*.parquet"))

    def visible(self, table: str, as_of: pd.Timestamp, keep: bool = False) -> pd.DataFrame:
        """Return a table's raw rows that `as_of` sees, values not known by then blank; `keep`: with `visible_from`."""
        return at(self._raw(table), as_of, keep)

    def _raw(self, table: str) -> pd.DataFrame:
        return pd.read_parquet(Path(self.plain["visible"]) / f"{table}.parquet")


def at(raw: pd.DataFrame, as_of: pd.Timestamp, keep: bool = False) -> pd.DataFrame:
    """Return the rows of an exported table that `as_of` sees, without the columns that say when they are seen.

    `keep` leaves `visible_from`, the first as_of that sees a row.
    """
    seen = raw[(raw["visible_from"] <= as_of) & (raw["visible_until"] >= as_of)]
    late = [name for name in raw.columns if f"{name}_from" in raw.columns]
    blanked = {name: seen[name].where(seen[f"{name}_from"] <= as_of) for name in late}
    times = ["visible_until", *(f"{name}_from" for name in late), *(() if keep else ("visible_from",))]
    return seen.assign(**blanked).drop(columns=times)


@dataclass(frozen=True)
class Predicted:
    """What a contender says of the test rows, in their order: a probability each and, where it has its own, a value.

    `rows` is how many rows it learnt from; `note` what a reader should know.
    """

    probability: Any
    value: Any = None
    rows: int = 0
    note: str = ""


def each_fold(version: str, predict: Callable[[Fold], Predicted]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a job's function that predicts fold after fold and writes each as soon as it is there.

    A fold that fails is recorded with its reason, and the next one is begun. A fold is named by its `folder`, its
    predictions go to `out`.parquet and `out`.json.
    """

    def work(job: dict[str, Any]) -> dict[str, Any]:
        for asked in job["folds"]:
            out = Path(asked["out"])
            started, used = time.perf_counter(), processor()
            try:
                fold = Fold.read(Path(asked["folder"]), job | asked)
                found = predict(fold)
                test = fold.rows("test")
                frame = test[KEYS].assign(probability=found.probability)
                frame["expected_value"] = frame["probability"] * (test["value"] if found.value is None else found.value)
                record = {"status": "ok", "rows": found.rows, "note": found.note}
                frame.to_parquet(out.with_suffix(".parquet"), index=False)
            except Exception as error:  # whatever goes wrong in a contender is a finding
                traceback.print_exc()
                record = {"status": "failed", "error": f"{type(error).__name__}: {error}"}
            record |= {"seconds": time.perf_counter() - started, "processor": processor() - used, "version": version}
            partial = out.with_suffix(".writing")
            partial.write_text(json.dumps(record), encoding="utf-8")
            os.replace(partial, out.with_suffix(".json"))
        return {}

    return work


def processor() -> float:
    """Return the seconds of processor time of this process, all threads, and of those it started and saw end."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

"""Whether two contenders computed the same: counts and dates exactly, floating sums to 1e-9 relative."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

RELATIVE = 1e-9
KEYS = ["as_of", "account_id"]
Measured = Mapping[str, str]
"""Feature -> "exact" (counts, days between dates), "sum" (floating), or "change" (a floating ratio less 1)."""


@dataclass(frozen=True)
class Agreement:
    """What a comparison found: rows and features compared, and what differs, in words (nothing: they agree)."""

    rows: int
    features: int
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.differences


def compare(ours: Path, theirs: Path, measured: Measured, features: Collection[str] | None = None) -> Agreement:
    """Compare two Parquet files of features, row by row of (as_of, account_id).

    Without `features`, which restricts the comparison to some columns, all of ours must be there.
    """
    return compare_frames(_read(ours), _read(theirs), measured, features)


def compare_frames(
    ours: pd.DataFrame, theirs: pd.DataFrame, measured: Measured, features: Collection[str] | None = None
) -> Agreement:
    """See `compare`; the frames carry as_of, account_id and a column per feature."""
    names = [name for name in ours.columns if name not in KEYS and (features is None or name in features)]
    absent = [name for name in names if name not in theirs.columns]
    if absent:
        return Agreement(len(theirs), 0, (f"without {', '.join(absent)}",))
    ours, theirs = (frame.sort_values(KEYS, ignore_index=True) for frame in (ours, theirs))
    if not ours[KEYS].equals(theirs[KEYS]):
        return Agreement(len(theirs), 0, (f"{len(theirs):,} rows instead of {len(ours):,}, or of other accounts",))
    differences = [
        f"{name}: {wrong:,} of {len(ours):,} rows, {example}"
        for name in names
        for wrong, example in [_different(ours[name].to_numpy(float), theirs[name].to_numpy(float), measured[name])]
        if wrong
    ]
    return Agreement(len(ours), len(names), tuple(differences))


def _different(ours: np.ndarray, theirs: np.ndarray, measured: str) -> tuple[int, str]:
    if measured == "exact":
        equal = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    else:
        # A change is a ratio less 1, of which nothing but rounding may be left.
        equal = np.isclose(ours, theirs, rtol=RELATIVE, atol=RELATIVE if measured == "change" else 0, equal_nan=True)
    wrong = np.flatnonzero(~equal)
    return len(wrong), f"say {theirs[wrong[0]]!r} for our {ours[wrong[0]]!r}" if len(wrong) else ""


def _read(file: Path) -> pd.DataFrame:
    frame = pd.read_parquet(file)
    frame["as_of"] = frame["as_of"].astype("datetime64[us]")
    frame["account_id"] = frame["account_id"].astype(str)
    return frame

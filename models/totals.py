"""What was expected beside what happened: sums over rows and their ratio, with account-bootstrap intervals.

All sums of a backtest are resampled in one pass: each account's sums are taken once, and a replicate weighs accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.bootstrap import Floats, Resamples, interval
from models.evaluate import EXPECTED_VALUE, PROBABILITY

QUANTITIES = ("expected_number", "real_number", "expected_value", "real_value", "rows")


@dataclass(frozen=True)
class Totals:
    """Sums of QUANTITIES by parts of the rows: `sums` (parts, quantities), `drawn` (replicates, parts, quantities)."""

    sums: Floats
    drawn: Floats

    @classmethod
    def of(
        cls, predictions: pd.DataFrame, contender: str, parts: NDArray[np.bool_], replicates: int, seed: int
    ) -> Totals:
        """Return the totals of one contender over each part; `parts` has shape (rows, parts) and may overlap."""
        probability = predictions[PROBABILITY.format(contender)].to_numpy(float)
        told = np.column_stack(
            [
                probability,
                predictions["label"].to_numpy(float),
                predictions[EXPECTED_VALUE.format(contender)].to_numpy(float),
                predictions["realised"].to_numpy(float),
                np.ones(len(predictions)),
            ]
        )
        ids, account = np.unique(predictions["account_id"].to_numpy().astype(str), return_inverse=True)
        by_account = np.zeros((len(ids), parts.shape[1], len(QUANTITIES)))
        for part in range(parts.shape[1]):
            inside = np.flatnonzero(parts[:, part])
            for quantity in range(len(QUANTITIES)):
                by_account[:, part, quantity] = np.bincount(
                    account[inside], weights=told[inside, quantity], minlength=len(ids)
                )
        flat = by_account.reshape(len(ids), -1)
        drawn = [block @ flat for block in Resamples(ids, replicates, seed).blocks()]
        shape = (-1, parts.shape[1], len(QUANTITIES))
        return cls(by_account.sum(axis=0), np.concatenate(drawn).reshape(shape))

    def plain(self, part: int) -> dict[str, Any]:
        """Return `number` and `value` of a part: each expected, real, and the ratio of the two with its interval."""
        return {
            "number": self._beside(part, "expected_number", "real_number"),
            "value": self._beside(part, "expected_value", "real_value"),
        }

    def rate(self, part: int, quantity: str = "real_number") -> dict[str, float | None]:
        """Return a quantity per row with its interval: the base rate, or the mean probability."""
        return self._ratio(part, quantity, "rows")

    def _beside(self, part: int, expected: str, real: str) -> dict[str, Any]:
        sums = dict(zip(QUANTITIES, self.sums[part].tolist(), strict=True))
        return {"expected": sums[expected], "real": sums[real], "ratio": self._ratio(part, expected, real)}

    def _ratio(self, part: int, above: str, below: str) -> dict[str, float | None]:
        places = QUANTITIES.index(above), QUANTITIES.index(below)
        over, under = (self.drawn[:, part, place] for place in places)
        whole = self.sums[part, places[0]] / self.sums[part, places[1]] if self.sums[part, places[1]] else None
        ratios = np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0)
        return interval(None if whole is None else float(whole), ratios).plain()


def within(figure: Mapping[str, Any], tolerance: float) -> bool:
    """Return whether a ratio lies within `tolerance` of 1."""
    return figure["value"] is not None and abs(figure["value"] - 1) <= tolerance

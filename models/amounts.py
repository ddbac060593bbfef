"""How well amounts are told: the value lost or won that was expected of accounts, beside what it came to.

For an opportunity the amount is the increment of those who grew; for a risk it is the value at stake, which is known,
so that what is judged is probability x value against the value of those who left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Floats, Resamples, interval
from models.evaluate import EXPECTED_VALUE, PROBABILITY

TENTHS = 10
SHARES = (0.1, 0.5, 0.9)
"""Quantiles of realised over expected increments."""


def amounts(predictions: pd.DataFrame, contender: str, grows: bool, replicates: int, seed: int) -> dict[str, Any]:
    """Return the error of amounts, in the reporting currency per row, with account-bootstrap 95 % intervals.

    `expected_value`: probability x amount beside the value realised, over all rows: `mae` (mean absolute error),
    `bias` (mean expected minus mean real, negative where too little was expected), `real` (the mean), and `tenths` of
    the rows by expected value, the highest first: n, expected and real sums and their ratio. With `grows` also
    `increment`, the same over rows with label 1, where expected is the increment given growth, and `spread`: the 10,
    50 and 90 % quantiles of realised over expected, between which eight of ten lie.
    """
    expected = predictions[EXPECTED_VALUE.format(contender)].to_numpy(float)
    realised = predictions["realised"].to_numpy(float)
    accounts = predictions["account_id"].to_numpy()
    told: dict[str, Any] = {"expected_value": _errors(accounts, expected, realised, replicates, seed)}
    grew = predictions["label"].to_numpy() == 1
    if grows and grew.any():
        probability = predictions[PROBABILITY.format(contender)].to_numpy(float)[grew]
        increment = expected[grew] / probability
        told["increment"] = _errors(accounts[grew], increment, realised[grew], replicates, seed)
        over = np.quantile(realised[grew] / increment, SHARES)
        told["increment"]["spread"] = {f"{share:.0%}": float(each) for share, each in zip(SHARES, over, strict=True)}
    return told


def _errors(accounts: Any, expected: Floats, realised: Floats, replicates: int, seed: int) -> dict[str, Any]:
    ids, account = np.unique(np.asarray(accounts).astype(str), return_inverse=True)
    tenth = _tenths(expected)
    flags = tenth[:, None] == np.arange(tenth.max() + 1)
    ones = np.ones((len(expected), 1))
    error = expected - realised
    told = np.column_stack([np.abs(error), error, realised, ones, expected[:, None] * flags, realised[:, None] * flags])
    by_account = np.zeros((len(ids), told.shape[1]))
    np.add.at(by_account, account, told)
    drawn = np.concatenate([block @ by_account for block in Resamples(ids, replicates, seed).blocks()])
    sums = told.sum(axis=0)
    count = flags.shape[1]
    made = [
        {
            "n": int(flags[:, place].sum()),
            "expected": float(sums[4 + place]),
            "real": float(sums[4 + count + place]),
            "ratio": _ratio(sums, drawn, 4 + place, 4 + count + place),
        }
        for place in range(count)
    ]
    return {
        "n": len(expected),
        "mae": _ratio(sums, drawn, 0, 3),
        "bias": _ratio(sums, drawn, 1, 3),
        "real": _ratio(sums, drawn, 2, 3),
        "tenths": made,
    }


def _tenths(expected: Floats) -> np.ndarray:
    """Return 0 for the rows with the highest expectation, up to 9; rows of equal expectation stay together."""
    _, place, size = np.unique(-expected, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - size / 2
    tenth = np.floor(middle / len(expected) * min(TENTHS, len(expected))).astype(int)[place]
    return np.unique(tenth, return_inverse=True)[1]


def _ratio(sums: Floats, drawn: Floats, above: int, below: int) -> dict[str, float | None]:
    ratios = np.divide(drawn[:, above], drawn[:, below], out=np.full(len(drawn), np.nan), where=drawn[:, below] > 0)
    value = None if sums[below] <= 0 else float(sums[above] / sums[below])
    return interval(value, ratios).plain()

"""The expected increment given growth, for opportunities, so that probability x increment counts nothing twice.

Ridge regression of the log increment on the log base and the features' knot transforms, on growing accounts only.
A factor brings it back to the scale of money, since the mean of logs is not the log of the mean: Duan (1983), "Smearing
estimate: a nonparametric retransformation method". Here it weighs each residual by the expectation it belongs to, which
makes the expected total equal the observed one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.linear import fit_ridge, log_term, terms_for
from models.scorer import Additive

Floats = NDArray[np.float64]

BASE = "base"
FEWEST = 30
"""With fewer growing accounts the increment rests on the base alone."""

TAIL = 0.01
"""Share of growing accounts whose increments bound the expected ones on either side."""


def fit_increment(
    matrix: Floats, base: Floats, increment: Floats, names: Sequence[str], categories: Mapping[str, int]
) -> bytes:
    """Return the model as JSON for `models.scorer.Scorer.increment`.

    Rows are growing accounts (label 1): `matrix` (rows, features) encoded, `base` and `increment` in the reporting
    currency. Expected increments stay within the observed ones.
    """
    wide = np.column_stack([matrix, base])
    columns = [*names, BASE]
    terms = [log_term(wide, columns, BASE)]
    if len(increment) >= FEWEST:
        terms += terms_for(matrix, names, categories)
    outcome = np.log(np.maximum(increment, 0.01))
    alpha = 0.1 * len(increment) if len(increment) >= FEWEST else 1.0
    fitted = fit_ridge(wide, outcome, terms, {}, alpha)
    data = json.loads(fitted)
    expected = np.exp(Additive(data, columns).margin(wide))
    data["smearing"] = float(increment.sum() / expected.sum()) if expected.sum() > 0 else 1.0
    data["lowest"], data["highest"] = (float(edge) for edge in np.quantile(increment, [TAIL, 1 - TAIL]))
    return (json.dumps(data, sort_keys=True, allow_nan=False) + "\n").encode()

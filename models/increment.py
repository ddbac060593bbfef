"""The expected increment given growth, for opportunities, so that probability x increment counts nothing twice.

Ridge regression, on growing accounts only, of the increment's share of the base, in logs, on the log base and the
features' knot transforms: without evidence, growth is taken to be in proportion to the base. The mean of the
residuals' exponentials brings it back to the scale of money, since the mean of logs is not the log of the mean:
Duan (1983), "Smearing estimate: a nonparametric retransformation method".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.linear import fit_ridge, log_term, terms_for
from models.scorer import Additive

Floats = NDArray[np.float64]

BASE = "base"
FEWEST = 30
"""With fewer growing accounts the increment rests on the base alone."""

PENALTY = 0.1
"""L2 penalty per row on standardised columns."""

CENT = 0.01


def fit_increment(
    matrix: Floats, base: Floats, increment: Floats, names: Sequence[str], categories: Mapping[str, int]
) -> bytes:
    """Return the model as JSON for `models.scorer.Scorer.increment`.

    Rows are growing accounts (label 1): `matrix` (rows, features) encoded, `base` and `increment` in the reporting
    currency. Expected increments stay within the observed ones. Where training rows are a sample, those of one label
    all count alike, so that weights would change nothing here.
    """
    wide, columns = np.column_stack([matrix, base]), [*names, BASE]
    del matrix  # the largest thing here; nobody else may be holding it
    terms = [log_term(wide, columns, BASE)]
    if len(increment) >= FEWEST:
        terms += terms_for(wide, names, categories)
    grown = np.log(np.maximum(increment, CENT))
    proportional = terms[0].knots != ()
    share = grown - np.log1p(np.maximum(base, 0.0)) if proportional else grown
    data: dict[str, Any] = json.loads(fit_ridge(wide, share, terms, {}, alpha=PENALTY * len(share)))
    if proportional:
        curve = data["terms"][0]
        curve["levels"] = [level + knot for level, knot in zip(curve["levels"], curve["knots"], strict=True)]
    data["smearing"] = float(np.mean(np.exp(grown - Additive(data, columns).margin(wide))))
    data["lowest"], data["highest"] = float(increment.min()), float(increment.max())
    return (json.dumps(data, sort_keys=True, allow_nan=False) + "\n").encode()

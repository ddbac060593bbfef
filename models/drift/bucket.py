"""The comparison of what is scored with what was learnt from, in the buckets' pass over the accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from models.drift.compare import drift_of
from models.drift.estimate import estimate, not_estimated
from models.drift.reference import Reference
from models.drift.sketch import ENOUGH, Sketch, counted, sketch_rows
from models.manifest import FittedModel
from pipeline.settings import Settings
from pipeline.snapshot import Snapshot

AT_ONCE = 16_384
"""Rows of which a matrix is held at once."""


def counted_every(snapshot: Snapshot) -> int:
    """Return of how many accounts one has its features counted, so that ENOUGH are."""
    if snapshot.rows <= ENOUGH:
        return 1
    accounts = sum(len(snapshot.ids(bucket)) for bucket in range(snapshot.buckets))
    return max(1, accounts // ENOUGH)


def sketch_bucket(
    model: FittedModel, reference: Reference, scored: pd.DataFrame, features: pa.Table, every: int
) -> Sketch:
    """Return how the rows that were scored are spread.

    `scored` has account_id and probability, NaN where an account was not scored; `features` account_id and the model's
    features. Of `every` accounts one has its features counted.
    """
    probability = scored["probability"].to_numpy(float)
    asked = scored["account_id"].to_numpy()[~np.isnan(probability)]
    wanted = pa.array(asked[counted(asked, every)], pa.string())
    rows = pc.index_in(wanted, value_set=features["account_id"].combine_chunks()).to_numpy().astype(np.intp)
    columns = features.drop_columns("account_id").combine_chunks()
    sketch = sketch_rows(np.empty((0, len(reference.features))), reference.edges, probability)
    nothing = np.empty(0)
    for first in range(0, len(rows), AT_ONCE):
        matrix = model.scorer.encode_arrow(columns, rows[first : first + AT_ONCE])
        sketch = sketch + sketch_rows(matrix, reference.edges, nothing)
    return sketch


def watched(reference: Reference, sketch: Sketch, as_of: date, settings: Settings) -> dict[str, Any]:
    """Return, as plain data, the `drift` of a date's rows and the `estimate` of how good their scores are."""
    if reference.rule:
        promised = not_estimated(sketch.scores)
    else:
        promised = estimate(sketch.scores, settings.evaluate.capacity, reference.folds, settings.run.seed)
    return {
        "drift": drift_of(reference, sketch, as_of).plain(),
        "estimate": promised.plain(),
    }

"""Watching one date: how the accounts a model would score then are spread, without making a list of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.built import bucket_features
from features.spec import Feature
from models.bucket_scores import score_rows
from models.drift.bucket import counted_every, sketch_bucket, watched
from models.drift.reference import Reference, read_reference
from models.drift.sketch import Sketch
from models.manifest import FittedModel
from models.material import Material
from models.targets import Target, cohort
from pipeline.workers import snapshot_in

_SKETCH = b"sketch"


@dataclass(frozen=True)
class SketchBucket:
    """Scores a bucket's accounts at `as_of` and counts how they are spread; features are kept in the folder `kept`."""

    snapshot: Path
    as_of: date
    features: tuple[Feature, ...]
    kept: Path
    target: Target
    model: FittedModel
    reference: Reference
    every: int

    def __call__(self, bucket: int) -> pa.Table:
        """Return an empty table whose schema's metadata holds the sketch: counts, no accounts."""
        snapshot = snapshot_in(self.snapshot)
        features = bucket_features(snapshot, bucket, [self.as_of], self.features, self.kept).drop_columns("as_of")
        excluded = set(snapshot.excluded(self.as_of, bucket)["account_id"])
        standing = cohort(self.target, snapshot.history(bucket).upto(self.as_of))
        scored = score_rows(self.model, standing, features, excluded, self.as_of)
        sketch = sketch_bucket(self.model, self.reference, scored, features, self.every)
        return pa.table({}).replace_schema_metadata({_SKETCH: json.dumps(sketch.plain())})


def watch(material: Material, target: Target, model: FittedModel, as_of: date) -> dict[str, Any] | None:
    """Return the `drift` and the `estimate` of the accounts that `model` would score at `as_of`, as plain data.

    None for a model that was trained before its reference was kept. Raises ModelError when the features do not fit.
    """
    reference = read_reference(model)
    if reference is None:
        return None
    function = SketchBucket(
        material.snapshot.folder, as_of, material.features, material.features_folder, target,
        replace(model, threads=material.threads), reference, counted_every(material.snapshot),
    )  # fmt: skip
    sketch: Sketch | None = None
    for _, table in material.map(function, f"watch {target.name}"):
        own = Sketch.read(json.loads(table.schema.metadata[_SKETCH]))
        sketch = own if sketch is None else sketch + own
    return None if sketch is None else watched(reference, sketch, as_of, material.settings)

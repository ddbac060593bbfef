"""Drift between what a model learnt from and what it scores, and how good it probably is before labels arrive."""

from models.drift.compare import Drift, Moved, drift_of
from models.drift.estimate import Estimate, estimate
from models.drift.reference import Reference, make_reference, read_reference, with_reference
from models.drift.sketch import Sketch, sketch_rows

__all__ = [
    "Drift", "Estimate", "Moved", "Reference", "Sketch", "drift_of", "estimate", "make_reference", "read_reference",
    "sketch_rows", "with_reference",
]  # fmt: skip

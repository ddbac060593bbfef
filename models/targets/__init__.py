"""What is predicted: which accounts are asked about at an as_of, what becomes of them, and what that is worth.

A kind of target is one class with its parameters (contract, inactivity, spend, event); `declare` reads a config's
`[targets]`.
`label` is the only call in keepgrow that looks ahead of an as_of.
"""

from models.targets.declare import KINDS, declare
from models.targets.labelling import cohort, label, label_cohort, notices_of
from models.targets.target import COHORT, LEAVING, OUTSIDE, SECTIONS, TOO_NEW, Target, TargetSettings

__all__ = [
    "COHORT", "KINDS", "LEAVING", "OUTSIDE", "SECTIONS", "TOO_NEW", "Target", "TargetSettings",
    "cohort", "declare", "label", "label_cohort", "notices_of",
]  # fmt: skip

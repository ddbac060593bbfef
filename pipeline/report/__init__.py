"""The run report: what happened, how good it is, who is listed and why, on one page for a browser."""

from pipeline.report.contents import (
    Changes,
    DataRead,
    FindingTold,
    Gone,
    ListedRow,
    Listing,
    Mover,
    Report,
    TableRead,
    TargetTold,
    Training,
)
from pipeline.report.page import SHOWN, render

__all__ = [
    "SHOWN", "Changes", "DataRead", "FindingTold", "Gone", "ListedRow", "Listing", "Mover", "Report", "TableRead",
    "TargetTold", "Training", "render",
]  # fmt: skip

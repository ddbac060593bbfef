"""The store: immutable runs, the pointer to the published one, feedback, and the lock a run holds."""

from pipeline.store.drill import POINTS
from pipeline.store.feedback import Feedback
from pipeline.store.frames import ROW_COLUMNS, SCORE_COLUMNS, SECTIONS
from pipeline.store.lock import RunLock
from pipeline.store.pointer import Hold
from pipeline.store.runs import RULE_MARK, PublishResult, Run, RunRecord
from pipeline.store.store import ExportStatus, Store, store_url

__all__ = [
    "POINTS",
    "ROW_COLUMNS",
    "RULE_MARK",
    "SCORE_COLUMNS",
    "SECTIONS",
    "ExportStatus",
    "Feedback",
    "Hold",
    "PublishResult",
    "Run",
    "RunLock",
    "RunRecord",
    "Store",
    "store_url",
]  # fmt: skip

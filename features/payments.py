"""How an account pays: what is open and overdue now, and how late it paid before.

An invoice is overdue from the day after `due_at`; payment on the day itself is in time.
"""

from __future__ import annotations

from features.measures import Combined, Windowed
from features.spans import Elapsed, Oldest
from features.spec import Declaration, Derived
from features.where import blank, filled, later_day, past, positive
from pipeline.tables import INVOICES

_TABLE = INVOICES.name
_BILLED = positive("amount")
_OPEN = _BILLED & blank("paid_at")
_OVERDUE = _OPEN & past("due_at")
_SETTLED = _BILLED & filled("paid_at") & filled("due_at")


def _paid_late(window: int | None) -> Combined:
    late = Windowed(_TABLE, "count", where=_SETTLED & later_day("paid_at", than="due_at"), window=window)
    return Combined("ratio", late, Windowed(_TABLE, "count", where=_SETTLED, window=window))


DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "open_amount",
        Windowed(_TABLE, "sum", "amount", _OPEN),
        "{value} invoiced and not paid yet",
        unit="money",
        family="lateness",
        topic="payments",
        empty=0.0,
    ),
    Derived(
        "overdue_amount",
        Windowed(_TABLE, "sum", "amount", _OVERDUE),
        "{value} overdue",
        unit="money",
        family="lateness",
        topic="payments",
        empty=0.0,
    ),
    Derived(
        "overdue_rows",
        Windowed(_TABLE, "count", where=_OVERDUE),
        "{value} invoice row{s} overdue",
        unit="count",
        family="lateness",
        topic="payments",
        empty=0.0,
    ),
    Derived(
        "days_overdue",
        Oldest(_TABLE, "due_at", _OVERDUE),
        "{value} day{s} overdue, the oldest unpaid invoice",
        unit="days",
        family="lateness",
        topic="payments",
        unknown="nothing overdue",
    ),
    *(
        Derived(
            f"share_paid_late_{ending}",
            _paid_late(window),
            f"{{value}} of the paid invoices {span} were paid late",
            unit="share",
            family="lateness",
            topic="payments",
            window=window,
            unknown=f"no paid invoice with a due date {span}",
        )
        for window, ending, span in (
            (90, "90d", "of the last 90 days"),
            (365, "365d", "of the last 365 days"),
            (None, "all", "of all history"),
        )
    ),
    *(
        Derived(
            f"days_paid_late_mean_{ending}",
            Elapsed(_TABLE, "due_at", "paid_at", _SETTLED, window, whole=True),
            f"paid {{value}} day{{s}} after the due date on average {span}",
            unit="days",
            family="lateness",
            topic="payments",
            window=window,
            unknown=f"no paid invoice with a due date {span}",
        )
        for window, ending, span in ((365, "365d", "in the last 365 days"), (None, "all", "in all history"))
    ),
)

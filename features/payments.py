"""How an account pays: what is open and overdue now, and how late it paid before.

An invoice is overdue from the day after `due_at`; payment on the day itself is in time.
"""

from __future__ import annotations

from features.measures import Combined, Elapsed, Lateness, Oldest, Windowed
from features.spec import ALL, Declaration, Derived, Fact, Window, ending, span, with_span
from features.where import blank, filled, later_day, past, positive
from features.words import Words
from pipeline.tables import INVOICES

_TABLE = INVOICES.name
_BILLED = positive("amount")
_OPEN = _BILLED & blank("paid_at")
_OVERDUE = _OPEN & past("due_at")
_SETTLED = _BILLED & filled("paid_at") & filled("due_at")
_OLDEST = Oldest(_TABLE, "due_at", _OVERDUE)
_AGE = Fact("days", "days_overdue", "days", _OLDEST)
_NOTHING = Words("nothing overdue", "intet forfaldent")


def _settled(window: Window) -> Words:
    """Return the invoices that are asked whether they were paid in time, in words."""
    if window is ALL:
        return Words("all paid invoices", "alle betalte fakturaer")
    return Words("the paid invoices issued {span}", "de betalte fakturaer udstedt {span}").put(span=span(window))


def _none_settled(window: Window) -> Words:
    none = Words("no paid invoice with a due date", "ingen betalt faktura med forfaldsdato")
    return none if window is ALL else with_span(none, window)


def _paid_late(window: Window) -> Derived:
    late = Windowed(_TABLE, "count", where=_SETTLED & later_day("paid_at", than="due_at"), window=window)
    return Derived(
        f"share_paid_late_{ending(window)}",
        Combined("ratio", late, Windowed(_TABLE, "count", where=_SETTLED, window=window)),
        Words("{value} of {what} were paid late", "{value} af {what} blev betalt for sent").put(what=_settled(window)),
        unit="share",
        family="lateness",
        window=window,
        unknown=_none_settled(window),
        topic="payments",
    )


def _days_late(window: Window) -> Derived:
    return Derived(
        f"days_paid_late_mean_{ending(window)}",
        Elapsed(_TABLE, "due_at", "paid_at", _SETTLED, window, whole=True),
        Words("{what} were paid {value} on average", "{what} blev betalt {value} i gennemsnit").put(
            what=_settled(window)
        ),
        unit="days_late",
        family="lateness",
        window=window,
        unknown=_none_settled(window),
        topic="payments",
    )


DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "open_amount",
        Windowed(_TABLE, "sum", "amount", _OPEN),
        Words("{value} invoiced and not paid yet", "{value} faktureret og endnu ikke betalt"),
        unit="money",
        family="lateness",
        empty=0.0,
        topic="payments",
    ),
    Derived(
        "overdue_amount",
        Windowed(_TABLE, "sum", "amount", _OVERDUE),
        Words(
            "{value} overdue, the oldest for {days} {days:day|days}",
            "{value} forfaldent, det ældste for {days} {days:dag|dage} siden",
        ),
        unit="money",
        family="lateness",
        empty=0.0,
        unknown=_NOTHING,
        topic="payments",
        facts=(_AGE,),
    ),
    Derived(
        "overdue_rows",
        Windowed(_TABLE, "count", where=_OVERDUE),
        Words(
            "{value} {invoice row|invoice rows} overdue, the oldest for {days} {days:day|days}",
            "{value} {fakturalinje forfalden|fakturalinjer forfaldne}, den ældste for {days} {days:dag|dage} siden",
        ),
        unit="count",
        family="lateness",
        empty=0.0,
        unknown=_NOTHING,
        topic="payments",
        facts=(_AGE,),
    ),
    Derived(
        "days_overdue",
        _OLDEST,
        Words(
            "the oldest unpaid invoice overdue for {value} {day|days}",
            "den ældste ubetalte faktura forfaldt for {value} {dag|dage} siden",
        ),
        unit="days",
        family="lateness",
        unknown=_NOTHING,
        topic="payments",
    ),
    *(_paid_late(window) for window in (90, 365, ALL)),
    *(_days_late(window) for window in (90, 180, 365, ALL)),
    Derived(
        "days_paid_late_last",
        Lateness(_TABLE, _BILLED),
        Words(
            "the newest invoice that was paid or fell due: {value}",
            "den nyeste faktura, der er betalt eller forfalden: {value}",
        ),
        unit="days_late",
        family="lateness",
        unknown=Words("no invoice was paid or fell due", "ingen faktura er betalt eller forfalden"),
        topic="payments",
    ),
)

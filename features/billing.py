"""What is bought, how much, how often and how regularly: from invoices and credit notes.

A purchase day is a day with a positive invoice; days are counted because one order may be many invoice lines.
"""

from __future__ import annotations

from features.derived import Monthly, Pace, Ratio, Recent, Trend, Usual
from features.measures import Combined, Since
from features.spans import Gaps
from features.spec import ALL, Aggregate, Declaration, Derived
from features.where import negative, positive
from pipeline.tables import INVOICES, SCALE

_TABLE = INVOICES.name
_BOUGHT = positive("amount")
_CREDITED = negative("amount")

PURCHASE_DAYS = Aggregate(
    "purchase_days",
    _TABLE,
    "days",
    "{value} day{s} with a purchase",
    where=_BOUGHT,
    windows=(30, 60, 90, 180, 365, ALL),
)
LINES = Aggregate("invoice_rows", _TABLE, "count", "{value} invoice row{s}", windows=(30, 90, 365, ALL))
ORDERS = Aggregate(
    "invoices", _TABLE, "distinct", "{value} invoice{s}", column="invoice_id", where=_BOUGHT, windows=(30, 90, 365)
)
SPEND = Aggregate(
    "spend",
    _TABLE,
    "sum",
    "{value} net spend",
    column="amount",
    windows=(30, 60, 90, 180, 365, ALL),
    unit="money",
    family="value",
    topic="spend",
)
# Without credit notes no rounding is left where purchases and returns cancel out, so its pace is sound.
PURCHASES = Aggregate(
    "purchases", _TABLE, "sum", "{value} bought", column="amount", where=_BOUGHT, unit="money", topic="spend"
)
CREDITS = Aggregate(
    "credit_notes",
    _TABLE,
    "count",
    "{value} credit note{s}",
    where=_CREDITED,
    windows=(90, 365, ALL),
    family="credits",
    topic="returns",
)
CREDITED = Aggregate(
    "credited",
    _TABLE,
    "sum",
    "{value} credited",
    "amount",
    _CREDITED,
    (90, 365, ALL),
    unit="money",
    family="credits",
    scale=-SCALE,
    topic="returns",
)
BREADTH = Aggregate(
    "products_bought",
    _TABLE,
    "distinct",
    "{value} different product{s} bought",
    column="product",
    where=_BOUGHT,
    windows=(30, 90, 365, ALL),
    family="breadth",
    topic="products",
)
_LAST = Since(_TABLE, "last", _BOUGHT)
_FIRST = Since(_TABLE, "first", _BOUGHT)
_GAP = Gaps(_TABLE, "mean", _BOUGHT)
_NO_PURCHASE = "no purchase on record"
_ONE_DAY = "fewer than two days with a purchase"

DECLARATIONS: tuple[Declaration, ...] = (
    PURCHASE_DAYS,
    Monthly(PURCHASE_DAYS, "{value} days with a purchase a month since the first invoice"),
    Recent(PURCHASE_DAYS, "days with a purchase", half_lives=(15, 30, 90)),
    Trend(PURCHASE_DAYS, "days with a purchase", windows=(30, 60, 90, 180)),
    Pace(PURCHASE_DAYS, "days with a purchase", fast=15),
    Usual(PURCHASE_DAYS, "days with a purchase"),
    LINES,
    Trend(LINES, "invoice rows", windows=(30, 90)),
    ORDERS,
    SPEND,
    Monthly(SPEND, "{value} net spend a month since the first invoice", family="value"),
    Recent(SPEND, "net spend", half_lives=(30, 90)),
    Trend(SPEND, "net spend", windows=(30, 60, 90, 180)),
    Pace(PURCHASES, "purchases"),
    Usual(SPEND, "net spend", windows=(30, 60)),
    Ratio(
        "spend_per_day",
        SPEND,
        PURCHASE_DAYS,
        "{value} spent per day with a purchase",
        windows=(90, 365, ALL),
        unit="money",
    ),
    CREDITS,
    CREDITED,
    BREADTH,
    Derived(
        "days_since_purchase",
        _LAST,
        "{value} day{s} since the last purchase",
        unit="days",
        family="recency",
        unknown=_NO_PURCHASE,
    ),
    Derived(
        "days_since_first_purchase",
        _FIRST,
        "{value} day{s} since the first purchase",
        unit="days",
        family="tenure",
        topic="tenure",
        unknown=_NO_PURCHASE,
    ),
    Derived(
        "days_between_first_and_last_purchase",
        Combined("difference", _FIRST, _LAST),
        "{value} day{s} from the first purchase to the last",
        unit="days",
        family="tenure",
        topic="tenure",
        unknown=_NO_PURCHASE,
    ),
    Derived(
        "purchase_gap_mean",
        _GAP,
        "a purchase every {value} day{s} on average",
        unit="days",
        family="regularity",
        unknown=_ONE_DAY,
    ),
    Derived(
        "purchase_gap_deviation",
        Gaps(_TABLE, "deviation", _BOUGHT),
        "gaps between purchases vary by {value} day{s}",
        unit="days",
        family="regularity",
        unknown="fewer than three days with a purchase",
    ),
    Derived(
        "purchase_gap_longest",
        Gaps(_TABLE, "longest", _BOUGHT),
        "{value} day{s} between purchases at the longest",
        unit="days",
        family="regularity",
        unknown=_ONE_DAY,
    ),
    Derived(
        "days_since_purchase_over_gap",
        Combined("ratio", _LAST, _GAP),
        "{value} times the usual gap since the last purchase",
        unit="ratio",
        family="regularity",
        unknown=_ONE_DAY,
    ),
)

"""What is bought, how much, how often and how regularly: from invoices and credit notes.

A purchase day is a day with a positive invoice; days are counted because one order may be many invoice lines.
"""

from __future__ import annotations

from features.derived import Monthly, Pace, Ratio, Recent, Trend, Usual
from features.measures import Combined, Gaps, Since, TopShare
from features.spec import ALL, Aggregate, Declaration, Derived, Fact
from features.where import negative, positive
from features.words import Words
from pipeline.tables import INVOICES, SCALE

_TABLE = INVOICES.name
_BOUGHT = positive("amount")
_CREDITED = negative("amount")

PURCHASE_DAYS = Aggregate(
    "purchase_days",
    _TABLE,
    "days",
    Words("purchase day|purchase days", "købsdag|købsdage"),
    where=_BOUGHT,
    windows=(30, 60, 90, 180, 365, ALL),
)
LINES = Aggregate(
    "invoice_rows",
    _TABLE,
    "count",
    Words("invoice row|invoice rows", "fakturalinje|fakturalinjer"),
    windows=(30, 90, 365, ALL),
)
ORDERS = Aggregate(
    "invoices",
    _TABLE,
    "distinct",
    Words("invoice|invoices", "faktura|fakturaer"),
    column="invoice_id",
    where=_BOUGHT,
    windows=(30, 90, 365),
)
SPEND = Aggregate(
    "spend",
    _TABLE,
    "sum",
    Words("net spend", "nettokøb"),
    column="amount",
    windows=(30, 60, 90, 180, 365, ALL),
    unit="money",
    family="value",
    topic="spend",
    none=Words("no net spend", "intet nettokøb"),
)
# Without credit notes no rounding is left where purchases and returns cancel out, so its pace is sound.
PURCHASES = Aggregate(
    "purchases",
    _TABLE,
    "sum",
    Words("purchases", "køb"),
    column="amount",
    where=_BOUGHT,
    unit="money",
    topic="spend",
)
CREDITS = Aggregate(
    "credit_notes",
    _TABLE,
    "count",
    Words("credit note|credit notes", "kreditnota|kreditnotaer"),
    where=_CREDITED,
    windows=(90, 365, ALL),
    family="credits",
    topic="returns",
)
CREDITED = Aggregate(
    "credited",
    _TABLE,
    "sum",
    Words("credit notes", "kreditnotaer"),
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
    Words("product bought|different products bought", "produkt købt|forskellige produkter købt"),
    column="product",
    where=_BOUGHT,
    windows=(30, 90, 365, ALL),
    family="breadth",
    topic="products",
)
_LAST = Since(_TABLE, "last", _BOUGHT)
_FIRST = Since(_TABLE, "first", _BOUGHT)
_GAP = Gaps(_TABLE, "mean", _BOUGHT)
_NO_PURCHASE = Words("no purchases on record", "ingen køb registreret")
_ONE_DAY = Words("fewer than two purchase days", "færre end to købsdage")

DECLARATIONS: tuple[Declaration, ...] = (
    PURCHASE_DAYS,
    Monthly(PURCHASE_DAYS),
    Recent(PURCHASE_DAYS, half_lives=(15, 30, 90)),
    Trend(PURCHASE_DAYS, windows=(30, 60, 90, 180)),
    Pace(PURCHASE_DAYS, fast=15),
    Usual(PURCHASE_DAYS),
    LINES,
    Trend(LINES, windows=(30, 90)),
    ORDERS,
    SPEND,
    Monthly(SPEND, family="value"),
    Recent(SPEND, half_lives=(30, 90)),
    Trend(SPEND, windows=(30, 60, 90, 180)),
    Pace(PURCHASES),
    Usual(SPEND, windows=(30, 60)),
    Ratio(
        "spend_per_day",
        SPEND,
        PURCHASE_DAYS,
        Words("{value} spent per purchase day", "{value} pr. købsdag"),
        windows=(90, 365, ALL),
        unit="money",
    ),
    CREDITS,
    CREDITED,
    Ratio(
        "credited_share",
        CREDITED,
        PURCHASES,
        # No share: what is credited may have been bought before the window.
        Words(
            "credit notes of {of} against purchases of {over} {span}", "kreditnotaer for {of} mod køb for {over} {span}"
        ),
        windows=(90, 365),
        family="mix",
    ),
    BREADTH,
    Derived(
        "top_product_share_365d",
        TopShare(_TABLE, "sum", "product", "amount", _BOUGHT, 365),
        Words(
            "{value} of the purchases with a named product in the last 365 days were of the largest one",
            "{value} af købene med et navngivet produkt de seneste 365 dage var af det største",
        ),
        unit="share",
        family="mix",
        window=365,
        unknown=Words("no product bought in the last 365 days", "intet produkt købt de seneste 365 dage"),
        topic="products",
    ),
    Derived(
        "days_since_purchase",
        _LAST,
        Words("{value} {day|days} since the last purchase", "{value} {dag|dage} siden seneste køb"),
        unit="days",
        family="recency",
        unknown=_NO_PURCHASE,
    ),
    Derived(
        "days_since_first_purchase",
        _FIRST,
        Words("{value} {day|days} since the first purchase", "{value} {dag|dage} siden det første køb"),
        unit="days",
        family="tenure",
        unknown=_NO_PURCHASE,
        topic="tenure",
    ),
    Derived(
        "days_between_first_and_last_purchase",
        Combined("difference", _FIRST, _LAST),
        Words(
            "{value} {day|days} from the first purchase to the last", "{value} {dag|dage} fra første køb til seneste"
        ),
        unit="days",
        family="tenure",
        unknown=_NO_PURCHASE,
        topic="tenure",
    ),
    Derived(
        "purchase_gap_mean",
        _GAP,
        Words("{value} {day|days} between purchases on average", "{value} {dag|dage} mellem køb i gennemsnit"),
        unit="days",
        family="regularity",
        unknown=_ONE_DAY,
    ),
    Derived(
        "purchase_gap_deviation",
        Gaps(_TABLE, "deviation", _BOUGHT),
        Words(
            "the time between purchases varies by {value} {day|days}", "tiden mellem køb svinger med {value} {dag|dage}"
        ),
        unit="days",
        family="regularity",
        unknown=Words("fewer than three purchase days", "færre end tre købsdage"),
    ),
    Derived(
        "purchase_gap_longest",
        Gaps(_TABLE, "longest", _BOUGHT),
        Words("{value} {day|days} between purchases at the longest", "højst {value} {dag|dage} mellem to køb"),
        unit="days",
        family="regularity",
        unknown=_ONE_DAY,
    ),
    Derived(
        "days_since_purchase_over_gap",
        Combined("ratio", _LAST, _GAP),
        Words(
            "{since} {since:day|days} since the last purchase, against {gap} {gap:day|days} between them on average",
            "{since} {since:dag|dage} siden seneste køb, mod {gap} {gap:dag|dage} imellem dem i gennemsnit",
        ),
        unit="ratio",
        family="regularity",
        unknown=_ONE_DAY,
        facts=(
            Fact("since", "days_since_purchase", "days", _LAST),
            Fact("gap", "purchase_gap_mean", "days", _GAP),
        ),
    ),
)

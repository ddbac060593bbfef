"""What an account can be expected to buy by its own rhythm, against what it bought lately; what its baskets hold."""

from __future__ import annotations

from features.billing import LINES, PURCHASE_DAYS, PURCHASES, SPEND
from features.derived import Ratio
from features.measures import Combined, Measure, Purchasing
from features.spec import ALL, Aggregate, Declaration, Derived, Fact
from features.where import positive
from features.words import Words
from pipeline.tables import INVOICES

_TABLE = INVOICES.name
_BOUGHT = positive("amount")
_DAYS = 60
"""Days looked ahead: about as long as an account that buys regularly may well pause."""

_AHEAD = Purchasing(_TABLE, _BOUGHT, "expected", _DAYS)
_PER_DAY = Combined("ratio", PURCHASES.measure(ALL), PURCHASE_DAYS.measure(ALL))
_SPEND_AHEAD: Measure = Combined("product", _AHEAD, _PER_DAY)
_NO_PURCHASE = Words("no purchases on record", "ingen køb registreret")

_UNITS = Aggregate(
    "units_bought",
    _TABLE,
    "sum",
    Words("unit bought|units bought", "enhed købt|enheder købt"),
    column="quantity",
    where=_BOUGHT,
    unit="number",
)
_ROWS = Aggregate("rows_bought", _TABLE, "count", LINES.words, where=_BOUGHT)

DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "purchase_alive_probability",
        Purchasing(_TABLE, _BOUGHT, "alive"),
        Words(
            "by the rhythm of its purchases, {value} likely to buy again",
            "ud fra rytmen i køb {value} sandsynlighed for at købe igen",
        ),
        unit="share",
        family="expected",
        unknown=_NO_PURCHASE,
    ),
    Derived(
        f"purchase_days_expected_{_DAYS}d",
        _AHEAD,
        Words(
            "{value} {purchase day|purchase days} to be expected in the coming {days} days",
            "{value} {købsdag|købsdage} kan ventes de kommende {days} dage",
        ).put(days=_DAYS),
        unit="number",
        family="expected",
        unknown=_NO_PURCHASE,
    ),
    Derived(
        f"spend_expected_over_recent_{_DAYS}d",
        Combined("ratio", _SPEND_AHEAD, SPEND.measure(_DAYS)),
        Words(
            "purchases of {ahead} to be expected in the coming {days} days, against {lately} in the last {days}",
            "køb for {ahead} kan ventes de kommende {days} dage, mod {lately} de seneste {days}",
        ).put(days=_DAYS),
        unit="ratio",
        family="expected",
        window=_DAYS,
        unknown=Words("no spend in the last {days} days", "intet køb de seneste {days} dage").put(days=_DAYS),
        topic="spend",
        facts=(
            Fact("ahead", f"spend_expected_mean_{_DAYS}d", "money", _SPEND_AHEAD),
            SPEND.fact("lately", _DAYS),
        ),
    ),
    Ratio(
        "price_per_unit",
        PURCHASES,
        _UNITS,
        Words("{value} paid per unit", "{value} betalt pr. enhed"),
        windows=(ALL,),
        unit="money",
        family="baskets",
    ),
    Ratio(
        "units_per_row",
        _UNITS,
        _ROWS,
        Words("{value} {unit|units} per invoice row", "{value} {enhed|enheder} pr. fakturalinje"),
        windows=(ALL,),
        unit="number",
        family="baskets",
    ),
)

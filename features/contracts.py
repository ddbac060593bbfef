"""What is contracted now, how it moved as we know it today, and which dates come next. Also products held.

Discounts are left out: the contract tables carry no list price to compare with.
"""

from __future__ import annotations

from features.measures import Combined, Contracted, Held, Measure, Since
from features.spec import Declaration, Derived, Fact, Unit
from features.words import Words
from pipeline.tables import SUBSCRIPTIONS

_MRR, _SEATS, _LINES = Contracted("mrr"), Contracted("seats"), Contracted("lines")
_NO_LINE = Words("no contract line in force", "ingen aftalelinje i kraft")
_NOT_BACK = Words("{what} {days} days ago: not known", "{what} for {days} dage siden: ukendt")


def _price(back: int = 0) -> Combined:
    return Combined("ratio", Contracted("mrr", back), Contracted("seats", back))


def _change(name: str, what: Words, unit: Unit, now: Measure, before: Measure, window: int, topic: str) -> Derived:
    """Return a contract's figure against the same so many days ago: a difference for lines, else a relative change."""
    return Derived(
        f"{name}_change_{window}d",
        Combined("difference" if name == "lines" else "change", now, before),
        Words(
            "{what} {moved}, compared with {days} days ago",
            "{what} {moved}, i dag sammenlignet med for {days} dage siden",
        ).put(what=what, days=window),
        unit="number" if name == "lines" else "change",
        family="contract",
        window=window,
        unknown=_NOT_BACK.put(what=what, days=window),
        topic=topic,
        facts=(Fact("now", name, unit, now), Fact("before", f"{name}_{window}d_before", unit, before)),
    )


DECLARATIONS: tuple[Declaration, ...] = (
    Derived("mrr", _MRR, Words("MRR of {value}", "MRR på {value}"), unit="money", family="contract", empty=0.0),
    *(
        _change("mrr", Words("MRR", "MRR"), "money", _MRR, Contracted("mrr", window), window, "contract")
        for window in (30, 90, 180, 365)
    ),
    Derived(
        "seats",
        _SEATS,
        Words("{value} {seat|seats}", "{value} {licens|licenser}"),
        unit="count",
        family="contract",
        empty=0.0,
        topic="seats",
    ),
    *(
        _change("seats", Words("seats", "licenser"), "count", _SEATS, Contracted("seats", window), window, "seats")
        for window in (90, 365)
    ),
    Derived(
        "mrr_per_seat",
        _price(),
        Words("MRR of {value} per seat", "MRR på {value} pr. licens"),
        unit="money",
        family="contract",
        unknown=Words("seats: not known", "licenser: ukendt"),
    ),
    _change("mrr_per_seat", Words("MRR per seat", "MRR pr. licens"), "money", _price(), _price(365), 365, "contract"),
    Derived(
        "lines",
        _LINES,
        Words("{value} {contract line|contract lines}", "{value} {aftalelinje|aftalelinjer}"),
        unit="count",
        family="contract",
        empty=0.0,
    ),
    _change(
        "lines", Words("contract lines", "aftalelinjer"), "count", _LINES, Contracted("lines", 365), 365, "contract"
    ),
    Derived(
        "products",
        Contracted("products"),
        Words("{value} {product|products} subscribed to", "{value} {produkt|produkter} i abonnement"),
        unit="count",
        family="breadth",
        empty=0.0,
        topic="products",
    ),
    Derived(
        "holdings",
        Held(),
        Words("{value} {product|products} held", "{value} {produkt|produkter} i porteføljen"),
        unit="count",
        family="breadth",
        empty=0.0,
        topic="products",
    ),
    Derived(
        "days_to_renewal",
        Contracted("days_to_renewal"),
        Words("{value} {day|days} to the next renewal", "{value} {dag|dage} til næste fornyelse"),
        unit="days",
        family="contract",
        unknown=Words("no renewal date ahead", "ingen kommende fornyelsesdato"),
        topic="renewal",
    ),
    Derived(
        "days_to_notice",
        Contracted("days_to_notice"),
        Words("{value} {day|days} left to give notice", "{value} {dag|dage} tilbage til at opsige"),
        unit="days",
        family="contract",
        unknown=Words("no notice date ahead", "ingen kommende opsigelsesfrist"),
        topic="renewal",
    ),
    Derived(
        "auto_renew_share",
        Contracted("auto_renew"),
        Words("{value} of the contract lines renew by themselves", "{value} af aftalelinjerne fornyes automatisk"),
        unit="share",
        family="contract",
        unknown=Words("automatic renewal: not known", "automatisk fornyelse: ukendt"),
        topic="renewal",
    ),
    Derived(
        "mrr_under_notice",
        Contracted("under_notice"),
        Words("MRR of {value} with a known end", "MRR på {value} med kendt udløb"),
        unit="money",
        family="contract",
        empty=0.0,
    ),
    Derived(
        "oldest_line_days",
        Contracted("age"),
        Words(
            "{value} {day|days} since the oldest contract line began",
            "{value} {dag|dage} siden den ældste aftalelinje begyndte",
        ),
        unit="days",
        family="tenure",
        unknown=_NO_LINE,
        topic="tenure",
    ),
    Derived(
        "days_since_contract_change",
        Since(SUBSCRIPTIONS.name, "last"),
        Words(
            "{value} {day|days} since a contract line began or changed",
            "{value} {dag|dage} siden en aftalelinje begyndte eller blev ændret",
        ),
        unit="days",
        family="contract",
        unknown=_NO_LINE,
    ),
)

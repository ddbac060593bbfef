"""How the contract moved last: growth, reductions, price rises and returns, and where its year stands.

A price rise is told as what is on record: a dearer plan, or seats that nobody counts, look the same.
"""

from __future__ import annotations

from features.measures import Contracted, Moved
from features.spec import Declaration, Derived, Fact
from features.words import Words

GREW = Moved("rose")
_SINCE = Words("{value} {day|days} since {what}", "{value} {dag|dage} siden {what}")

_MOVES = (
    ("mrr_growth", GREW, Words("MRR last grew with seats or lines", "MRR senest voksede med licenser eller linjer")),
    ("mrr_reduction", Moved("fell"), Words("MRR was last reduced", "MRR senest blev sat ned")),
    (
        "price_rise",
        Moved("priced"),
        Words("MRR last rose without more seats or lines", "MRR senest steg uden flere licenser eller linjer"),
    ),
    ("return", Moved("returned"), Words("the account came back", "kunden kom tilbage")),
)
_NEVER = {
    "mrr_growth": Words("MRR has not grown with seats or lines", "MRR er ikke vokset med licenser eller linjer"),
    "mrr_reduction": Words("MRR has not been reduced", "MRR er ikke sat ned"),
    "price_rise": Words(
        "MRR has not risen without more seats or lines", "MRR er ikke steget uden flere licenser eller linjer"
    ),
    "return": Words("the account has not left and come back", "kunden har ikke været væk og er kommet tilbage"),
}
_SIZES = (
    (
        "mrr_growth",
        GREW,
        Words(
            "MRR grew by {value} with seats or lines the last time",
            "MRR voksede {value} med licenser eller linjer sidste gang",
        ),
    ),
    (
        "price_rise",
        Moved("priced"),
        Words(
            "MRR rose by {value} without more seats or lines the last time",
            "MRR steg {value} uden flere licenser eller linjer sidste gang",
        ),
    ),
)

DECLARATIONS: tuple[Declaration, ...] = (
    *(
        Derived(
            f"days_since_{name}",
            move,
            _SINCE.put(what=what),
            unit="days",
            family="moves",
            unknown=_NEVER[name],
            topic="contract",
        )
        for name, move, what in _MOVES
    ),
    *(
        Derived(
            f"{name}_last",
            Moved(move.kind, "share"),
            Words("{said}, {days} {days:day|days} ago", "{said}, for {days} {days:dag|dage} siden").put(said=said),
            unit="share",
            family="moves",
            unknown=_NEVER[name],
            topic="contract",
            facts=(Fact("days", f"days_since_{name}", "days", move),),
        )
        for name, move, said in _SIZES
    ),
    Derived(
        "contract_year_days",
        Contracted("year"),
        Words("{value} {day|days} into the contract's year", "{value} {dag|dage} inde i aftaleåret"),
        unit="days",
        family="moves",
        unknown=Words("no contract line in force", "ingen aftalelinje i kraft"),
        topic="renewal",
    ),
)

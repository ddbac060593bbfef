"""In which direction alone a prediction may move with a feature, where the business is sure whatever data seem to say.

A direction is written down only where its opposite would be absurd to whoever calls: nobody is held to be safer because
invoices went unpaid for longer. Where both have been seen (a quiet account may be content) there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.linear import Term
from models.targets import Target


@dataclass(frozen=True)
class Sure:
    """Features by the pattern of their whole name: 1 where more never lowers the risk of leaving, -1 never raises it.

    `growth` says the same of growing by contract; 0: not sure.
    """

    features: str
    leaving: int
    growth: int = 0


SURE = (
    Sure(r"days_overdue", 1, -1),
    Sure(r"oldest_open_ticket_days", 1),
    Sure(r"mrr_under_notice", 1, -1),
)
"""Few on purpose. Amounts overdue grow with the account, and large ones stay; paying late, and low survey scores, are
habits of some who never leave: held to a direction, these cost .001 of AUC on the made-up company."""


def directions(names: Sequence[str], target: Target) -> list[int]:
    """Return, per feature, 1 where label 1 may only become likelier with more of it, -1 less likely, 0 for either.

    Directions are known for churn, for renewals that fail, and for growth by contract. Growth of spend has none: who
    buys late may buy much. Neither have events, whose meaning the config alone knows.
    """
    return [_direction(name, target) for name in names]


def held(directions: Sequence[int], terms: Sequence[Term], fit: Callable[[Sequence[Term]], bytes]) -> bytes:
    """Return the curves that `fit` makes of the terms without those that run against a direction (see `directions`).

    `directions` has one per column that `Term.position` counts, or is empty. A term that runs against its own is left
    out and the rest fitted anew, until none does.
    """
    made = fit(terms)
    while wrong := _against(directions, terms, made):
        terms = [term for term in terms if term not in wrong]
        made = fit(terms)
    return made


def _against(directions: Sequence[int], terms: Sequence[Term], made: bytes) -> list[Term]:
    if not any(directions):
        return []
    ends = {curve["feature"]: curve["levels"] for curve in json.loads(made)["terms"] if "levels" in curve}
    return [
        term
        for term in terms
        if term.feature in ends and directions[term.position] * (ends[term.feature][-1] - ends[term.feature][0]) < 0
    ]


def _direction(name: str, target: Target) -> int:
    sure = next((each for each in SURE if re.fullmatch(each.features, name)), None)
    if sure is None:
        return 0
    if target.kind in ("churn", "renewal"):
        return sure.leaving
    if target.kind == "upsell" and target.by == "contract":
        return sure.growth
    return 0

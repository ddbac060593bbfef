"""The handful of features a small model looks at, with the direction the business expects of each.

Written down before any data were seen: with thirty outcomes a choice among two hundred columns would find chance. A
signal is the first of its features that a book has and fills; which one is taken never depends on the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.rows import Encoded
from models.targets import Target

FILLED = 0.5
"""Share of rows that must know a feature for it to stand for its signal; otherwise the next one is tried."""


@dataclass(frozen=True)
class Signal:
    """One thing to look at: features that tell it, the best first, and what more of it means.

    `risk`: 1 where more of it makes leaving likelier, -1 where less; `contract` and `spend` the same for growth of a
    contract and of spend; 0 where both have been seen, None where it is not looked at.
    """

    name: str
    features: tuple[str, ...]
    risk: int | None
    contract: int | None
    spend: int | None


SIGNALS = (
    Signal("silence", ("days_since_interaction_over_gap", "days_since_interaction"), 1, -1, None),
    Signal("overdue by own rhythm", ("days_since_purchase_over_gap", "days_since_purchase"), 1, None, 1),
    Signal("last purchase", ("days_since_purchase",), 1, None, None),
    Signal("how often", ("purchase_days_365d", "purchase_days_180d", "purchase_days_90d"), -1, None, 0),
    Signal("activity", ("interaction_days_90d", "interaction_days_30d"), -1, 1, 1),
    Signal("use", ("usage_30d", "usage_90d"), -1, 1, 1),
    Signal("change of use", ("usage_change_90d", "interactions_change_90d", "logins_change_90d"), -1, 1, 1),
    Signal("change of spend", ("spend_change_90d", "spend_change_180d"), -1, None, None),
    Signal("spend against usual", ("spend_over_usual_60d", "spend_over_usual_30d"), None, None, -1),
    Signal("paying late", ("days_paid_late_mean_365d", "share_paid_late_365d", "overdue_amount"), 1, -1, -1),
    Signal("open tickets", ("tickets_90d", "tickets_open"), 1, -1, None),
    Signal("survey", ("nps_mean_365d", "csat_mean_365d", "nps_last", "csat_last"), -1, 1, 1),
    Signal("people", ("contacts_90d", "contacts_365d"), -1, 1, None),
    Signal("seats", ("seats_change_365d", "mrr_change_365d"), -1, 1, None),
    Signal("time to renewal", ("days_to_notice", "days_to_renewal"), -1, None, None),
    Signal("age", ("oldest_line_days", "days_since_first_purchase", "days_since_first_interaction"), -1, -1, -1),
)


@dataclass(frozen=True)
class Look:
    """A feature looked at for a signal, and its direction: 1, -1, or 0 for either."""

    feature: str
    direction: int
    signal: str


def looks(rows: Encoded, target: Target) -> list[Look]:
    """Return what a small model of the target looks at in these rows, in the order of SIGNALS, each feature once.

    A feature is taken when at least half of the rows know it and it varies. For events, whose meaning the config
    alone knows, no direction is expected.
    """
    found: dict[str, Look] = {}
    for signal in SIGNALS:
        direction = _direction(signal, target)
        if direction is None:
            continue
        name = _first(rows, signal.features, found)
        if name is not None:
            found[name] = Look(name, direction, signal.name)
    return list(found.values())


def _direction(signal: Signal, target: Target) -> int | None:
    if target.kind == "event":
        return 0
    if target.risk:
        return signal.risk
    return signal.spend if target.by == "spend" else signal.contract


def _first(rows: Encoded, names: Sequence[str], taken: dict[str, Look]) -> str | None:
    for name in names:
        if name not in rows.names or name in taken or name in rows.categories:
            continue
        values = rows.column(rows.names.index(name))
        known = values[~np.isnan(values)]
        if len(known) >= FILLED * len(values) and len(known) and known.min() < known.max():
            return name
    return None

"""What features are about, as an account manager thinks of it: reasons and importances are told by topic.

`family` says how a feature is measured (volume, recency, trend), `topic` what it is about (logins, payments, renewal).
"""

from __future__ import annotations

from features.words import Words
from pipeline.tables import ACCOUNTS, HOLDINGS, INTERACTIONS, INVOICES, SUBSCRIPTIONS

TOPICS: dict[str, Words] = {
    "purchases": Words("purchases", "køb"),
    "spend": Words("spend", "omsætning"),
    "returns": Words("credit notes", "kreditnotaer"),
    "products": Words("products", "produkter"),
    "payments": Words("payments", "betalinger"),
    "activity": Words("activity", "aktivitet"),
    "logins": Words("logins", "logins"),
    "use": Words("use", "brug"),
    "contact": Words("contact with us", "kontakt med os"),
    "people": Words("contact persons", "kontaktpersoner"),
    "tickets": Words("tickets", "supportsager"),
    "survey": Words("survey answers", "svar på målinger"),
    "notes": Words("what notes say", "hvad notater siger"),
    "contract": Words("contract", "kontrakt"),
    "seats": Words("seats", "licenser"),
    "renewal": Words("renewal", "fornyelse"),
    "tenure": Words("tenure", "kundeforholdets længde"),
    "attributes": Words("attributes", "stamdata"),
}
"""Topic -> its name in every language."""

BY_TABLE = {
    INVOICES.name: "purchases",
    INTERACTIONS.name: "activity",
    SUBSCRIPTIONS.name: "contract",
    HOLDINGS.name: "products",
    ACCOUNTS.name: "tenure",
    "": "tenure",
}
"""The topic of a feature that names none, by the table it reads first."""

MORE_IS_GOOD = ("purchases", "spend", "products", "activity", "logins", "use", "people", "survey", "seats")
MORE_IS_BAD = ("returns", "payments", "tickets")
_MORE_IS_LESS = ("recency", "regularity", "lost")
"""Families in which more means longer ago, or gone."""

_NEITHER = ("mix", "baskets")
"""Families that tell of what something consists, not of how much of it there is."""


def good_news(topic: str, family: str) -> int:
    """Return whether more of a figure is good news for a relation (1), bad news (-1), or neither (0)."""
    sign = 1 if topic in MORE_IS_GOOD else -1 if topic in MORE_IS_BAD else 0
    if family in _NEITHER and sign > 0:
        return 0
    return -sign if family in _MORE_IS_LESS else sign

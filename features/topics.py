"""What features are about, as an account manager thinks of it: reasons and importances are told by topic.

`family` says how a feature is measured (volume, recency, trend), `topic` what it is about (logins, payments, renewal).
"""

from __future__ import annotations

from pipeline.tables import ACCOUNTS, HOLDINGS, INTERACTIONS, INVOICES, SUBSCRIPTIONS

TOPICS: dict[str, dict[str, str]] = {
    "purchases": {"en": "purchases", "da": "køb"},
    "spend": {"en": "spend", "da": "omsætning"},
    "returns": {"en": "credit notes", "da": "kreditnotaer"},
    "products": {"en": "products", "da": "produkter"},
    "payments": {"en": "payments", "da": "betalinger"},
    "activity": {"en": "activity", "da": "aktivitet"},
    "logins": {"en": "logins", "da": "logins"},
    "use": {"en": "use", "da": "brug"},
    "contact": {"en": "contact with us", "da": "kontakt med os"},
    "people": {"en": "contact persons", "da": "kontaktpersoner"},
    "tickets": {"en": "tickets", "da": "supportsager"},
    "survey": {"en": "survey answers", "da": "svar på målinger"},
    "contract": {"en": "contract", "da": "kontrakt"},
    "seats": {"en": "seats", "da": "licenser"},
    "renewal": {"en": "renewal", "da": "fornyelse"},
    "tenure": {"en": "tenure", "da": "kundeforholdets længde"},
    "attributes": {"en": "attributes", "da": "stamdata"},
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

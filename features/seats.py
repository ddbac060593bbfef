"""What is used against what is contracted: a contract whose seats are all in use is about to grow."""

from __future__ import annotations

from features.interactions import LOGINS, USAGE
from features.measures import Combined, Contracted, Lately
from features.moves import GREW
from features.spec import Declaration, Derived
from features.words import Words

_SEATS = Contracted("seats")
_NO_SEATS = Words("seats: not known", "licenser: ukendt")

DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "usage_per_seat_30d",
        Combined("ratio", USAGE.measure(30), _SEATS),
        Words(
            "{value} {unit of use|units of use} per seat in the last 30 days",
            "{value} {brugsenhed|brugsenheder} pr. licens de seneste 30 dage",
        ),
        unit="number",
        family="seats",
        window=30,
        unknown=_NO_SEATS,
        topic="use",
    ),
    Derived(
        "logins_per_seat_90d",
        Combined("ratio", LOGINS.measure(90), _SEATS),
        Words(
            "{value} {login|logins} per seat in the last 90 days",
            "{value} {login|logins} pr. licens de seneste 90 dage",
        ),
        unit="number",
        family="seats",
        window=90,
        unknown=_NO_SEATS,
        topic="logins",
    ),
    Derived(
        "logins_since_growth_per_month",
        Lately(LOGINS.measure(90), GREW),
        Words(
            "{value} {login|logins} a month since the contract last grew, or in the last 90 days",
            "{value} {login|logins} om måneden siden aftalen senest voksede, eller de seneste 90 dage",
        ),
        unit="per_month",
        family="seats",
        topic="logins",
    ),
)

"""Who of the account's people is still heard of: a main contact that has gone silent, contacts lost and new."""

from __future__ import annotations

from features.measures import People
from features.spec import Declaration, Derived
from features.words import Words
from pipeline.tables import INTERACTIONS

_TABLE, _BY = INTERACTIONS.name, "contact_id"
_NOBODY = Words("no contact on record in the last 365 days", "ingen kontaktperson registreret de seneste 365 dage")
_NOT_BACK = Words("contacts of the last 365 days: not known", "kontaktpersoner de seneste 365 dage: ukendt")

DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "days_since_main_contact",
        People(_TABLE, _BY, "main_silent"),
        Words(
            "{value} {day|days} since the main contact was last heard of",
            "{value} {dag|dage} siden der sidst var kontakt med den vigtigste kontaktperson",
        ),
        unit="days",
        family="lost",
        unknown=_NOBODY,
        topic="people",
    ),
    Derived(
        "interactions_since_main_contact",
        People(_TABLE, _BY, "since_main"),
        Words(
            "{value} {interaction|interactions} with others since the main contact was last heard of",
            "{value} {aktivitet|aktiviteter} med andre, siden der sidst var kontakt med den vigtigste kontaktperson",
        ),
        unit="count",
        family="lost",
        unknown=_NOBODY,
        topic="people",
    ),
    Derived(
        "contacts_lost_90d",
        People(_TABLE, _BY, "lost"),
        Words(
            "{value} {contact|contacts} of the last 365 days not heard of in the last 90",
            "{value} {kontaktperson|kontaktpersoner} fra de seneste 365 dage har vi ikke hørt fra de seneste 90",
        ),
        unit="count",
        family="lost",
        window=90,
        unknown=_NOT_BACK,
        topic="people",
    ),
    Derived(
        "contacts_new_90d",
        People(_TABLE, _BY, "new"),
        Words(
            "{value} new {contact|contacts} in the last 90 days",
            "{value} {ny kontaktperson|nye kontaktpersoner} de seneste 90 dage",
        ),
        unit="count",
        family="breadth",
        window=90,
        unknown=_NOT_BACK,
        topic="people",
    ),
)

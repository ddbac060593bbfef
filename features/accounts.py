"""How long the account has been with us, and its attributes.

The month of as_of is left out: with one or two years of data each month was seen once or twice, so a model would
learn dates instead of seasons. The day within the account's own year stays, since accounts began on different days.
"""

from __future__ import annotations

from collections.abc import Sequence

from features.measures import Attribute, Observed, Opened
from features.spec import NOT_KNOWN, Declaration, Derived, Feature
from features.words import Words
from pipeline.tables import ACCOUNTS

DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "days_since_opened",
        Opened(),
        Words("{value} {day|days} since the account was opened", "{value} {dag|dage} siden kunden blev oprettet"),
        unit="days",
        family="tenure",
        unknown=Words("no opening date", "ingen oprettelsesdato"),
    ),
    Derived(
        "days_since_anniversary",
        Opened(anniversary=True),
        Words(
            "{value} {day|days} since the account's last anniversary",
            "{value} {dag|dage} siden kundeforholdets seneste årsdag",
        ),
        unit="days",
        family="anniversary",
        unknown=Words("no opening date", "ingen oprettelsesdato"),
    ),
    Derived(
        "days_observed",
        Observed(),
        Words("{value} {day|days} of history", "{value} {dag|dage} med historik"),
        unit="days",
        family="tenure",
        unknown=Words("no history yet", "endnu ingen historik"),
    ),
)


def attributes(names: Sequence[str]) -> tuple[Feature, ...]:
    """Return one feature per attribute of the account; people read the attribute's own name, in every language."""
    return tuple(
        Feature(
            name,
            "attribute",
            "attributes",
            ACCOUNTS.name,
            None,
            "category",
            None,
            Words("{name}: {value}", "{name}: {value}").put(name=_readable(name)),
            NOT_KNOWN.put(what=_readable(name)),
            Attribute(name),
        )
        for name in names
    )


def _readable(name: str) -> str:
    return "".join(" " if letter in "_{}" else letter for letter in name).strip() or "attribute"

"""How long the account has been with us, and its attributes.

The month of as_of is left out: with one or two years of data each month was seen once or twice, so a model would
learn dates instead of seasons. The day within the account's own year stays, since accounts began on different days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.evaluation import Evaluation, Reads
from features.selection import Floats
from features.spec import NOT_KNOWN, Declaration, Derived, Feature
from features.words import Words
from pipeline.asof import DAY, MISSING
from pipeline.tables import ACCOUNTS, HOLDINGS, INTERACTIONS, INVOICES, SCALE, SUBSCRIPTIONS

_EVENTS = (INTERACTIONS.name, INVOICES.name, SUBSCRIPTIONS.name, HOLDINGS.name)


@dataclass(frozen=True)
class Opened:
    """Days since `opened_at`, or since its last anniversary (every 365 days); NaN when empty or not yet."""

    anniversary: bool = False

    @property
    def reads(self) -> Reads:
        return ((ACCOUNTS.name, "opened_at"),)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.view.tables[ACCOUNTS.name]
        opened = rows.columns["opened_at"]
        some = (opened != MISSING) & (opened < evaluation.at)
        age = evaluation.at // DAY - opened[some] // DAY
        days = evaluation.unknown()
        days[rows.account[some]] = age % 365 if self.anniversary else age
        return days


@dataclass(frozen=True)
class Observed:
    """Days since the account's first row in any table of events; NaN without one."""

    @property
    def reads(self) -> Reads:
        return ()

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        first = np.full(evaluation.accounts, evaluation.at)
        for table in _EVENTS:
            if table in evaluation.view.tables:
                rows = evaluation.select(table)
                some = rows.end > rows.first
                first[some] = np.minimum(first[some], rows.occurred[rows.first[some]])
        days = (evaluation.at // DAY - first // DAY).astype(np.float64)
        return np.where(first == evaluation.at, np.nan, days)


@dataclass(frozen=True)
class Attribute:
    """An attribute of the account as text, None where empty."""

    column: str

    @property
    def reads(self) -> Reads:
        return ((ACCOUNTS.name, self.column),)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        found = np.full(evaluation.accounts, None, dtype=object)
        rows = evaluation.view.tables[ACCOUNTS.name]
        values = rows.columns.get(self.column, np.full(len(rows), MISSING))
        some = values != MISSING
        texts = rows.categories.get(self.column)
        if texts is None:
            found[rows.account[some]] = [f"{value / SCALE:g}" for value in values[some]]
        else:
            found[rows.account[some]] = np.array(texts, dtype=object)[values[some]]
        return found


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

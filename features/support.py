"""Tickets that are open, how long they take, and what surveys answer."""

from __future__ import annotations

from features.measures import Latest, Since, Windowed
from features.spans import Elapsed
from features.spec import Aggregate, Declaration, Derived
from features.where import blank, kind
from pipeline.tables import INTERACTIONS

_TABLE = INTERACTIONS.name
_TICKET = kind("ticket")
_OPEN = _TICKET & blank("closed_at")


def _survey(name: str, words: str) -> tuple[Declaration, ...]:
    return (
        Derived(
            f"{name}_last",
            Latest(_TABLE, "score", where=kind(name)),
            f"the last {words} score was {{value}}",
            family="survey",
            topic="survey",
            unknown=f"no {words} answer on record",
        ),
        Derived(
            f"{name}_last_change",
            Latest(_TABLE, "score", change=True, where=kind(name)),
            f"the last {words} score against the one before: {{value}}",
            family="survey",
            topic="survey",
            unknown=f"fewer than two {words} answers",
        ),
        Aggregate(
            f"{name}_mean",
            _TABLE,
            "mean",
            f"a mean {words} score of {{value}}",
            column="score",
            where=kind(name),
            windows=(365,),
            unit="number",
            family="survey",
            topic="survey",
        ),
    )


DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "tickets_open",
        Windowed(_TABLE, "count", where=_OPEN),
        "{value} open ticket{s}",
        unit="count",
        family="support",
        topic="tickets",
        empty=0.0,
    ),
    Derived(
        "oldest_open_ticket_days",
        Since(_TABLE, "first", _OPEN),
        "the oldest open ticket is {value} day{s} old",
        unit="days",
        family="support",
        topic="tickets",
        unknown="no open ticket",
    ),
    *(
        Derived(
            f"days_to_close_ticket_mean_{window}d",
            Elapsed(_TABLE, "occurred_at", "closed_at", _TICKET, window),
            f"{{value}} day{{s}} to close a ticket on average in the last {window} days",
            unit="days",
            family="support",
            topic="tickets",
            window=window,
            unknown=f"no closed ticket in the last {window} days",
        )
        for window in (90, 365)
    ),
    *_survey("nps", "NPS"),
    *_survey("csat", "CSAT"),
)

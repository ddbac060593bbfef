"""Tickets that are open, how long they take, and what surveys answer."""

from __future__ import annotations

from features.measures import Elapsed, Latest, Since, Windowed
from features.spec import Aggregate, Declaration, Derived, Fact
from features.where import blank, filled, kind
from features.words import Words
from pipeline.tables import INTERACTIONS

_TABLE = INTERACTIONS.name
_TICKET = kind("ticket")
_OPEN = _TICKET & blank("closed_at")


def _survey(name: str, survey: str) -> tuple[Declaration, ...]:
    last, before = (Latest(_TABLE, "score", which, kind(name)) for which in ("last", "before"))
    return (
        Derived(
            f"{name}_last",
            last,
            Words("the last {survey} score was {value}", "den seneste {survey}-score var {value}").put(survey=survey),
            family="survey",
            unknown=Words("no {survey} answer on record", "intet {survey}-svar registreret").put(survey=survey),
            topic="survey",
        ),
        Derived(
            f"{name}_last_change",
            Latest(_TABLE, "score", "change", kind(name)),
            Words(
                "the {survey} score {moved}, last answer against the one before",
                "{survey}-scoren {moved}, seneste svar mod det forrige",
            ).put(survey=survey),
            family="survey",
            unknown=Words("fewer than two {survey} answers", "færre end to {survey}-svar").put(survey=survey),
            topic="survey",
            facts=(
                Fact("now", f"{name}_last", "number", last),
                Fact("before", f"{name}_last_before", "number", before),
            ),
        ),
        Aggregate(
            f"{name}_mean",
            _TABLE,
            "mean",
            Words("a mean {survey} score of {value}", "en {survey}-score på {value} i gennemsnit").put(survey=survey),
            column="score",
            where=kind(name),
            windows=(365,),
            unit="number",
            family="survey",
            topic="survey",
        ),
        Aggregate(
            f"{name}_answers",
            _TABLE,
            "count",
            Words("{survey} answer|{survey} answers", "{survey}-svar").put(survey=survey),
            where=kind(name) & filled("score"),
            windows=(365,),
            family="survey",
            topic="survey",
        ),
    )


DECLARATIONS: tuple[Declaration, ...] = (
    Derived(
        "tickets_open",
        Windowed(_TABLE, "count", where=_OPEN),
        Words("{value} open {ticket|tickets}", "{value} {åben supportsag|åbne supportsager}"),
        unit="count",
        family="support",
        empty=0.0,
        topic="tickets",
    ),
    Derived(
        "oldest_open_ticket_days",
        Since(_TABLE, "first", _OPEN),
        Words(
            "the oldest open ticket is {value} {day|days} old",
            "den ældste åbne supportsag er {value} {dag|dage} gammel",
        ),
        unit="days",
        family="support",
        unknown=Words("no open ticket", "ingen åben supportsag"),
        topic="tickets",
    ),
    *(
        Derived(
            f"days_to_close_ticket_mean_{window}d",
            Elapsed(_TABLE, "occurred_at", "closed_at", _TICKET, window),
            Words(
                "{value} {day|days} to close a ticket on average in the last {days} days",
                "{value} {dag|dage} om at lukke en supportsag i gennemsnit de seneste {days} dage",
            ).put(days=window),
            unit="days",
            family="support",
            window=window,
            unknown=Words(
                "no closed ticket in the last {days} days", "ingen lukket supportsag de seneste {days} dage"
            ).put(days=window),
            topic="tickets",
        )
        for window in (90, 365)
    ),
    *_survey("nps", "NPS"),
    *_survey("csat", "CSAT"),
)

"""What notes and messages say: their mood and their topics, as they were read when rows were staged.

Every interaction with words counts, of whatever kind: notes, e-mails, tickets, answers of surveys. Topics are those of
`pipeline.texts`, told here in words for people.
"""

from __future__ import annotations

from features.measures import Latest
from features.spec import Aggregate, Declaration, Derived
from features.where import has, negative
from features.words import Words
from pipeline.tables import INTERACTIONS

_TABLE = INTERACTIONS.name
_MOOD, _ABOUT = "note_sentiment", "note_topics"
_FAMILY = "notes"

ABOUT: dict[str, Words] = {
    "price": Words("price", "pris"),
    "competitor": Words("a competitor", "en konkurrent"),
    "quality": Words("faults or quality", "fejl eller kvalitet"),
    "support": Words("support", "support"),
    "people": Words("people who come or leave", "personer, der kommer eller stopper"),
    "expansion": Words("expansion", "udvidelse"),
    "contract": Words("the contract", "aftalen"),
    "payment": Words("payment", "betaling"),
    "praise": Words("praise", "ros"),
    "training": Words("training", "oplæring"),
    "disuse": Words("little use", "lav brug"),
    "unreached": Words("nobody being reached", "at ingen blev truffet"),
}
"""Topic -> what a note is about, in words for people; in the order of `pipeline.texts.TOPICS`."""

_ABOUT_IT = Words(
    "note or message about {topic}|notes or messages about {topic}",
    "notat eller besked om {topic}|notater eller beskeder om {topic}",
)
_SOUNDED = Words("{value} (from -1 to 1)", "{value} (fra -1 til 1)")

_WINDOWS = (180,)
"""Half a year: notes are few, and what they tell of lasts. Other windows, days since a topic last came up, and changes
of mood made forests no better on the made-up company, and the more columns there were the worse (notes_worth.py)."""


def _about(topic: str) -> Declaration:
    what = _ABOUT_IT.put(topic=ABOUT[topic])
    return Aggregate(
        f"notes_about_{topic}", _TABLE, "count", what, where=has(_ABOUT, topic), windows=_WINDOWS, family=_FAMILY,
        topic="notes",
    )  # fmt: skip


DECLARATIONS: tuple[Declaration, ...] = (
    *(_about(topic) for topic in ABOUT),
    Aggregate(
        "notes_negative",
        _TABLE,
        "count",
        Words(
            "note or message in a bad mood|notes or messages in a bad mood",
            "notat eller besked i dårlig tone|notater eller beskeder i dårlig tone",
        ),
        where=negative(_MOOD),
        windows=_WINDOWS,
        family=_FAMILY,
        topic="notes",
    ),
    Aggregate(
        "note_sentiment_mean",
        _TABLE,
        "mean",
        Words("notes and messages sounded {mood} on average", "notater og beskeder lød {mood} i gennemsnit").put(
            mood=_SOUNDED
        ),
        column=_MOOD,
        windows=_WINDOWS,
        unit="number",
        family=_FAMILY,
        topic="notes",
    ),
    Derived(
        "note_sentiment_last",
        Latest(_TABLE, _MOOD, "last"),
        Words("the last note or message sounded {mood}", "seneste notat eller besked lød {mood}").put(mood=_SOUNDED),
        family=_FAMILY,
        unknown=Words("no note or message on record", "intet notat og ingen besked registreret"),
        topic="notes",
    ),
)

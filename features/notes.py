"""What notes and messages say: their mood and their topics, as they were read when rows were staged.

Every interaction with words counts, of whatever kind: notes, e-mails, tickets, answers of surveys. Topics are those of
`pipeline.texts`, told here in words for people.
"""

from __future__ import annotations

from features.derived import Ratio
from features.measures import Combined, Latest, Since
from features.spec import Aggregate, Declaration, Derived, Fact
from features.where import filled, has, negative
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

LASTING = ("price", "competitor", "people", "contract", "disuse", "unreached")
"""Topics of which it matters how long ago they last came up: what they tell of does not pass by itself."""

_NOTE = Words("note or message|notes or messages", "notat eller besked|notater eller beskeder")
_ABOUT_IT = Words(
    "note or message about {topic}|notes or messages about {topic}",
    "notat eller besked om {topic}|notater eller beskeder om {topic}",
)
_SOUNDED = Words("{value} (from -1 to 1)", "{value} (fra -1 til 1)")

READ = Aggregate(
    "notes_read", _TABLE, "count", _NOTE, where=filled(_MOOD), windows=(90, 365), family=_FAMILY, topic="notes"
)
NEGATIVE = Aggregate(
    "notes_negative",
    _TABLE,
    "count",
    Words(
        "note or message in a bad mood|notes or messages in a bad mood",
        "notat eller besked i dårlig tone|notater eller beskeder i dårlig tone",
    ),
    where=negative(_MOOD),
    windows=(90, 365),
    family=_FAMILY,
    topic="notes",
)
MOOD = Aggregate(
    "note_sentiment_mean",
    _TABLE,
    "mean",
    Words("notes and messages sounded {mood} on average", "notater og beskeder lød {mood} i gennemsnit").put(
        mood=_SOUNDED
    ),
    column=_MOOD,
    windows=(90, 365),
    unit="number",
    family=_FAMILY,
    topic="notes",
)
_LAST, _BEFORE = (Latest(_TABLE, _MOOD, which) for which in ("last", "before"))


def _about(topic: str) -> tuple[Declaration, ...]:
    what = _ABOUT_IT.put(topic=ABOUT[topic])
    where = has(_ABOUT, topic)
    counted = Aggregate(
        f"notes_about_{topic}", _TABLE, "count", what, where=where, windows=(90, 365), family=_FAMILY, topic="notes"
    )
    if topic not in LASTING:
        return (counted,)
    return (counted, _since(f"note_about_{topic}", Since(_TABLE, "last", where), what))


def _since(name: str, measure: Since, what: Words) -> Derived:
    return Derived(
        f"days_since_{name}",
        measure,
        Words("{value} {day|days} since the last {what}", "{value} {dag|dage} siden seneste {what}").put(what=what.one),
        unit="days",
        family=_FAMILY,
        unknown=Words("no {what} on record", "ingen {what} registreret").put(what=what.many),
        topic="notes",
    )


DECLARATIONS: tuple[Declaration, ...] = (
    NEGATIVE,
    Ratio(
        "notes_negative_share",
        NEGATIVE,
        READ,
        Words(
            "{value} of the notes and messages {span} were in a bad mood",
            "{value} af notater og beskeder {span} var i dårlig tone",
        ),
        windows=(90, 365),
        family=_FAMILY,
    ),
    MOOD,
    Derived(
        "note_sentiment_last",
        _LAST,
        Words("the last note or message sounded {mood}", "seneste notat eller besked lød {mood}").put(mood=_SOUNDED),
        family=_FAMILY,
        unknown=Words("no note or message on record", "intet notat og ingen besked registreret"),
        topic="notes",
    ),
    Derived(
        "note_sentiment_last_change",
        Latest(_TABLE, _MOOD, "change"),
        Words(
            "the mood of notes and messages {moved} (from -1 to 1), the last against the one before",
            "tonen i notater og beskeder {moved} (fra -1 til 1), seneste mod forrige",
        ),
        family=_FAMILY,
        unknown=Words("fewer than two notes or messages", "færre end to notater eller beskeder"),
        topic="notes",
        facts=(
            Fact("now", "note_sentiment_last", "number", _LAST),
            Fact("before", "note_sentiment_last_before", "number", _BEFORE),
        ),
    ),
    Derived(
        "note_sentiment_change_90d",
        Combined("difference", MOOD.measure(90), MOOD.measure(90, back=90)),
        Words(
            "the mood of notes and messages {moved} (from -1 to 1), last 90 days against the 90 before",
            "tonen i notater og beskeder {moved} (fra -1 til 1), seneste 90 dage mod de 90 før",
        ),
        family=_FAMILY,
        window=90,
        unknown=Words("notes or messages of too few days", "notater eller beskeder fra for få dage"),
        topic="notes",
        facts=(MOOD.fact("now", 90), MOOD.fact("before", 90, back=90)),
    ),
    _since("negative_note", Since(_TABLE, "last", negative(_MOOD)), NEGATIVE.words),
    *(declaration for topic in ABOUT for declaration in _about(topic)),
)

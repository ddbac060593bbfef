"""Showing a cell in a message: a date or a number as it is written, a text that may be about people not at all."""

from __future__ import annotations

import re
from datetime import date

from pipeline.texts.names import is_given
from pipeline.texts.numbers import DATE, remove_numbers
from pipeline.texts.redaction import redact

_WORD = re.compile(r"[^\W\d_]{2,}")
_SAYS = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_MOMENT = re.compile(
    rf"(?:{DATE.pattern})(?:(?:T| |, )\d{{1,2}}[:.]\d\d(?:[:.]\d\d(?:[.,]\d{{1,9}})?)?"
    r" ?(?:Z|UTC|[AaPp][Mm]|[+-]\d\d(?::?\d\d)?)?)?"
)
_EIGHT = re.compile(r"\d{8}")
_SECONDS = re.compile(r"1\d(?!0[1-9]|1[0-2])\d{8}(?:\d{3})?")
"""Seconds or milliseconds since 1970 that are no CPR number: their third and fourth digits are no month."""

_YEARS = range(1900, 2100)
_WRITTEN = (
    "jan januar january feb februar february mar marts march apr april maj may jun juni june jul juli july aug august "
    "sep sept september okt oktober oct october nov november dec december mon man tue tir wed ons thu tor fri sat lør "
    "sun søn st nd rd th am pm utc gmt"
)
_OF_DATES = frozenset(_WRITTEN.split())
"""Words of dates that are written out; a given name among them (Jan) is read as a month."""

_MANY = 4
"""Words that make a text of a cell; a date that is written out has three."""


def shown(text: str) -> str:
    """Return a cell as messages may quote it.

    Of a text of four words or more, with a mail address, or with a given name, only its length is told. Dates, with or
    without a time, are quoted as they are; anything else goes through `redact`, which leaves amounts and short codes.
    """
    words = [word.lower() for word in _WORD.findall(text)]
    dated = set(words) <= _OF_DATES
    if "@" in text or len(words) >= _MANY or (not dated and any(map(is_given, words))):
        return f"a text of {len(text)} characters"
    if _is_moment(text.strip()):
        return text
    return remove_numbers(text) if dated else redact(text)


def _is_moment(text: str) -> bool:
    if _MOMENT.fullmatch(text) or _SECONDS.fullmatch(text):
        return True
    if not _EIGHT.fullmatch(text):
        return False
    # 20250131, which could be dialled as well.
    forms = ((slice(0, 4), slice(4, 6), slice(6, 8)), (slice(4, 8), slice(2, 4), slice(0, 2)))
    for year, month, day in forms:
        try:
            if date(int(text[year]), int(text[month]), int(text[day])).year in _YEARS:
                return True
        except ValueError:
            continue
    return False


def without_quotes(message: str) -> str:
    """Return the message of a failed conversion with what it quotes as `shown` tells it."""
    return _SAYS.sub(lambda found: f"'{shown(found[1] or found[2] or '')}'", message)

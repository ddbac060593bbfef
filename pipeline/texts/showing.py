"""Showing a cell in a message: a date or a number as it is written, a text that may be about people not at all."""

from __future__ import annotations

import re

from pipeline.texts.redaction import redact

_WORD = re.compile(r"[^\W\d_]{2,}")
_SAYS = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_MANY = 4
"""Words that make a text of a cell; a date that is written out has three."""


def shown(text: str) -> str:
    """Return a cell as messages may quote it.

    Of a text of four words or more, or with a mail address, only its length is told; a shorter one without digits, or
    with a telephone number's plus, goes through `redact`; what remains is quoted as it is: dates, amounts, codes.
    """
    if "@" in text or len(_WORD.findall(text)) >= _MANY:
        return f"a text of {len(text)} characters"
    if text.startswith("+") or not any(letter.isdigit() for letter in text):
        return redact(text)
    return text


def without_quotes(message: str) -> str:
    """Return the message of a failed conversion with what it quotes as `shown` tells it."""
    return _SAYS.sub(lambda found: f"'{shown(found[1] or found[2] or '')}'", message)

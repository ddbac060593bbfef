"""Taking out of a text what leads to a person or an account: addresses, numbers, names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.texts.names import remove_names
from pipeline.texts.numbers import PHONE_REGIONS, remove_numbers

_MAIL = re.compile(r"(?:mailto:)?[\w.+%'-]+ ?(?:@|\(at\)|\[at\]) ?[\w-]+(?:\.[\w-]+)+|[\w.+%-]+@[\w-]+")
_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S+")
_DIGITS = re.compile(r"\d\D{0,3}\d\D{0,3}\d\D{0,3}\d")


def redact(text: str, known: Iterable[str] = (), regions: Iterable[str] = PHONE_REGIONS) -> str:
    """Return the text with [mail], [link], [phone], [iban], [cpr], [card], [number] and [name] where those stood.

    `known` are names of accounts and contacts to be taken out wherever they stand; `regions` are those in which
    telephone numbers without a country code may lie. Rules, not a guarantee: they find most, and no text may be kept
    because it went through them.
    """
    if "@" in text or "at)" in text or "at]" in text:
        text = _MAIL.sub("[mail]", text)
    if "/" in text or "www." in text:
        text = _LINK.sub("[link]", text)
    if _DIGITS.search(text):
        text = remove_numbers(text, regions)
    return remove_names(text, known)

"""Numbers that lead to a person or an account: telephones, CPR numbers, bank accounts, cards, ids of accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

PHONE_REGIONS = ("DK", "GB", "US", "SE", "NO", "DE")
"""Where telephone numbers without a country code may belong (ISO 3166), in the order in which they are tried."""

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CPR = re.compile(r"\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[- ]\d{4}\b")
_CARD = re.compile(r"\b\d(?:[ -]?\d){11,18}\b")
_DIALLED = re.compile(r"(?<![\w.,/-])(?:\+|00)?\(?\d[\d().\u00a0/ -]{4,20}\d(?![\w%€$£])")
_NAMED = re.compile(
    r"(?i)\b((?:account|customer|client|invoice|order|contract|member|reg|kunde|konto|faktura|ordre|aftale|kontrakt|cvr"
    r"|medlems|debitor|ean|vat|se|iban|ref(?:erence)?|quote|tilbud|sag|case|ticket)(?:s?[- ]?"
    r"(?:number|numbers|no|nr|nummer|id|ref))?[.:#]{0,2} ?(?:is |er |= ?)?#?)([A-Z]{0,4}-?\d[\w-]{3,})\b"
)
_CODE = re.compile(r"\b(?=[A-Z0-9-]*\d{4})[A-Z]{1,4}-?(?:\d{2,4}-)?\d{3,}\b|\b\d{7,}\b")
_AMOUNT = re.compile(r"\d{1,3}(?:[.,' \u00a0]\d{3})+(?:[.,]\d{1,2})?|\d+[.,]\d{1,2}")
DATE = re.compile(r"(?:19|20)\d\d[-/. ][01]?\d[-/. ][0-3]?\d|[0-3]?\d[-/. ][01]?\d[-/. ](?:19|20)?\d\d")
_MONEY_AFTER = re.compile(
    r"\s?(?:kr|dkk|eur|usd|gbp|sek|nok|€|\$|£|%|mio|mia|million|tkr|k\b|users|brugere|stk|units)", re.I
)
_FEWEST, _MOST = 7, 15
"""Digits of a telephone number."""

_WITH_TRUNK = range(9, 12)
"""Digits of a national number that starts with a 0, as it is dialled in most countries."""


def remove_numbers(text: str, regions: Iterable[str] = PHONE_REGIONS) -> str:
    """Return the text with [iban], [cpr], [card], [phone] and [number] in place of such numbers.

    What has check digits (IBAN, cards) is told by them; a telephone number by the numbering plans of `regions`
    (library phonenumbers); ids of accounts, invoices and cases by the word before them, by letters with at least four
    digits, or by seven digits without a space. Dates, amounts and small counts stay.
    """
    text = _IBAN.sub(lambda found: "[iban]" if is_iban(found[0]) else found[0], text)
    text = _CPR.sub("[cpr]", text)
    text = _CARD.sub(lambda found: "[card]" if is_card(found[0]) else found[0], text)
    text = _NAMED.sub(r"\1[number]", text)
    places = tuple(regions)

    def dialled(found: re.Match[str]) -> str:
        written = found[0]
        money = _MONEY_AFTER.match(found.string, found.end()) is not None
        if money or DATE.fullmatch(written) or not is_phone(written, places):
            return written
        # 12.500.000 is an amount wherever it could be dialled as well; 20 345 678 may be either, so it goes.
        return written if "." in written and _AMOUNT.fullmatch(written) else "[phone]"

    return _CODE.sub("[number]", _DIALLED.sub(dialled, text))


def is_iban(text: str) -> bool:
    """Whether the check digits are those of an IBAN (ISO 13616: modulo 97)."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """Whether the digits are 13 to 19 and the last one checks (Luhn, ISO/IEC 7812)."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return 13 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


@lru_cache(maxsize=4096)
def is_phone(text: str, regions: tuple[str, ...]) -> bool:
    """Whether it is a telephone number: with a country code or a leading 0, or valid in some region."""
    digits = sum(letter.isdigit() for letter in text)
    if not _FEWEST <= digits <= _MOST:
        return False
    if text.startswith(("+", "0")) and (text[0] == "+" or text.startswith("00") or digits in _WITH_TRUNK):
        return True
    import phonenumbers  # noqa: PLC0415 - it takes a while, and few texts hold such digits

    for region in regions:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    return False

"""What is taken out of a text, and what stays."""

from __future__ import annotations

import pytest

from pipeline.texts import redact
from pipeline.texts.numbers import is_card, is_iban, is_phone


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Mail anne.bach+x@firm.dk today", "Mail [mail] today"),
        ("mail anne (at) firm.dk today", "mail [mail] today"),
        ("See https://crm.example/anne?id=4 first", "See [link] first"),
        ("Ring 20 34 56 78", "Ring [phone]"),
        ("Call +44 7911 123456 or (020) 7946 0123", "Call [phone] or [phone]"),
        ("cpr 070761-4285", "cpr [cpr]"),
        ("pay GB29 NWBK 6016 1331 9268 19", "pay [iban]"),
        ("card 4111-1111-1111-1111 ok", "card [card] ok"),
        ("customer no. 88412, faktura 2231", "customer no. [number], faktura [number]"),
        ("about A104532, order 4500123987", "about [number], order [number]"),
    ],
)
def test_addresses_and_numbers_go(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-03-31 and 31-03-2026 at 14.30",
        "turnover 12.500.000 kr, 9,8 mio the year before",
        "wants 25 seats, 15 % off, 3 tickets",
        "version 4.2.1 in Q3",
        "the contract ends on Friday, says IT",
    ],
)
def test_dates_amounts_and_counts_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi Anna, see you. Best regards, Paul Whitaker", "Hi [name], see you. Best regards, [name]"),
        ("Mvh. Jens Østergaard", "Mvh. [name]"),
        ("Dr. Marsh called", "Dr. [name] called"),
        ("Met Jan de Vries at the fair", "Met [name] at the fair"),
        ("Anne-Marie O'Connor has left", "[name] has left"),
        ("talte med marie i dag", "talte med [name] i dag"),
        ("Mark my words, Mark Hall will leave", "Mark my words, [name] will leave"),
        ("Hans chef var sur", "Hans chef var sur"),
    ],
)
def test_names_go_and_words_that_could_be_names_stay(text: str, left: str) -> None:
    assert redact(text) == left


def test_known_names_go_wherever_they_stand() -> None:
    assert redact("acme foods asked again", known=("Acme Foods", "Acme")) == "[name] asked again"
    assert redact("acmefoods asked again", known=("Acme",)) == "acmefoods asked again"


def test_check_digits_tell_bank_accounts_and_cards() -> None:
    assert is_iban("DK50 0040 0440 1162 43")
    assert not is_iban("DK50 0040 0440 1162 44")
    assert is_card("4111 1111 1111 1111")
    assert not is_card("4111 1111 1111 1112")


def test_regions_tell_which_numbers_are_telephones() -> None:
    assert is_phone("2034 5678", ("DK",))
    assert not is_phone("2034 5678", ("US",))
    assert redact("Ring 2034 5678 nu", regions=("DK",)) == "Ring [phone] nu"

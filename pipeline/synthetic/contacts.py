"""The people on the accounts' side: names, addresses and numbers, which appear in notes and nowhere else.

All of it is made up: the mail domains are reserved for examples (RFC 2606), and nobody is given such a number.
"""

from __future__ import annotations

import unicodedata

GIVEN_DA = (
    "Mette", "Lars", "Søren", "Karen", "Jørgen", "Anne", "Åse", "Henrik", "Birgitte", "Rasmus", "Signe", "Morten",
    "Lone", "Thomas", "Pernille", "Jesper", "Camilla", "Ole", "Kirsten", "Bjørn", "Helle", "Mads", "Ulla", "Flemming",
)  # fmt: skip
FAMILY_DA = (
    "Nørgaard", "Kjær", "Østergaard", "Bach", "Thomsen", "Bertelsen", "Skov", "Ravn", "Dam", "Mølgaard", "Villadsen",
    "Krogh", "Toft", "Bruun", "Lindholm", "Aagaard", "Storm", "Iversen", "Brandt",
)  # fmt: skip
GIVEN_EN = (
    "Laura", "James", "Ingrid", "Oliver", "Sanne", "Erik", "Charlotte", "Markus", "Fiona", "Pieter", "Astrid", "Daniel",
    "Helena", "Gareth", "Katja", "Stefan", "Maud", "Colin", "Linnea", "Harriet", "Jan", "Moira", "Felix", "Renate",
)  # fmt: skip
FAMILY_EN = (
    "Walsh", "de Vries", "Lindqvist", "Schneider", "O'Connor", "Hansson", "Mulder", "Baker", "Vogel", "Haugen", "Price",
    "Bergström", "Krause", "McLeod", "Jansen", "Whitmore", "Falck", "Ødegård", "Sutton",
)  # fmt: skip


def full_name(number: int, contact: int, danish: bool) -> tuple[str, str]:
    """Return given and family name of an account's contact; `number` is the account's, `contact` counts from 0."""
    given, family = (GIVEN_DA, FAMILY_DA) if danish else (GIVEN_EN, FAMILY_EN)
    # Multipliers without a divisor in common with the lengths: neighbours and successors are named differently.
    mixed = number * 7919 + contact * 104_729
    return given[mixed % len(given)], family[mixed // len(given) % len(family)]


def mail(given: str, family: str, account_name: str) -> str:
    """Return an address at a domain that nobody can have."""
    return f"{_ascii(given)}.{_ascii(family)}@{_ascii(account_name.split(maxsplit=1)[0])}.example"


def phone(draw: int, danish: bool) -> str:
    """Return a telephone number for a draw from 0 to 999,999."""
    # Danish numbers never start with 1; 020 7946 0xxx is kept for fiction.
    if danish:
        pairs = f"{10 + draw // 10 % 10}{draw:06d}"
        return "+45 " + " ".join(pairs[at : at + 2] for at in range(0, 8, 2))
    return f"+44 20 7946 0{draw % 1000:03d}"


_PLAIN = str.maketrans({"ø": "oe", "æ": "ae", "å": "aa", "'": "", " ": ""})


def _ascii(text: str) -> str:
    plain = text.lower().translate(_PLAIN)
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()

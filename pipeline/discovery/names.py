"""Names: how the names of columns and tables are compared with what they are called in practice.

A pattern has to match the whole name; a name that starts with that of its table (`invoice_date` in `invoices`) is tried
without it as well.
"""

from __future__ import annotations

import re

from pipeline.discovery.words import KINDS, OUTCOME_NAMES, PERSONAL, PROTECTED

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ö": "oe", "ä": "ae", "ü": "ue", "ß": "ss", "é": "e"})


def words_of(name: str) -> list[str]:
    """Return the words of a name, lower case: `BirthDate`, `birth_date` and `birth date` have two."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.strip())
    return [word for word in re.split(r"[^a-z0-9]+", parted.lower().translate(_LETTERS)) if word]


def squashed(name: str) -> str:
    """Return a name for comparison: lower case, letters and digits only."""
    return "".join(words_of(name))


def singular(name: str) -> str:
    """Return a table's name as one row of it is called: companies -> company, invoices -> invoice."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def fit(name: str, patterns: tuple[str, ...], table: str = "") -> float:
    """Return how well a column's name fits: 1 for the first pattern, less for each further one, 0 for none.

    `table` is the name of its table, which the column's name may repeat.
    """
    own = squashed(name)
    stems = {squashed(table), singular(squashed(table))} if table else set()
    tried = [own, *(own[len(stem) :] for stem in stems if own.startswith(stem) and len(own) > len(stem))]
    for place, pattern in enumerate(patterns):
        if any(re.fullmatch(pattern, each) for each in tried):
            return 1.0 - 0.15 * place
    return 0.0


def protected(name: str) -> str | None:
    """Return which protected attribute a column's name speaks of, if any."""
    words = words_of(name)
    found = {*words, "".join(words)}
    return next((what for what, named in PROTECTED if found & named), None)


def personal(name: str) -> bool:
    words = words_of(name)
    return bool({*words, "".join(words)} & PERSONAL) or bool(re.search(r"e?mail$|phone|telefon", "".join(words)))


def outcome_named(name: str) -> bool:
    return bool(re.search(OUTCOME_NAMES, squashed(name)))


def kind_named(table: str) -> tuple[str, bool]:
    """Return the kind of interaction that a table's name speaks of, and whether we know the word."""
    own = squashed(table)
    for kind, pattern in KINDS:
        if re.search(pattern, own):
            return kind, True
    return singular("_".join(words_of(table))) or "event", False

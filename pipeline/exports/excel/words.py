"""What a workbook says besides its columns, in each language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from pipeline.months import MONTHS

APART = {"en": "Leaving or too new", "da": "Opsagt eller for ny"}
"""The name of the sheet of accounts that are not scored."""

GUIDE = {"en": "How to read this", "da": "Sådan læses listen"}

SECTIONS = {"leaving": {"en": "Leaving", "da": "Opsagt"}, "too_new": {"en": "Too new", "da": "For ny"}}

ROLES: Mapping[str | None, str] = {"raises": "▲", "eases": "▽"}
FACT = "•"
"""The mark before a reason: it raises the likelihood, lowers it, or is a fact without a weight."""

TO_CALL = {
    "en": "{n} accounts to call, in the order of what a call is worth.",
    "da": "{n} kunder at ringe til, ordnet efter hvad et opkald er værd.",
}
ONE_TO_CALL = {"en": "1 account to call.", "da": "1 kunde at ringe til."}
NOBODY = {"en": "Nobody to call on this list today.", "da": "Ingen at ringe til på denne liste i dag."}
NOT_SCORED = {
    "en": "{n} accounts that get no likelihood: they are leaving anyway, or too new to judge.",
    "da": "{n} kunder uden sandsynlighed: de stopper under alle omstændigheder, eller de er for nye at dømme om.",
}
LIST_OF = {"en": "List of {day}.", "da": "Liste pr. {day}."}
SEE_GUIDE = {
    "en": "Every column is explained on the last sheet.",
    "da": "Alle kolonner er forklaret på det sidste ark.",
}
CAPPED = {
    "en": "{name}: only the first {shown} of {n} rows are in this workbook; the other exports hold all of them.",
    "da": "{name}: kun de første {shown} af {n} rækker er med her; de øvrige eksporter har dem alle.",
}
CUT = {"en": " … [cut]", "da": " … [afkortet]"}

WHAT_THIS_IS = {
    "en": (
        "Each sheet is a list of accounts to call, best call first. It was worked out from what was known on the "
        "morning named on it.",
        "keepgrow replaces this file whenever there is a new list, and removes it when there are no rows for it any "
        "more: what you write into it is lost. Save a copy under another name to keep your notes.",
        "A likelihood is a forecast about many accounts, not a verdict on one. You know things that no table holds; "
        "your judgement comes last.",
    ),
    "da": (
        "Hvert ark er en liste over kunder at ringe til, det bedste opkald først. Den er regnet ud fra, hvad man "
        "vidste den morgen, der står på den.",
        "keepgrow erstatter denne fil, når der er en ny liste, og fjerner den, når den ingen rækker har mere: hvad du "
        "skriver i den, går tabt. Gem en kopi under et andet navn, hvis du vil beholde dine noter.",
        "En sandsynlighed er en forudsigelse om mange kunder, ikke en dom over én. Du ved ting, som ingen tabel "
        "rummer; din vurdering har det sidste ord.",
    ),
}

THE_COLUMNS = {"en": "The columns", "da": "Kolonnerne"}
THE_LISTS = {"en": "Where the lists come from", "da": "Hvor listerne kommer fra"}
NOT_PUBLISHED = {"en": "No list has been published yet.", "da": "Der er endnu ikke udgivet nogen liste."}

BY_RULE = {
    "en": "A rule, not a model: how long ago the account last bought or was in touch (where no table tells either: how "
    "long ago its contract changed). There is not enough data to rank by a model.",
    "da": "En regel, ikke en model: hvor længe siden kunden sidst købte eller var i kontakt (hvis ingen tabel viser "
    "det: hvor længe siden aftalen blev ændret). Der er ikke data nok til en model.",
}

FACTS = {
    "as_of": {"en": "List of", "da": "Liste pr."},
    "run_id": {"en": "Run", "da": "Kørsel"},
    "model": {"en": "Model", "da": "Model"},
    "rule": {"en": "Ranked by", "da": "Ordnet efter"},
    "currency": {"en": "Money in", "da": "Beløb i"},
    "scored": {"en": "Accounts scored", "da": "Kunder scoret"},
    "listed": {"en": "… to call, of all account managers", "da": "… at ringe til, hos alle kundeansvarlige"},
    "over_capacity": {"en": "… more than one can call", "da": "… flere, end man når at ringe til"},
    "not_worth_it": {
        "en": "… whose call would cost more than it is worth",
        "da": "… hvis opkald koster mere, end det giver",
    },
    "leaving": {"en": "Leaving", "da": "Opsagt"},
    "too_new": {"en": "Too new", "da": "For nye"},
    "excluded": {"en": "Excluded: {reason}", "da": "Udelukket: {reason}"},
}
"""What the guide says of each list; the counts are the run's own."""

_CHANGES = {"new": "ny", "same": "uændret", "up": "op", "down": "ned"}


def day(when: date, language: str) -> str:
    """Return a date as people write it.

    >>> day(date(2026, 1, 5), "en"), day(date(2026, 1, 5), "da")
    ('5 January 2026', '5. januar 2026')
    """
    return f"{when.day}{'.' if language == 'da' else ''} {MONTHS[language][when.month - 1]} {when.year}"


def number(count: int, language: str) -> str:
    """Return a whole number with its thousands set apart.

    >>> number(12345, "en"), number(12345, "da")
    ('12,345', '12.345')
    """
    return f"{count:,}".replace(",", "." if language == "da" else ",")


def change(text: str, language: str) -> str:
    """Return the change of a row, which the store keeps in English.

    >>> change("up 3", "en"), change("up 3", "da")
    ('up 3', 'op 3')
    """
    return text if language == "en" else re.sub(r"^(new|same|up|down)\b", lambda word: _CHANGES[word[0]], text)

"""The columns of a workbook's sheets: what each holds and how it is shown, headed and explained in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Form = Literal["text", "lines", "rank", "count", "rate", "money", "date"]


@dataclass(frozen=True)
class Column:
    """A column, `key` of an exported list; `{currency}` in a heading is the list's."""

    key: str
    form: Form
    width: float
    """In characters."""
    heading: Mapping[str, str]
    meaning: Mapping[str, str]
    optional: bool = False
    """Left out of a sheet on which it has no value at all."""


RANK = Column(
    "rank", "rank", 7,
    {"en": "Rank", "da": "Nr."},
    {
        "en": "The order in which to call: 1 is the call that is worth most.",
        "da": "Rækkefølgen at ringe i: 1 er det opkald, der er mest værd.",
    },
)  # fmt: skip
MANAGER_RANK = Column(
    "manager_rank", "rank", 14,
    {"en": "Rank within manager", "da": "Nr. hos den ansvarlige"},
    {
        "en": "The same order, counted within the rows of one account manager.",
        "da": "Samme rækkefølge, talt inden for den kundeansvarliges egne rækker.",
    },
)  # fmt: skip
OWN_RANK = Column("manager_rank", "rank", 7, RANK.heading, RANK.meaning)
NAME = Column(
    "name", "text", 30,
    {"en": "Account", "da": "Kunde"},
    {"en": "The account's name.", "da": "Kundens navn."},
    optional=True,
)  # fmt: skip
ACCOUNT_ID = Column(
    "account_id", "text", 12,
    {"en": "Account id", "da": "Kunde-id"},
    {"en": "The account's id in your systems.", "da": "Kundens id i jeres systemer."},
)  # fmt: skip
ACCOUNT_MANAGER = Column(
    "account_manager", "text", 19,
    {"en": "Account manager", "da": "Kundeansvarlig"},
    {
        "en": "Who looks after the account; “unassigned” where nobody is named.",
        "da": "Hvem der har kunden; “unassigned”, hvor ingen er angivet.",
    },
)  # fmt: skip
TEAM = Column(
    "team", "text", 12,
    {"en": "Team", "da": "Team"},
    {"en": "The team of the account.", "da": "Kundens team."},
    optional=True,
)  # fmt: skip
PROBABILITY = Column(
    "probability", "rate", 14,
    {"en": "Likelihood", "da": "Sandsynlighed"},
    {
        "en": "How likely it is that what the list is about happens to this account in the time ahead. The darker the "
        "cell, the likelier; a colour means the same on every sheet and every day.",
        "da": "Hvor sandsynligt det er, at det, listen handler om, sker for kunden i tiden forude. Jo mørkere cellen "
        "er, jo mere sandsynligt; en farve betyder det samme på alle ark og alle dage.",
    },
)  # fmt: skip
LIKELY_MONTH = Column(
    "likely_month", "text", 16,
    {"en": "Most likely in", "da": "Mest sandsynligt i"},
    {
        "en": "The month in which it most likely happens, if it happens within the year ahead (or as far as the "
        "history reaches); empty where no month stands out. Where customers leave by no longer buying, it is the month "
        "in which the days without an invoice are complete, not that of the last one.",
        "da": "Den måned, hvor det mest sandsynligt sker, hvis det sker inden for et år (eller så langt historikken "
        "rækker); tom, hvor ingen måned skiller sig ud. Hvor kunder forsvinder ved ikke længere at købe, er det den "
        "måned, hvor dagene uden faktura er fuldendt, ikke den sidste fakturas.",
    },
    optional=True,
)  # fmt: skip
BAND = Column(
    "band", "text", 26,
    {"en": "In words", "da": "Med ord"},
    {"en": "The same likelihood in words.", "da": "Den samme sandsynlighed med ord."},
)  # fmt: skip
REASONS = Column(
    "reasons", "lines", 62,
    {"en": "What stands out", "da": "Hvad der falder i øjnene"},
    {
        "en": "The facts about the account that moved its likelihood most, weightiest first: ▲ raises it, ▽ "
        "lowers it. They are what the model saw, not proof of a cause: use them to begin the conversation.",
        "da": "De forhold ved kunden, der flyttede sandsynligheden mest, de vægtigste først: ▲ øger den, "
        "▽ mindsker den. Det er, hvad modellen så, ikke bevis for en årsag: brug dem til at begynde samtalen.",
    },
)  # fmt: skip
PLAY = Column(
    "play", "text", 26,
    {"en": "What to do", "da": "Hvad vi gør"},
    {"en": "What your firm does about such an account.", "da": "Hvad jeres firma gør ved sådan en kunde."},
)  # fmt: skip
VALUE = Column(
    "value_at_stake", "money", 15,
    {"en": "Value at stake ({currency})", "da": "Værdi på spil ({currency})"},
    {
        "en": "The money it is about: what would be lost if an account on a list of risks leaves, or won if an account "
        "on a list of opportunities grows.",
        "da": "De penge, det handler om: hvad der går tabt, hvis en kunde på en risikoliste går, eller vindes, hvis en "
        "kunde på en mulighedsliste vokser.",
    },
)  # fmt: skip
WORTH = Column(
    "expected_value", "money", 15,
    {"en": "A call is worth ({currency})", "da": "Et opkald er værd ({currency})"},
    {
        "en": "Likelihood x value at stake x the share of it that the call is expected to keep or win, less what the "
        "call costs. The list is ordered by it. A call worth nothing or less is not on the list.",
        "da": "Sandsynlighed x værdi på spil x den andel, opkaldet ventes at bevare eller vinde, minus hvad opkaldet "
        "koster. Listen er ordnet efter det. Et opkald, der intet er værd, står ikke på listen.",
    },
)  # fmt: skip
CHANGE = Column(
    "change", "text", 10,
    {"en": "Since last time", "da": "Siden sidst"},
    {
        "en": "Where the account was on the list before this one: new, same, or how many places up or down.",
        "da": "Hvor kunden var på den forrige liste: ny, uændret, eller hvor mange pladser op eller ned.",
    },
    optional=True,
)  # fmt: skip
PREVIOUS = Column(
    "previous_probability", "rate", 14,
    {"en": "Likelihood last time", "da": "Sandsynlighed sidst"},
    {"en": "The likelihood on the list before this one.", "da": "Sandsynligheden på den forrige liste."},
    optional=True,
)  # fmt: skip
OBSERVED = Column(
    "observed_rate", "rate", 12,
    {"en": "Came true", "da": "Indtraf"},
    {
        "en": "The check on the likelihood: of the accounts that the model gave a similar likelihood in the past, this "
        "share is what really happened to, on dates the model had not learnt from.",
        "da": "Prøven på sandsynligheden: for så stor en andel af de kunder, som modellen tidligere gav en lignende "
        "sandsynlighed, skete det virkelig, på datoer modellen ikke havde lært af.",
    },
    optional=True,
)  # fmt: skip
LOW = Column(
    "observed_low", "rate", 11,
    {"en": "95 % from", "da": "95 % fra"},
    {
        "en": "The low end of the 95 % interval of that share; few accounts make it wide.",
        "da": "Den lave ende af andelens 95 %-interval; få kunder gør det bredt.",
    },
    optional=True,
)  # fmt: skip
HIGH = Column(
    "observed_high", "rate", 11,
    {"en": "95 % to", "da": "95 % til"},
    {"en": "The high end of it.", "da": "Den høje ende."},
    optional=True,
)  # fmt: skip
AS_OF = Column(
    "as_of", "date", 13,
    {"en": "List of", "da": "Liste pr."},
    {
        "en": "The morning the list is for: nothing known later is in it.",
        "da": "Den morgen, listen gælder: intet, man først vidste senere, er med.",
    },
)  # fmt: skip
SECTION = Column(
    "section", "text", 13,
    {"en": "Why it is here", "da": "Hvorfor den er her"},
    {
        "en": "Leaving: the account is known to end. Too new: there is too little history to judge it by.",
        "da": "Opsagt: det vides, at kunden stopper. For ny: der er for lidt historie at dømme efter.",
    },
)  # fmt: skip
KNOWN = Column(
    "reasons", "lines", 62,
    {"en": "What is known", "da": "Hvad vi ved"},
    {"en": "What is known about it.", "da": "Hvad man ved om kunden."},
)  # fmt: skip
LISTS = Column(
    "lists", "text", 18,
    {"en": "Not scored for", "da": "Ikke scoret til"},
    {"en": "The lists it would otherwise be on.", "da": "De lister, den ellers kunne stå på."},
)  # fmt: skip

TO_CALL = (
    RANK, NAME, ACCOUNT_ID, ACCOUNT_MANAGER, PROBABILITY, BAND, LIKELY_MONTH, REASONS, PLAY, VALUE, WORTH, CHANGE,
    PREVIOUS, OBSERVED, LOW, HIGH, TEAM, MANAGER_RANK, AS_OF,
)  # fmt: skip
"""A sheet of accounts to call, of all account managers."""

OWN_TO_CALL = (OWN_RANK, *(column for column in TO_CALL if column not in (RANK, ACCOUNT_MANAGER, MANAGER_RANK)))
"""The same for one account manager."""

APART = (NAME, ACCOUNT_ID, ACCOUNT_MANAGER, SECTION, KNOWN, VALUE, LISTS, CHANGE, TEAM, AS_OF)
"""The sheet of accounts that are not scored."""

OWN_APART = tuple(column for column in APART if column is not ACCOUNT_MANAGER)

"""The input contract: every table keepgrow reads, its columns, keys, and which columns arrive later than their row.

Adding a table or a column is a change here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "text", "time", "money", "number", "flag"]
"""`id` and `text` are strings; `time` an instant in UTC; `money` a `number` with a currency; `flag` true or false."""

SCALE = 10_000
"""`money` and `number` are held as whole ten-thousandths (int64), so that sums are exact in any order."""

LARGEST = 10**11
"""Larger magnitudes are rejected: 9,000 of them still sum in int64 at `SCALE`."""


@dataclass(frozen=True)
class Column:
    """One column of the contract.

    `late` marks a column that becomes known after its row does: it is blank until the instant in the named
    columns, the first that is filled (usually its own value). A column that is not `stored` is checked and then left
    behind: no feature reads it, and the words of notes name people. One that is `read_from` another is made of it when
    rows are staged, and no source gives it.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    late: tuple[str, ...] = ()
    stored: bool = True
    read_from: str | None = None


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    `occurred` names the column that says when a row happened. Rows that agree on `key` are corrections of one
    another; `key` lists alternatives, the first whose columns are mapped is used. From the instant in `gone` on,
    a row counts as absent.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[tuple[str, ...], ...] = ()
    occurred: str | None = None
    gone: str | None = None
    more_attributes: bool = False
    """Whether a mapping may add columns of its own."""
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns that a source may give."""
        return tuple(column for column in self.columns if column.read_from is None)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    def key_among(self, present: set[str]) -> tuple[str, ...] | None:
        """Return the columns that identify a row, given the columns that are mapped; None when nothing does."""
        return next((key for key in self.key if set(key) <= present), None)


def known_column(name: str) -> str:
    """Return the name of the engine's column that holds when the late column `name` became known."""
    return f"{name}__known"


ACCOUNT = Column("account_id", "id", "the account the row belongs to", required=True)
KNOWN_AT = Column("known_at", "time", "when the row could first be read; without it, when it occurred")

ACCOUNTS = Table(
    "accounts",
    "a version of an account; without known_at a snapshot of today, for display and routing only",
    (
        ACCOUNT,
        Column("opened_at", "time", "when the relation began"),
        Column("account_manager", "text", "who works the account; empty goes to 'unassigned'"),
        Column("team", "text", "the team the account manager belongs to"),
        Column("name", "text", "the account's name as people say it"),
        Column("segment", "text", "segment or size class"),
        Column("industry", "text", "line of business"),
        Column("country", "text", "country"),
        Column("parent_id", "id", "the account this one belongs to"),
        KNOWN_AT,
    ),
    key=(("account_id",),),
    occurred="opened_at",
    more_attributes=True,
)

INTERACTIONS = Table(
    "interactions",
    "something that happened between us and them: login, feature use, call, meeting, e-mail, ticket, survey, note",
    (
        ACCOUNT,
        Column("occurred_at", "time", "when it happened, or will happen for a booked meeting", required=True),
        Column(
            "kind", "text", "login, call, meeting, email, ticket, nps, csat, note, or a word of the firm", required=True
        ),
        Column("interaction_id", "id", "identifies the row, so that a later one corrects it"),
        Column("quantity", "number", "how much: minutes, actions, pages"),
        Column("score", "number", "the answer of a survey"),
        Column("contact_id", "id", "the person on their side"),
        Column("subscription_id", "id", "the contract line it belongs to, where one is named", stored=False),
        Column("text", "text", "a note's or message's words: read for mood and topics, never stored", stored=False),
        Column("note_sentiment", "number", "how good the words sound, from -1 to 1", read_from="text"),
        Column("note_topics", "text", "what the words are about (see pipeline.texts)", read_from="text"),
        Column("closed_at", "time", "when a ticket was closed", late=("closed_at",)),
        Column("cancelled_at", "time", "when a booked meeting was cancelled", late=("cancelled_at",)),
        KNOWN_AT,
    ),
    key=(("interaction_id",),),
    occurred="occurred_at",
    gone="cancelled_at",
)

INVOICES = Table(
    "invoices",
    "an invoice, credit note (negative) or invoice line",
    (
        ACCOUNT,
        Column("issued_at", "time", "the date of the invoice", required=True),
        Column("amount", "money", "what is billed, without tax; negative for a credit note", required=True),
        Column("invoice_id", "id", "identifies the invoice"),
        Column("line_id", "id", "identifies the line within the invoice"),
        Column("product", "text", "what was bought"),
        Column("currency", "text", "three-letter code; without it, the reporting currency"),
        Column("quantity", "number", "how many"),
        Column("due_at", "time", "when payment is due"),
        Column("paid_at", "time", "when it was paid", late=("paid_at",)),
        Column("voided_at", "time", "when the invoice was withdrawn", late=("voided_at",)),
        KNOWN_AT,
    ),
    key=(("invoice_id", "line_id"), ("invoice_id",)),
    occurred="issued_at",
    gone="voided_at",
)

SUBSCRIPTIONS = Table(
    "subscriptions",
    "one version of a contract line; it holds on [started_at, ended_at), until the line's next version starts",
    (
        ACCOUNT,
        Column("started_at", "time", "when this version begins to hold", required=True),
        Column("mrr", "money", "monthly recurring revenue of the line", required=True),
        Column("subscription_id", "id", "identifies the line across its versions; else account and product do"),
        Column("product", "text", "what is subscribed to"),
        Column("currency", "text", "three-letter code; without it, the reporting currency"),
        Column("seats", "number", "seats or units contracted"),
        Column("renews_at", "time", "when the term ends unless renewed"),
        Column("notice_by", "time", "the last day for giving notice"),
        Column("auto_renew", "flag", "whether the line renews by itself"),
        Column("ended_at", "time", "when the line ended or will end", late=("end_known_at", "ended_at")),
        Column("end_known_at", "time", "when notice was given", late=("end_known_at",)),
        Column("end_reason", "text", "why it ended", late=("end_known_at", "ended_at")),
        Column("voided_at", "time", "when the row was withdrawn as an error", late=("voided_at",)),
        KNOWN_AT,
    ),
    # Versions of a line differ in started_at; rows that agree on it too correct one another.
    key=(("subscription_id", "started_at"), ("product", "started_at"), ("started_at",)),
    occurred="started_at",
    gone="voided_at",
)

HOLDINGS = Table(
    "holdings",
    "a product held, where it is not billed as such",
    (
        ACCOUNT,
        Column("product", "text", "the product", required=True),
        Column("started_at", "time", "from when it is held", required=True),
        Column("ended_at", "time", "until when it is held", late=("ended_at",)),
        KNOWN_AT,
    ),
    key=(("product", "started_at"),),
    occurred="started_at",
)

FEEDBACK = Table(
    "feedback",
    "what an account manager did with a row of a list; written by our own desk",
    (
        ACCOUNT,
        Column("occurred_at", "time", "when it was entered", required=True),
        Column("action", "text", "called, snoozed, done, wrong, ...", required=True),
        Column("list_row_id", "id", "the row of the list it answers"),
        Column("outcome", "text", "what came of it"),
        Column("reason", "text", "why"),
        Column("until", "time", "until when it is snoozed"),
        Column("author", "text", "who entered it"),
        KNOWN_AT,
    ),
    occurred="occurred_at",
)

EXCLUSIONS = Table(
    "exclusions",
    "an account that must not be listed or profiled",
    (
        ACCOUNT,
        Column("reason", "text", "do not contact, objection (GDPR 21), insolvency, legal hold"),
        Column("from", "time", "from when it holds; empty: always"),
        Column("until", "time", "until when it holds; empty: for good"),
    ),
)

ACCOUNT_LINKS = Table(
    "account_links",
    "accounts merged or renamed; applied before anything else",
    (
        Column("old_id", "id", "the id that is no longer used", required=True),
        Column("new_id", "id", "the id that carries on", required=True),
        KNOWN_AT,
    ),
)

RATES = Table(
    "rates",
    "exchange rates into the reporting currency",
    (
        Column("currency", "text", "three-letter code", required=True),
        Column("rate_on", "time", "the day from which the rate holds", required=True),
        Column("rate", "number", "reporting currency per one of this currency", required=True),
    ),
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        ACCOUNTS, INTERACTIONS, INVOICES, SUBSCRIPTIONS, HOLDINGS, FEEDBACK, EXCLUSIONS, ACCOUNT_LINKS, RATES,
    )
}  # fmt: skip

HISTORY_TABLES = ("accounts", "interactions", "invoices", "subscriptions", "holdings", "feedback")
"""The tables whose rows belong to accounts and are cut at as_of."""

BUCKETED = (*HISTORY_TABLES, "exclusions")
"""The tables whose rows belong to accounts."""


def as_markdown() -> str:
    """Return the contract as the README shows it: a row per table."""
    lines = ["| table | one row is | compulsory | optional |", "| --- | --- | --- | --- |"]
    for table in TABLES.values():
        optional = [column.name for column in table.given if not column.required]
        names = [", ".join(f"`{name}`" for name in group) for group in (table.required, optional)]
        more = ", further attributes" if table.more_attributes else ""
        lines.append(f"| `{table.name}` | {table.about} | {names[0]} | {names[1]}{more} |")
    return "\n".join(lines)

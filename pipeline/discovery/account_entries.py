"""Entries for tables about accounts: the accounts themselves, who is excluded, who was merged."""

from __future__ import annotations

import re

from pipeline.discovery.choosing import best, is_id, is_text, is_time, looks_like_outcome
from pipeline.discovery.names import fit, personal, protected, squashed
from pipeline.discovery.profile import Column, Profile
from pipeline.discovery.proposal import Entry, Value
from pipeline.discovery.words import KNOWN_AT
from pipeline.sources import quoted

_ATTRIBUTES = ("name", "opened_at", "account_manager", "team", "segment", "industry", "country", "parent_id")
_COMMENTS = {
    "opened_at": "when the relation began",
    "account_manager": "who works the account; empty: 'unassigned'",
    "team": "the team of the account manager",
}
_READABLE = (
    "free text, which may hold personal data (mapped as `text` it is read for mood and topics, its words not kept)"
)
_FREE_TEXT = r"text|body|message|comment|notes?$|description|subject|besked|kommentar|bemaerkning"
_OFFERED_VALUES = 30
"""Attributes with more different values than this are names or texts, not groups."""


def accounts_entry(profile: Profile, key: Column) -> Entry:
    """Return the entry for a table of accounts: their ids, and what describes them on a list."""
    entry = Entry("accounts", profile)
    entry.take("account_id", key)
    for role in _ATTRIBUTES:
        test = is_time if role == "opened_at" else is_id if role == "parent_id" else is_text
        column = best(profile, "accounts", role, test, entry.used)
        if column is not None:
            entry.take(role, column, _COMMENTS.get(role, ""))
    versions = [
        c for c in profile.columns.values() if c.is_time and fit(c.name, KNOWN_AT[:1]) and c.name not in entry.used
    ]
    if not key.unique and versions:
        entry.take("known_at", versions[0], "every row is a version of the account, known from then on")
    else:
        entry.about.append("There is no known_at: a picture of today, for the lists only. What an account is called or")
        entry.about.append(
            "which plan it is on today says nothing certain about the past, so no model may learn from it."
        )
    for name, column in profile.columns.items():
        if name in entry.used:
            continue
        what = protected(name)
        if what is not None:
            entry.used.add(name)
            entry.columns[_contract_name(name)] = Value("column", name, f"protected ({what}): never read", exclude=True)
        elif _describes(column):
            entry.used.add(name)
            entry.offered[_contract_name(name)] = Value("column", name)
    return entry


def derived_accounts(profile: Profile, account: Column, occurred: Column) -> Entry | None:
    """Return an entry that takes what describes an account from its invoices; None where nothing does.

    What is said last counts.
    """
    entry = Entry("accounts", profile)
    wanted = {
        role: best(profile, "accounts", role, is_text) for role in _ATTRIBUTES if role not in {"opened_at", "name"}
    }
    found = {role: column for role, column in wanted.items() if column is not None}
    named = best(profile, "accounts", "name", is_text)
    if named is not None and fit(named.name, ("(account|customer|client|company|firma|kunde)(name|navn)",)):
        found["name"] = named
    if not found:
        return None
    at = occurred.time_sql or occurred.plain
    latest = [f"arg_max({column.plain}, {at}) AS {role}" for role, column in found.items()]
    entry.select = (
        f"SELECT {account.plain} AS account_id, {', '.join(latest)}\n"
        f"FROM source\nWHERE {filled(account)}\nGROUP BY {account.plain}"
    )
    entry.about.append("There is no table of accounts: this takes from each account's latest row what the lists show.")
    entry.about.append("`select` is a whole query in DuckDB's SQL; it reads the file under the name `source`.")
    entry.used |= {column.name for column in found.values()}
    return entry


def exclusions_entry(profile: Profile, account: Column) -> Entry:
    entry = Entry("exclusions", profile, about=["Accounts that must not be listed or profiled."])
    entry.take("account_id", account)
    for role, test in (("reason", is_text), ("from", is_time), ("until", is_time)):
        column = best(profile, "exclusions", role, test, entry.used) or profile.columns.get(role)
        if column is not None:  # also one that is empty today: an exclusion may get its end tomorrow
            entry.take(role, column)
    return entry


def links_entry(profile: Profile) -> Entry:
    entry = Entry("account_links", profile, about=["Accounts that were merged or renamed."])
    for role in ("old_id", "new_id"):
        column = best(profile, "account_links", role, is_id, entry.used)
        if column is not None:
            entry.take(role, column)
    dated = next((column for column in profile.columns.values() if column.is_time), None)
    if dated is not None:
        entry.take("known_at", dated, "from when on the link is known")
    return entry


def filled(column: Column) -> str:
    """Return the SQL condition that a column has a value."""
    return f"trim({column.plain}) <> ''" if column.blanks else f"{column.plain} IS NOT NULL"


def left_out(entry: Entry, taken: set[str] | None = None) -> dict[str, list[str]]:
    """Return the columns of an entry's source that are not mapped, by the reason."""
    reasons: dict[str, list[str]] = {}
    for name, column in entry.profile.columns.items():
        if name in entry.used or name in (taken or set()):
            continue
        if looks_like_outcome(column):
            reason = "looks like an outcome, which a model must not see"
        elif protected(name):
            reason = "protected"
        elif personal(name):
            reason = "personal data"
        elif re.search(_FREE_TEXT, squashed(name)) and column.is_text:
            reason = _READABLE if entry.table == "interactions" else "free text, which may hold personal data"
        else:
            reason = "not part of the contract"
        reasons.setdefault(reason, []).append(name)
    if entry.profile.unreadable:
        reasons["nested"] = list(entry.profile.unreadable)
    return reasons


def _describes(column: Column) -> bool:
    """Whether a further attribute groups accounts: few values, and nothing that must not be shown."""
    few = column.is_flag or (column.is_text and not column.is_time and column.distinct <= _OFFERED_VALUES)
    return few and not looks_like_outcome(column) and not personal(column.name)


def _contract_name(name: str) -> str:
    """Return the name an attribute has on our side."""
    plain = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).strip("_").lower()
    return plain or quoted(name)

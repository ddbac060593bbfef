"""Entries for tables of what happened: usage, logins, tickets, meetings, answers of surveys, a firm's churn records."""

from __future__ import annotations

import re

import duckdb

from pipeline.discovery.account_entries import filled
from pipeline.discovery.choosing import best, is_id, is_number, is_text, is_time
from pipeline.discovery.known import take_known_at
from pipeline.discovery.names import kind_named, squashed
from pipeline.discovery.profile import Column, Profile
from pipeline.discovery.proposal import Doubts, Entry, Value
from pipeline.discovery.sorting import own_id
from pipeline.discovery.words import KINDS

CHURN = "churn_event"
_KINDS_AT_MOST = 30
_SURVEYS = {"nps", "csat"}


def interactions_entries(con: duckdb.DuckDBPyConnection, profile: Profile, doubts: Doubts) -> list[Entry]:
    """Return the entries for a table of events, their account left to the caller; none where no time is found.

    Tickets with a score give a second entry: the answer was known when the ticket was closed, not when it was opened.
    """
    entry = Entry("interactions", profile)
    occurred = best(profile, "interactions", "occurred_at", is_time) or _earliest_time(profile)
    if occurred is None:
        return []
    named, sure = kind_named(profile.name)
    entry.take("occurred_at", occurred, "a day: known at its end" if occurred.is_day else "known at that moment")
    _kind(entry, named, sure, doubts)
    own = own_id(profile)
    if own is not None:
        entry.take("interaction_id", profile[own], "a later row with the same id corrects the earlier one")
    for role, test in (
        ("closed_at", is_time),
        ("cancelled_at", is_time),
        ("contact_id", is_id),
        ("quantity", is_number),
    ):
        column = best(profile, "interactions", role, test, entry.used)
        if column is not None and not (role == "quantity" and named == CHURN):
            said = {"closed_at": "known from that instant on", "contact_id": "the person on their side"}
            entry.take(role, column, said.get(role, ""))
    take_known_at(con, entry, occurred)
    if named == CHURN:
        entry.about.append(
            "The firm's own records of churn: what happened before a day may be learnt from, and they can be"
        )
        entry.about.append("predicted by an `event` target, see below. Their reasons and other columns are left out.")
        return [entry]
    score = best(profile, "interactions", "score", is_number, entry.used)
    if score is None:
        return [entry]
    if named in _SURVEYS or entry.columns["kind"].how != "const" or "closed_at" not in entry.columns:
        entry.take("score", score, "the answer of the survey")
        return [entry]
    return [entry, _answers(profile, score)]


def _answers(profile: Profile, score: Column) -> Entry:
    """Return the entry for the scores that tickets were given when they were closed."""
    highest = float(score.high or 0)
    kind = "nps" if "nps" in squashed(score.name) or highest > 5 else "csat"
    closed = best(profile, "interactions", "closed_at", is_time)
    entry = Entry("interactions", profile)
    entry.about.append(
        f"The scores in the same rows, as answers of their own: '{score.name}' was given when the ticket was"
    )
    entry.about.append("closed, and must not be seen on the day it was opened.")
    if closed is not None:
        entry.take("occurred_at", closed)
    entry.columns["kind"] = Value("const", kind)
    entry.take("score", score)
    entry.where = filled(score)
    if closed is not None and closed.empty:
        entry.where += f" AND {filled(closed)}"
    return entry


def _kind(entry: Entry, named: str, sure: bool, doubts: Doubts) -> None:
    """Map what happened: a column of few words, or one word from the table's name."""
    profile = entry.profile
    column = best(profile, "interactions", "kind", is_text, entry.used)
    if named == CHURN or column is None or not 1 < column.distinct <= _KINDS_AT_MOST or column.empty:
        said = "what one row is" if sure else "our word for one row of this table: choose your own"
        entry.columns["kind"] = Value("const", named, said)
        if not sure:
            doubts.admit(f"{profile.name}: its rows are taken to be interactions of the kind '{named}'")
        return
    entry.used.add(column.name)
    ours = {value: word for value in column.values if (word := _our_word(value)) != value}
    if not ours:
        entry.columns["kind"] = Value("column", column.name, f"{', '.join(column.values[:6])}")
        return
    cases = " ".join(f"WHEN '{_escaped(value)}' THEN '{_escaped(word)}'" for value, word in ours.items())
    sql = f"CASE {column.plain} {cases} ELSE {column.plain} END"
    entry.columns["kind"] = Value(
        "sql", sql, "in the words that features know: login, usage, call, meeting, ticket, ..."
    )


def _our_word(value: str) -> str:
    own = squashed(value)
    for kind, pattern in KINDS:
        if kind != CHURN and re.fullmatch(rf"({pattern.replace('$', '')})s?|{kind}s?", own):
            return kind
    return value


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _earliest_time(profile: Profile) -> Column | None:
    """Return a time that every row has, where no name says which time counts."""
    return next((c for c in profile.columns.values() if c.is_time and c.filled > 0.99 * c.rows), None)

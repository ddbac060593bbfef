"""Choosing columns: the one of a table whose name, type and values fit a column of the contract best."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from pipeline.discovery.names import fit, outcome_named, personal, protected
from pipeline.discovery.profile import Column, Profile
from pipeline.discovery.words import COLUMNS, OUTCOME_VALUES

Test = Callable[[Column], bool]

SPEAKS_OF_ENDS = {"ended_at", "end_known_at", "end_reason", "cancelled_at", "auto_renew", "renews_at", "voided_at"}
"""Contract columns whose names sound like outcomes; the contract says when they become known."""


def looks_like_outcome(column: Column) -> bool:
    """Whether a column tells, by its name or by its values, what became of an account."""
    if outcome_named(column.name):
        return True
    told = column.is_text and 1 < column.distinct == len(column.values)
    return told and all(re.search(OUTCOME_VALUES, value.strip().lower()) for value in column.values)


def ranked(
    profile: Profile, table: str, role: str, test: Test, without: Collection[str] = ()
) -> list[tuple[float, Column]]:
    """Return the columns that can be `role` of a contract table, the best first; ties keep the order of the source."""
    patterns = COLUMNS[table][role]
    found = []
    for name, column in profile.columns.items():
        if name in without or not column.filled or not test(column):
            continue
        if role not in SPEAKS_OF_ENDS and not column.is_time and (looks_like_outcome(column) or protected(name)):
            continue
        if personal(name) and not column.is_time and role not in {"contact_id"}:
            continue
        score = fit(name, patterns, profile.name)
        if score:
            found.append((score, column))
    return sorted(found, key=lambda each: -each[0])


def best(profile: Profile, table: str, role: str, test: Test, without: Collection[str] = ()) -> Column | None:
    """Return the column that fits `role` best, or None."""
    found = ranked(profile, table, role, test, without)
    return found[0][1] if found else None


def is_time(column: Column) -> bool:
    return column.is_time


def is_number(column: Column) -> bool:
    return column.is_number and column.day is None


def is_id(column: Column) -> bool:
    return column.may_be_id and column.number is None


def is_word(column: Column) -> bool:
    """Texts, and codes in whole numbers."""
    return (column.is_text or "INT" in column.type) and not column.is_time and column.number is None


def is_text(column: Column) -> bool:
    return column.is_text and not column.is_time and column.number is None


def is_flag(column: Column) -> bool:
    return column.is_flag

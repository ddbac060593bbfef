"""Placing: how the rows of every table come by their account, from a column of their own or through another table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from pipeline.discovery.account_entries import filled
from pipeline.discovery.choosing import best, is_time
from pipeline.discovery.names import fit
from pipeline.discovery.profile import Column, Profile
from pipeline.discovery.proposal import Doubts, Entry, Through, Value
from pipeline.discovery.references import Reference, account_column, account_key, parent
from pipeline.discovery.words import ACCOUNT

OCCURRED = {"invoices": "issued_at", "subscriptions": "started_at", "interactions": "occurred_at"}
"""The column of a contract table that says when a row happened."""

_WELL_NAMED = 0.6


@dataclass
class Accounts:
    """The table of accounts, if there is one, and the column of every other table that holds the account.

    `owners` are by the name under which a table was looked at.
    """

    con: duckdb.DuckDBPyConnection
    doubts: Doubts
    profile: Profile | None = None
    key: Column | None = None
    owners: dict[str, Column] = field(default_factory=dict)

    def settle(self, tables: Sequence[Profile], rest: Sequence[Profile]) -> None:
        """Take the largest of `tables` as the table of accounts, and find the owners of the rows of the `rest`."""
        if tables:
            self.profile = max(tables, key=lambda each: each.rows)
            self.key = account_key(self.profile)
        for each in rest:
            if self.profile is not None and self.key is not None and each.seen == self.profile.seen:
                self.owners[each.seen] = self.key
                continue
            reference = account_column(self.con, each, self.profile, self.key)
            if reference is not None:
                self.owners[each.seen] = reference.column
                self._doubt(each, reference)

    def _doubt(self, each: Profile, reference: Reference) -> None:
        name = reference.column.name
        if self.profile is None:
            if fit(name, ACCOUNT) < _WELL_NAMED:
                self.doubts.admit(f"{each.name}: '{name}' is taken to be the account")
        elif reference.overlap < 0.95:
            share = f"{1 - reference.overlap:.0%}"
            self.doubts.admit(f"{each.name}: {share} of the ids in '{name}' are not in {self.profile.name}")

    def place(self, entry: Entry, others: Sequence[Profile]) -> bool:
        """Give an entry its account; return whether there is one, or a table that leads to one."""
        owner = self.owners.get(entry.profile.seen)
        if owner is None:
            return self._through(entry, others)
        own = {"account_id": Value("column", owner.name)}
        entry.columns = own | {name: value for name, value in entry.columns.items() if name != "account_id"}
        entry.used.add(owner.name)
        if owner.empty and entry.table != "exclusions":
            condition = filled(owner)
            entry.where = condition if entry.where is None else f"{condition} AND {entry.where}"
            entry.where_comment = f"{owner.empty:,} of {owner.rows:,} rows belong to no account: counted, not used"
        return True

    def _through(self, entry: Entry, others: Sequence[Profile]) -> bool:
        owned = [(each, self.owners[each.seen]) for each in others if each.seen in self.owners]
        found = parent(self.con, entry.profile, [pair for pair in owned if pair[0].seen != entry.profile.seen])
        if found is None:
            return False
        other, owner, reference = found
        entry.used.add(reference.column.name)
        occurred = OCCURRED.get(entry.table, "")
        if occurred in entry.columns:
            entry.through = Through(other.source, reference.column.name, reference.to.name, owner.name)
            entry.about.append(
                f"Its rows name no account: '{reference.column.name}' leads to it through {other.name} "
                f"({reference.overlap:.0%} of the values are found there)."
            )
            return True
        at = best(other, entry.table, occurred, is_time) if occurred else None
        if at is None:
            return False
        _join(entry, other, owner, reference, at, occurred)
        return True


def _join(entry: Entry, other: Profile, owner: Column, reference: Reference, at: Column, occurred: str) -> None:
    """Turn an entry into a query that takes account and time from the document its lines belong to."""
    taken = [f"{_sql(entry.profile, value)} AS {name}" for name, value in entry.columns.items()]
    entry.sources = {"documents": other}
    entry.select = (
        f"SELECT document_account AS account_id, document_at AS {occurred}, {', '.join(taken)}\n"
        "FROM source JOIN (\n"
        f"    SELECT {reference.to.plain} AS document_key, {owner.plain} AS document_account, "
        f"{at.time_sql or at.plain} AS document_at\n"
        f"    FROM documents WHERE {filled(owner)}\n"
        f") ON {reference.column.plain} = document_key"
    )
    entry.about.append(
        f"Its rows are lines: account and date come from {other.name}, by '{reference.column.name}'. `select` is a "
        "whole query in DuckDB's SQL; it reads `source` and each of `sources` under its name."
    )
    entry.notes = []


def _sql(profile: Profile, value: Value) -> str:
    if value.how == "column":
        return profile[value.text].plain
    return value.text if value.how == "sql" else f"'{value.text}'"

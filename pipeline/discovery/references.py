"""References: which column of one table holds the ids of another, found by names and by how far the values overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipeline.cells import cell
from pipeline.discovery.names import fit, singular, squashed
from pipeline.discovery.profile import Column, Profile
from pipeline.discovery.words import ACCOUNT, OWN_ID
from pipeline.tables import ACCOUNT as ACCOUNT_COLUMN

ENOUGH = 0.5
"""Share of a column's values that another table's ids must hold to be what it refers to."""


@dataclass(frozen=True)
class Reference:
    """A column of a table, the column of another it refers to, and the share of its values found there."""

    column: Column
    to: Column
    overlap: float


def id_sql(column: Column, table: str = "") -> str:
    """Return the SQL of a column as an id, as the contract reads it."""
    prefix = f"{table}." if table else ""
    quoted = '"' + column.name.replace('"', '""') + '"'
    return cell(ACCOUNT_COLUMN, f"{prefix}{quoted}", column.type, "UTC").value


def overlap(con: duckdb.DuckDBPyConnection, of: Profile, column: Column, other: Profile, key: Column) -> float:
    """Return the share of a column's distinct values that a column of another table holds."""
    mine = f"SELECT DISTINCT {id_sql(column)} AS v FROM {of.seen}"
    theirs = f"SELECT DISTINCT {id_sql(key)} AS v FROM {other.relation or other.seen}"
    found, total = con.execute(
        f"SELECT count(t.v), count(*) FROM ({mine}) AS m LEFT JOIN ({theirs}) AS t ON m.v = t.v WHERE m.v IS NOT NULL"
    ).fetchall()[0]
    return found / total if total else 0.0


def account_key(profile: Profile) -> Column | None:
    """Return the column that identifies a row of a table of accounts, by its name and its being unique."""
    ranked = sorted(
        (
            (fit(name, ACCOUNT) or 0.5 * fit(name, (OWN_ID,), profile.name), -place, column)
            for place, (name, column) in enumerate(profile.columns.items())
            if column.may_be_id and column.filled and column.distinct >= 0.95 * column.filled
        ),
        key=lambda each: each[:2],
        reverse=True,
    )
    return ranked[0][2] if ranked and ranked[0][0] > 0 else None


def account_column(
    con: duckdb.DuckDBPyConnection, profile: Profile, accounts: Profile | None, key: Column | None
) -> Reference | None:
    """Return the column with the account of each row: by name, and by overlap with the ids of `accounts`."""
    ranked = []
    for place, (name, column) in enumerate(profile.columns.items()):
        if not column.may_be_id or column.is_flag or column.number is not None or not column.filled:
            continue
        named = fit(name, ACCOUNT)
        if accounts is None or key is None:
            if named:
                ranked.append((named, -place, Reference(column, column, 1.0)))
            continue
        same = squashed(name) == squashed(key.name) and not fit(name, (OWN_ID,))
        worded = column.is_text and not (column.low or "").isdigit() and key.is_text
        if named or same or (worded and column.distinct >= 10):
            share = overlap(con, profile, column, accounts, key)
            if share >= ENOUGH or (named >= 0.8 and share > 0):
                ranked.append((max(named, 1.0 * same) + 2 * share, -place, Reference(column, key, share)))
    return max(ranked, key=lambda each: each[:2])[2] if ranked else None


def parent(
    con: duckdb.DuckDBPyConnection, profile: Profile, others: Sequence[tuple[Profile, Column]]
) -> tuple[Profile, Column, Reference] | None:
    """Return the table that knows the account of each row, its account column, and the reference that leads there.

    `others` are tables with their account columns. A reference counts when it leads to one account each.
    """
    found = []
    for other, account in others:
        for column in profile.columns.values():
            if not column.may_be_id or column.distinct < 2:
                continue
            for key in other.columns.values():
                if key.name == account.name or not key.may_be_id or not _same_name(column, key, other):
                    continue
                share = overlap(con, profile, column, other, key)
                if share >= ENOUGH and _one_account_each(con, other, key, account):
                    found.append((share, key.unique, other, account, Reference(column, key, share)))
    if not found:
        return None
    best = max(found, key=lambda each: each[:2])
    return best[2], best[3], best[4]


def _same_name(column: Column, key: Column, other: Profile) -> bool:
    own, theirs, table = squashed(column.name), squashed(key.name), singular(squashed(other.name))
    generic = fit(column.name, (OWN_ID,)) > 0
    if own == theirs:
        return not generic and own.endswith(("id", "no", "nr", "num", "number", "nummer", "key", "guid", "code"))
    return fit(key.name, (OWN_ID,)) > 0 and own.startswith(table) and fit(own[len(table) :], (OWN_ID,)) > 0


def _one_account_each(con: duckdb.DuckDBPyConnection, other: Profile, key: Column, account: Column) -> bool:
    several = con.execute(
        f"SELECT 1 FROM (SELECT {id_sql(key)} AS k, {id_sql(account)} AS a FROM {other.relation or other.seen}) "
        "WHERE k IS NOT NULL GROUP BY k HAVING min(a) <> max(a) LIMIT 1"
    ).fetchall()
    return not several

"""Accounts through another table: usage that names a subscription belongs to the account of that subscription."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.cells import EXPECTED, accepts, cell
from pipeline.errors import ContractError, SourceError, nearest
from pipeline.query import described, unreadable
from pipeline.settings import AccountThrough, Settings
from pipeline.sources import quoted, relation
from pipeline.tables import ACCOUNT

_ACCOUNT = ACCOUNT.name


@dataclass(frozen=True)
class Through:
    """The SQL of (through_key, through_account), a row per key, and that of the key in a row of the source `s`."""

    found: str
    of_row: str

    def joined(self, source: str) -> str:
        """Return the relation `source` with a further column `account_id`."""
        return (
            f"(SELECT s.*, t.through_account AS {_ACCOUNT} FROM {source} AS s "
            f"LEFT JOIN ({self.found}) AS t ON {self.of_row} = t.through_key)"
        )


def account_through(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: str, through: AccountThrough, where: str
) -> Through:
    """Return how the accounts of the rows of `source` are looked up in another source.

    The rows joined are those of `source`, no more and no fewer; a row whose key the other source lacks has no account.
    The other source may hold a key several times (versions of a subscription) but never under two accounts. Raises
    SourceError for what cannot be read or is not there, ContractError for a key under two accounts.
    """
    label = f"{where}.account_through"
    key = through.to or through.on
    other = relation(con, through.source, settings, f"{label}.source", [key, through.account_id])
    mine, theirs = _columns(con, source, f"{where}.source"), _columns(con, other, f"{label}.source")
    if _ACCOUNT in {name.lower() for name in mine}:
        raise ContractError(f"{label}: the source has a column '{_ACCOUNT}' of its own; take account_through out.")
    of_row = _id(mine, through.on, "s", f"{label}.on")
    of_other = _id(theirs, key, "o", f"{label}.{'to' if through.to else 'on'}")
    account = _id(theirs, through.account_id, "o", f"{label}.account_id")
    pairs = f"SELECT {of_other} AS through_key, {account} AS through_account FROM {other} AS o"
    several = (
        f"SELECT through_key, min(through_account), max(through_account) FROM ({pairs}) WHERE through_key IS NOT NULL "
        "GROUP BY through_key HAVING min(through_account) <> max(through_account) ORDER BY through_key"
    )
    try:
        disputed = con.execute(several).fetchall()
    except duckdb.Error as error:
        raise unreadable(f"{label}.source", error) from None
    if disputed:
        name, first, last = disputed[0]
        raise ContractError(
            f"{label}: {len(disputed):,} values of '{key}' belong to several accounts, for example {name} to {first} "
            f"and {last}; expected one account each. Join on a column that identifies its account, or write a select."
        )
    found = f"SELECT through_key, min(through_account) AS through_account FROM ({pairs}) GROUP BY through_key"
    return Through(found, of_row)


def _columns(con: duckdb.DuckDBPyConnection, source: str, where: str) -> dict[str, str]:
    try:
        return described(con, f"SELECT * FROM {source}")
    except duckdb.Error as error:
        raise unreadable(where, error) from None


def _id(columns: dict[str, str], name: str, table: str, where: str) -> str:
    """Return the SQL of a column as an id, so that 17 and '17' meet."""
    own = next((other for other in columns if other.lower() == name.lower()), None)
    if own is None:
        raise SourceError(f"{where}: the source has no column '{name}'; {nearest(name, columns)}")
    if not accepts(ACCOUNT, columns[own]):
        raise ContractError(f"{where}: expected {EXPECTED['id'][0]}; column '{own}' is {columns[own]}.")
    return cell(ACCOUNT, f"{table}.{quoted(own)}", columns[own], "UTC").value

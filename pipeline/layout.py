"""The layout of a snapshot: how many buckets, and what of each table a bucket's writer is given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.memory import plan
from pipeline.settings import Settings
from pipeline.sql import literal, quoted
from pipeline.staged import Staged
from pipeline.tables import BUCKETED, HISTORY_TABLES, TABLES, Table, known_column

FORMAT = 1
"""Changes when files of a bucket are written differently, so that old and new ones never share a folder."""

MONTHLY = ("interactions", "invoices")
"""The tables whose rows lie in a part per month of occurrence; rows of the others lie in one."""


@dataclass(frozen=True)
class TableLayout:
    """One table of a bucket: the columns its files have, and the key by which its rows correct one another.

    `of_today` says that it is a snapshot of today, of which the past sees `constant` attributes only.
    """

    name: str
    stored: tuple[str, ...]
    key: tuple[str, ...] | None
    of_today: bool
    constant: tuple[str, ...] = ()

    @property
    def contract(self) -> Table:
        return TABLES[self.name]

    @property
    def late(self) -> tuple[str, ...]:
        """The columns that become known after their row."""
        return tuple(c.name for c in self.contract.columns if c.late and known_column(c.name) in self.stored)

    @property
    def own(self) -> tuple[str, ...]:
        """The columns that histories know of together with the row; `constant` are those of today that they see."""
        late = {name for column in self.late for name in (column, known_column(column))}
        seen = ("account_id", "opened_at", *self.constant) if self.of_today else self.stored
        return tuple(name for name in self.stored if name in seen and name not in late)

    @property
    def parted(self) -> bool:
        """Whether histories know of some stored column later than of the row, or never."""
        return self.own != self.stored

    @property
    def known(self) -> str | None:
        """The column that says when a row became known."""
        name = self.contract.occurred if self.of_today or "known_at" not in self.contract.by_name else "known_at"
        return name if name in self.stored else None

    @property
    def cut(self) -> bool:
        """Whether histories hold the table."""
        return self.name in HISTORY_TABLES


@dataclass(frozen=True)
class Layout:
    """What a bucket's writer needs to know beside the rows; small, and the same for all buckets."""

    buckets: int
    tables: Mapping[str, TableLayout]

    @property
    def token(self) -> str:
        """Tells folders apart whose files cannot be mixed: DuckDB's hash decides which bucket an account is in."""
        said = json.dumps([FORMAT, duckdb.__version__, self.buckets])
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def folder(self, home: Path, digest: str) -> Path:
        """Return where the snapshot with this content digest lies."""
        return home / f"{digest[:16]}-{self.token}"

    def before(self, home: Path, folder: Path) -> Path | None:
        """Return the newest other snapshot of this layout, from which files can be taken over."""
        others: list[tuple[int, Path]] = []
        for path in home.glob(f"*-{self.token}/snapshot.json"):
            with suppress(FileNotFoundError):  # another command tidies up
                others.append((path.stat().st_mtime_ns, path.parent))
        return max((each for each in others if each[1] != folder), default=(0, None))[1]


def layout_of(tables: Mapping[str, Staged], settings: Settings, rows: int, accounts: int | None = None) -> Layout:
    """Return the layout for the staged tables, of which `rows` rows are used, of so many accounts where counted."""
    constant = tuple(settings.accounts.constant)
    given = {
        name: TableLayout(name, staged.stored, TABLES[name].key_among(set(staged.stored)), staged.of_today, constant)
        for name, staged in tables.items()
        if name in BUCKETED
    }
    return Layout(bucket_count(rows, settings, accounts), given)


def bucket_count(rows: int, settings: Settings, accounts: int | None = None) -> int:
    """Return how many buckets so many rows are laid in: the config's number, else a power of two by the memory plan.

    Powers of two, so that a few rows more seldom mean another layout.
    """
    wanted = plan(settings).buckets(rows, accounts)
    return settings.engine.buckets or 1 << (wanted - 1).bit_length()


def bucket_of(buckets: int) -> str:
    """Return the SQL of the bucket that `account_id` lies in, counted from 0."""
    return f"CAST(hash(account_id) % {buckets} AS UINTEGER)" if buckets > 1 else "CAST(0 AS UINTEGER)"


def given_columns(table: TableLayout) -> str:
    """Return the SQL of the columns a bucket's writer is given of a staged table.

    The stored columns; `_low` and `_high`, 128 bits of all they say; where that differs, `_own_low` and `_own_high`, of
    what histories know together with the row; per late column 128 bits of the row with its value; `_key`, 64 bits of
    what rows that correct one another agree on, null for a row that corrects none.
    """
    parts = [quoted(name) for name in table.stored]
    parts += _bits("", table.stored)
    if table.parted:
        parts += _bits("_own", table.own)
    for column in table.late:
        # A late value says something only together with its row.
        parts += _bits(f"_{column}", (*table.own, column), column)
    if table.key is not None:
        ids = [quoted(name) for name in table.key if name.endswith("_id") and name != "account_id"]
        whole = " AND ".join(f"{name} IS NOT NULL" for name in ids) or "true"
        columns = ", ".join(quoted(name) for name in dict.fromkeys(("account_id", *table.key)))
        parts.append(f"CASE WHEN {whole} THEN hash(hash({columns})) END AS _key")
    return ", ".join(parts)


def _bits(prefix: str, columns: tuple[str, ...], salt: str = "") -> list[str]:
    """Return the SQL of two 64-bit hashes; hashed once more, because DuckDB joins those of columns by plain xor."""
    names = [quoted(name) for name in columns]
    low = ", ".join([literal(salt), *names])
    high = ", ".join([*reversed(names), literal(f"{salt} high")])
    return [f"hash(hash({low})) AS {quoted(prefix + '_low')}", f"hash(hash({high})) AS {quoted(prefix + '_high')}"]

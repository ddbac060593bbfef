"""What only whole tables can tell, asked of staged rows; where no place holds a whole table, it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from pipeline.sources import literal, quoted
from pipeline.staged import Staged


class WholeTables(Protocol):
    """What checks need to know of more rows than those of one account. Rejected rows do not count."""

    def kinds(self) -> list[str]:
        """Return the kinds of interaction, the most frequent first."""
        ...

    def latest(self, table: str) -> datetime | None:
        """Return when the latest row of a table became known, of those known at as_of."""
        ...

    def unreadable(self, staged: Staged, name: str) -> str:
        """Return the SQL of the texts, in a column `t`, that cannot be read as the column `name`."""
        ...

    def ids(self, staged: Staged, name: str) -> str:
        """Return the SQL of `id`, a value of the column `name`, and the account_id it stands with."""
        ...


@dataclass(frozen=True)
class AskedTables:
    """Whole tables that lie here, under their own names; `ask` runs SQL."""

    ask: Callable[[str], list[tuple]]
    as_of: date

    def kinds(self) -> list[str]:
        query = "SELECT kind FROM staged_interactions WHERE _rule IS NULL GROUP BY kind ORDER BY count(*) DESC, kind"
        return [kind for (kind,) in self.ask(query)]

    def latest(self, table: str) -> datetime | None:
        known = f"_rule IS NULL AND known_at <= TIMESTAMP '{self.as_of}'"
        return self.ask(f"SELECT max(known_at) FROM staged_{table} WHERE {known}")[0][0]

    def unreadable(self, staged: Staged, name: str) -> str:
        return f"SELECT _cell AS t FROM {staged.name} WHERE _rule = {literal(f'{name} unreadable')}"

    def ids(self, staged: Staged, name: str) -> str:
        column = quoted(name)
        return f"SELECT {column} AS id, account_id FROM {staged.name} WHERE _rule IS NULL AND {column} IS NOT NULL"

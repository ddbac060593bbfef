"""What whole tables tell, put together from what their parts tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
import pyarrow as pa

from pipeline.sources import quoted
from pipeline.staged import Staged
from pipeline.strays import rows_per_day
from pipeline.validate.unreadable import written_columns
from pipeline.whole_tables import AskedTables


@dataclass
class TableTold:
    """What rows of a table tell of the whole, rejected ones left out where they do not count.

    `rows_in` and `rows` count what the sources have and what was staged; `days` rows per day in days since 1970;
    `kinds` rows per kind of interaction; `latest` is when the latest row known at as_of became known; `texts` holds per
    column the texts that cannot be read.
    """

    rows_in: int = 0
    rows: int = 0
    days: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    latest: datetime | None = None
    texts: dict[str, set[str]] = field(default_factory=dict)

    def add(self, other: TableTold) -> None:
        self.rows_in += other.rows_in
        self.rows += other.rows
        self.days.update(other.days)
        self.kinds.update(other.kinds)
        self.latest = max((at for at in (self.latest, other.latest) if at is not None), default=None)
        for name, texts in other.texts.items():
            self.texts.setdefault(name, set()).update(texts)


def tell(con: duckdb.DuckDBPyConnection, staged: Staged, as_of: date) -> TableTold:
    """Return what the staged rows that lie here tell; `rows_in` and `rows` are left to the caller."""
    told = TableTold()

    def ask(query: str) -> list[tuple]:
        return con.execute(query).fetchall()

    counting = rows_per_day(staged)
    if counting is not None:
        told.days.update(dict(ask(counting)))
    if staged.contract.name == "interactions":
        told.kinds.update(dict(ask("SELECT kind, count(*) FROM staged_interactions WHERE _rule IS NULL GROUP BY kind")))
    here = AskedTables(ask, as_of)
    if "known_at" in staged.stored:
        told.latest = here.latest(staged.contract.name)
    for name in written_columns(staged):
        texts = ask(f"SELECT DISTINCT t FROM ({here.unreadable(staged, name)}) WHERE t IS NOT NULL")
        if texts:
            told.texts[name] = {text for (text,) in texts}
    return told


@dataclass(frozen=True)
class ToldTables:
    """Whole tables of which only this is here (see `pipeline.whole_tables.WholeTables`).

    Ids are looked for in tables `ids_<table>_<column>`, which hold those dealt into one bucket.
    """

    told: Mapping[str, TableTold]
    con: duckdb.DuckDBPyConnection

    def kinds(self) -> list[str]:
        counts = self.told["interactions"].kinds if "interactions" in self.told else {}
        return sorted(counts, key=lambda kind: (-counts[kind], kind))

    def latest(self, table: str) -> datetime | None:
        return self.told[table].latest

    def unreadable(self, staged: Staged, name: str) -> str:
        table = f"texts_{staged.contract.name}_{name}"
        texts = pa.table({"t": pa.array(sorted(self.told[staged.contract.name].texts.get(name, ())), pa.string())})
        self.con.register("texts_given", texts)
        self.con.execute(f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT t FROM texts_given")
        self.con.unregister("texts_given")
        return f"SELECT t FROM {quoted(table)}"

    def ids(self, staged: Staged, name: str) -> str:
        return f"SELECT id, account_id FROM {quoted(ids_table(staged.contract.name, name))}"


def ids_table(table: str, name: str) -> str:
    return f"ids_{table}_{name}"

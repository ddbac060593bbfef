"""Make the company: play its course, write its tables as its systems would show them, and the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.asof import DAY, day_of, instant
from pipeline.synthetic.chain import WEEK
from pipeline.synthetic.contracts import subscriptions
from pipeline.synthetic.course import run_course
from pipeline.synthetic.directory import accounts_table, exclusions_table
from pipeline.synthetic.drifting import day_of_month
from pipeline.synthetic.invoicing import invoices
from pipeline.synthetic.merges import draw_merges
from pipeline.synthetic.money import rates
from pipeline.synthetic.population import draw_population
from pipeline.synthetic.traces import interactions
from pipeline.synthetic.truth_tables import fixed, notices, probabilities_on, states

BLOCK = 20_000
"""Accounts that are made and held in memory at once."""

ROW_GROUP = 250_000
"""Rows of a Parquet row group."""

_DRAWS = 8
"""Independent streams of random numbers per block; what is added later takes further ones and moves nothing."""


@dataclass(frozen=True)
class Company:
    """What was made: the folder, its first and last day, and the rows per table."""

    folder: Path
    first_day: date
    end: date
    rows: Mapping[str, int]


def make_company(
    folder: Path | str, accounts: int, years: int, seed: int = 7, end: date = date(2026, 1, 1), truth: bool = True,
    drift_month: int | None = None,
) -> Company:  # fmt: skip
    """Write a subscription firm's tables to `folder`, as extracted at midnight before `end`.

    accounts, interactions, invoices, subscriptions, exclusions, account_links and rates .parquet have the contract's
    columns, times in UTC, money in EUR or DKK; truth/ holds what no firm has (see `truth_tables`), unless `truth` is
    false. The tables cover 52 x `years` weeks. The same arguments give the same bytes. From `drift_month` months after
    the first day on, interactions are recorded in another way (see `drifting`); nothing else changes.

    Accounts are made BLOCK at a time, so that memory does not grow with their number, only with `years`. What becomes
    of an account does not depend on the accounts of other blocks.
    """
    if accounts < 1 or years < 1:
        raise ValueError(f"expected at least one account and one year; found {accounts} and {years}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if truth:
        (folder / "truth").mkdir(exist_ok=True)
    last = instant(end) // DAY
    first = last - 52 * years * WEEK
    with _Files(folder) as files:
        files.write("rates", rates(first, last, np.random.default_rng(_stream(seed, 0, _DRAWS))))
        for number, start in enumerate(range(0, accounts, BLOCK)):
            count = min(BLOCK, accounts - start)
            drift = None if drift_month is None else day_of_month(first, drift_month)
            for name, table in _block(number, start, count, first, last, seed, truth, drift):
                files.write(name, table)
    rows = {name: number for name, number in files.rows.items() if "/" not in name}
    return Company(folder, day_of(first * DAY), end, rows)


def _block(
    number: int, start: int, count: int, first: int, last: int, seed: int, truth: bool, drift: int | None = None
) -> Iterator[tuple[str, pa.Table]]:
    """Yield the tables of one block of accounts, one after the other, so that they need not be held together."""
    weeks = (last - first) // WEEK
    draws = [np.random.default_rng(_stream(seed, number, position)) for position in range(_DRAWS)]
    people = draw_population(count, first, weeks, draws[0], number, start)
    merges = draw_merges(people, first, last, draws[6])
    course = run_course(people, first, weeks, draws[1])
    yield "accounts", accounts_table(people, merges, first, last, draws[2])
    yield "interactions", interactions(people, course, merges, draws[3], draws[7], drift)
    yield "invoices", invoices(people, course, merges, draws[4])
    yield "subscriptions", subscriptions(people, course, merges)
    yield "exclusions", exclusions_table(people, merges, last, draws[5])
    yield "account_links", merges.links()
    if truth:
        yield "truth/accounts", fixed(people)
        yield "truth/states", states(people, course)
        yield "truth/notices", notices(people, course)
        yield "truth/probabilities", probabilities_on([last - 13 * WEEK, last], people, course)


def _stream(seed: int, block: int, position: int) -> np.random.SeedSequence:
    """Return the seed of a stream; those of the first block are what one block alone would spawn."""
    return np.random.SeedSequence(seed, spawn_key=(position, block) if block else (position,))


@dataclass
class _Files:
    """Parquet files that grow by a table at a time, and the rows written to each."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    _open: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    def write(self, name: str, table: pa.Table) -> None:
        if name not in self._open:
            self._open[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", table.schema, compression="zstd")
        self._open[name].write_table(table, row_group_size=ROW_GROUP)
        self.rows[name] = self.rows.get(name, 0) + len(table)

    def __enter__(self) -> _Files:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open.values():
            writer.close()

"""Make the company: play its course, write its tables as its systems would show them, and the truth beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.asof import DAY, day_of, instant
from pipeline.synthetic.chain import WEEK, levels_of
from pipeline.synthetic.contracts import subscriptions
from pipeline.synthetic.course import CAUSES, NEVER_DAY, Course, run_course
from pipeline.synthetic.directory import accounts_table, exclusions_table
from pipeline.synthetic.invoicing import invoices
from pipeline.synthetic.population import Population, draw_population
from pipeline.synthetic.traces import interactions
from pipeline.synthetic.truth import STEPS, oracle


@dataclass(frozen=True)
class Company:
    """What was made: the folder, its first and last day, and the rows per table."""

    folder: Path
    first_day: date
    end: date
    rows: Mapping[str, int]


def make_company(folder: Path | str, accounts: int, years: int, seed: int = 7, end: date = date(2026, 1, 1)) -> Company:
    """Write a subscription firm's tables to `folder`, as extracted at midnight before `end`.

    accounts, interactions, invoices, subscriptions and exclusions .parquet have the contract's columns, times in UTC;
    truth/ holds what no firm has (see `write_truth`). The tables cover 52 x `years` weeks. The same arguments give
    the same bytes.
    """
    if accounts < 1 or years < 1:
        raise ValueError(f"expected at least one account and one year; found {accounts} and {years}")
    folder = Path(folder)
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    last = instant(end) // DAY
    weeks = 52 * years
    first = last - weeks * WEEK
    draws = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)]
    people = draw_population(accounts, first, weeks, draws[0])
    course = run_course(people, first, weeks, draws[1])
    tables = {
        "accounts": accounts_table(people, first, last, draws[2]),
        "interactions": interactions(people, course, draws[3]),
        "invoices": invoices(people, course, draws[4]),
        "subscriptions": subscriptions(people, course),
        "exclusions": exclusions_table(people, last, draws[5]),
    }
    for name, table in tables.items():
        _write(table, folder / f"{name}.parquet")
    write_truth(folder / "truth", people, course)
    write_probabilities(folder, [end - timedelta(days=13 * WEEK), end])
    rows = {name: len(table) for name, table in tables.items()}
    return Company(folder, day_of(first * DAY), end, rows)


def write_truth(folder: Path, people: Population, course: Course) -> None:
    """Write the latent truth.

    accounts.parquet: what is fixed (segment, annual, index). states.parquet: per account and weekly step, while a
    contract holds and no notice is given: `at`, the joint `state`, the level of each component, weeks `locked`, and
    the day (since 1970-01-01) the `term` counts from. notices.parquet: per notice its days, its cause, and whether
    the account was `calm` (no component in a bad level) in each of the 13 weeks up to it.
    """
    ids = pa.array(people.ids, pa.string())
    fixed = {
        "account_id": ids,
        "segment": people.terms.segment,
        "annual": people.terms.annual,
        "index": people.terms.index,
    }
    _write(pa.table(fixed), folder / "accounts.parquet")
    week, account = np.nonzero(course.running)
    state = course.after[week, account]
    steps = {
        "at": pa.array((course.first_day + (week + 1) * WEEK).astype(np.int32), pa.date32()),
        "account_id": ids.take(pa.array(account)),
        "state": state,
        **{name: level.astype(np.int8) for name, level in levels_of(state).items()},
        "locked": course.locked[week, account],
        "term": course.term[week, account],
    }
    first, last = (day_of(day * DAY) for day in (course.first_day + WEEK, course.last_day))
    table = pa.table(steps).replace_schema_metadata({STEPS: f"{first} {last}".encode()})
    _write(table, folder / "states.parquet")
    _write(_notices(ids, course), folder / "notices.parquet")


def write_probabilities(folder: Path, days: Sequence[date]) -> None:
    """Write truth/probabilities.parquet: what `oracle` says on `days`, with its windows as they stand by default."""
    parts = [oracle(folder, day).assign(as_of=day) for day in days]
    frame = pd.concat(parts, ignore_index=True).round({"p_churn": 9, "p_upsell": 9})
    table = pa.Table.from_pandas(frame[["account_id", "as_of", "p_churn", "p_upsell"]], preserve_index=False)
    _write(table.replace_schema_metadata(None), folder / "truth" / "probabilities.parquet")


def _notices(ids: pa.Array, course: Course) -> pa.Table:
    notices = course.notices
    calm = np.ones(len(notices["account"]), bool)
    for back in range(13):
        week = np.maximum((notices["noticed_on"] - course.first_day) // WEEK - back, 0)
        calm &= course.calm[week, notices["account"]]
    back = notices["returned_on"]
    return pa.table(
        {
            "account_id": ids.take(pa.array(notices["account"])),
            "noticed_on": pa.array(notices["noticed_on"].astype(np.int32), pa.date32()),
            "ended_on": pa.array(notices["ended_on"].astype(np.int32), pa.date32()),
            "returned_on": pa.array(back.astype(np.int32), pa.date32(), mask=back == NEVER_DAY),
            "cause": pa.array(CAUSES).take(pa.array(notices["cause"])),
            "calm": calm,
        }
    )


def _write(table: pa.Table, file: Path) -> None:
    pq.write_table(table, file, compression="zstd")

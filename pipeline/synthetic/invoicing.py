"""The invoices that the course leaves in the books, with what goes wrong with some."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import DAY, NEVER
from pipeline.synthetic.chain import WEEK, levels_of
from pipeline.synthetic.course import Course
from pipeline.synthetic.directory import HOUR, UTC
from pipeline.synthetic.merges import Merges
from pipeline.synthetic.money import CURRENCIES, currency_of, in_own_currency
from pipeline.synthetic.population import Population

Ints = NDArray[np.int64]
Rows = dict[str, NDArray]

DUE_DAYS = 14
"""Days to pay an invoice."""

BACKDATED, VOIDED, NEVER_PAID, CREDITED, CORRECTED = 0.02, 0.006, 0.004, 0.008, 0.006
"""Shares of invoices entered weeks after their date, withdrawn, left unpaid, partly credited, entered wrongly."""


def invoices(people: Population, course: Course, merges: Merges, rng: np.random.Generator) -> pa.Table:
    """Return the invoices known when the course ends: one a month or a quarter."""
    billed = _billed(people, course, rng)
    voided, never_paid, credited, corrected = _apart(len(billed["who"]), rng)
    billed["voided"][voided] = billed["known"][voided] + rng.integers(DAY, 12 * DAY, len(voided))
    billed["paid"][np.concatenate([voided, never_paid])] = NEVER
    parts = [
        billed,
        _issued_again(billed, voided, rng),
        _credit_notes(billed, credited),
        _corrections(billed, corrected, rng),
    ]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in billed}
    return _table(rows, people, merges, course.last_day * DAY, rng)


def _billed(people: Population, course: Course, rng: np.random.Generator) -> Rows:
    who, days = _billing_days(people, course)
    week, turn = (days - course.first_day) // WEEK, (days + DUE_DAYS - course.first_day) // WEEK
    tight = levels_of(course.state[np.minimum(turn, course.weeks - 1), who])["budget"] == 0
    count = len(who)
    issued = days * DAY + 2 * HOUR + rng.integers(0, HOUR, count)
    due = (days + DUE_DAYS) * DAY
    backdated = rng.random(count) < BACKDATED
    known = issued + np.where(backdated, rng.integers(8 * DAY, 40 * DAY, count), rng.integers(HOUR, 8 * HOUR, count))
    delay = np.where(tight, rng.normal(18, 9, count), rng.normal(-6, 3.5, count))
    return {
        "number": np.arange(count),
        "who": who,
        "issued": issued,
        "due": due,
        "amount": in_own_currency(course.mrr[week, who].astype(float), currency_of(people)[who])
        * np.where(people.quarterly[who], 3.0, 1.0),
        "paid": np.maximum(due + (delay * DAY).astype(np.int64), known + HOUR),
        "voided": np.full(count, NEVER),
        "known": known,
    }


def _billing_days(people: Population, course: Course) -> tuple[Ints, Ints]:
    """Return account and day of each bill: on the account's day of every month, or of every third."""
    months = np.arange(
        *(np.datetime64(day, "D").astype("datetime64[M]") for day in (course.first_day, course.last_day))
    )
    day = months.astype("datetime64[D]").astype(np.int64)[:, None] + np.arange(len(people)) * 11 % 28
    billed = (day >= course.first_day) & (day < course.last_day) & (day > people.opened)
    week = np.clip((day - course.first_day) // WEEK, 0, course.weeks - 1)
    billed &= np.take_along_axis(course.served, week, axis=0)
    billed &= ~people.quarterly | ((np.arange(len(people)) + np.arange(len(months))[:, None]) % 3 == 0)
    month, who = np.nonzero(billed)
    return who, day[month, who]


def _apart(count: int, rng: np.random.Generator) -> list[Ints]:
    """Return positions of invoices that are voided, never paid, credited and corrected; none is two of these."""
    chance = rng.random(count)
    bounds = np.cumsum([0, VOIDED, NEVER_PAID, CREDITED, CORRECTED])
    return [np.flatnonzero((chance >= low) & (chance < high)) for low, high in pairwise(bounds)]


def _issued_again(billed: Rows, picked: Ints, rng: np.random.Generator) -> Rows:
    """Return what replaces voided invoices, under numbers of their own."""
    rows = {name: values[picked] for name, values in billed.items()}
    issued = rows["voided"]
    due = issued + DUE_DAYS * DAY
    return rows | {
        "number": len(billed["who"]) + rows["number"],
        "issued": issued,
        "due": due,
        "paid": due + rng.integers(-6 * DAY, 6 * DAY, len(picked)),
        "voided": np.full(len(picked), NEVER),
        "known": issued + HOUR,
    }


def _credit_notes(billed: Rows, picked: Ints) -> Rows:
    rows = {name: values[picked] for name, values in billed.items()}
    issued = rows["known"] + 15 * DAY
    return rows | {
        "number": 2 * len(billed["who"]) + rows["number"],
        "issued": issued,
        "due": issued,
        "amount": -np.round(rows["amount"] * 0.2, 2),
        "paid": np.full(len(picked), NEVER),
        "known": issued + HOUR,
    }


def _corrections(billed: Rows, picked: Ints, rng: np.random.Generator) -> Rows:
    """Return later rows of the same numbers with the right amounts."""
    rows = {name: values[picked] for name, values in billed.items()}
    return rows | {
        "amount": np.round(rows["amount"] * 0.9, 2),
        "known": rows["known"] + rng.integers(2 * DAY, 9 * DAY, len(picked)),
    }


def _table(rows: Rows, people: Population, merges: Merges, end: int, rng: np.random.Generator) -> pa.Table:
    kept = np.flatnonzero(rows["known"] < end)
    kept = kept[np.lexsort((rows["number"][kept], rows["known"][kept]))]
    rows = {name: values[kept] for name, values in rows.items()}
    count = len(kept)
    # What is wrong in it: an amount or two that is not a number.
    rows["amount"][rng.choice(count, min(count, 1 + count // 20_000), replace=False)] = np.nan
    numbers = pa.array(rows["number"] + people.numbered + 100_000).cast(pa.string())
    return pa.table(
        {
            "invoice_id": pc.binary_join_element_wise("F", numbers, ""),
            "account_id": merges.ids_of(rows["who"], rows["known"], "billing"),
            "issued_at": pa.array(rows["issued"], UTC),
            "due_at": pa.array(rows["due"], UTC),
            "amount": pa.array(rows["amount"]),
            "currency": pa.array(CURRENCIES).take(pa.array(currency_of(people)[rows["who"]])),
            "paid_at": pa.array(rows["paid"], UTC, mask=rows["paid"] >= end),
            "voided_at": pa.array(rows["voided"], UTC, mask=rows["voided"] >= end),
            "known_at": pa.array(rows["known"], UTC),
        }
    )

"""What the course leaves in the books: versions of contract lines, and invoices."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.chain import WEEK, YEAR, levels_of
from pipeline.synthetic.course import CAUSES, NEVER_DAY, Course
from pipeline.synthetic.directory import HOUR, UTC
from pipeline.synthetic.population import Population

Ints = NDArray[np.int64]

DUE_DAYS = 14
"""Days to pay an invoice."""

PRODUCTS = ("platform", "analytics")
END_REASONS = {
    "engagement": "no longer used",
    "health": "poor service",
    "contact": "new owner of the budget",
    "seats": "other",
    "budget": "savings",
    "sudden": "other",
    "price": "price",
}


def subscriptions(people: Population, course: Course) -> pa.Table:
    """Return the versions of contract lines known when the course ends; notice fills the last version's end."""
    version, notice = course.versions, course.notices
    order = np.lexsort((version["clock"], version["day"], version["line"], version["contract"], version["account"]))
    version = {name: values[order] for name, values in version.items()}
    who, contract, line = (version[name].astype(np.int64) for name in ("account", "contract", "line"))
    key = (who * 100 + contract) * 2 + line
    last = np.r_[key[1:] != key[:-1], True]
    row_of = {pair: row for row, pair in enumerate(zip(notice["account"], notice["contract"], strict=True))}
    found = np.array([row_of.get(pair, -1) for pair in zip(who[last], contract[last], strict=True)], dtype=np.int64)
    row = np.full(len(who), -1)
    row[last] = found
    left = row >= 0
    started = version["day"].astype(np.int64)
    # The term runs on from the account's first day, or from the day it came back.
    counted = _first_day(key // 2, started)
    renews = counted + ((started - counted) // YEAR + 1) * YEAR
    annual = people.terms.annual[who]
    at = (started * DAY + version["clock"].astype(np.int64) * HOUR) + (key % 53) * (HOUR // 60)
    ids = pa.array(people.ids, pa.string()).take(pa.array(who))
    noticed = notice["noticed_on"][row] * DAY + 14 * HOUR
    reasons = pa.array([END_REASONS[cause] for cause in CAUSES])
    return pa.table(
        {
            "subscription_id": pc.binary_join_element_wise(
                ids, pa.array(contract + 1).cast(pa.string()), pa.array(np.array(["P", "X"])[line]), "-"
            ),
            "account_id": ids,
            "product": pa.array(PRODUCTS).take(pa.array(line)),
            "started_at": pa.array(at, UTC),
            "mrr": np.round(version["mrr"], 2),
            "seats": np.maximum(np.round(version["seats"]), 1).astype(np.int64),
            "renews_at": pa.array(renews * DAY, UTC, mask=~annual),
            "notice_by": pa.array((renews - 60) * DAY, UTC, mask=~annual),
            "auto_renew": np.ones(len(who), bool),
            "ended_at": pa.array(notice["ended_on"][row] * DAY, UTC, mask=~left),
            "end_known_at": pa.array(noticed, UTC, mask=~left),
            "end_reason": reasons.take(pa.array(notice["cause"][row], mask=~left)),
            "known_at": pa.array(at + HOUR // 4, UTC),
        }
    )


def _first_day(group: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row the earliest day of its group; groups are ascending."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    return np.repeat(np.minimum.reduceat(day, starts), np.diff(np.r_[starts, len(group)]))


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


def invoices(people: Population, course: Course, rng: np.random.Generator) -> pa.Table:
    """Return invoices known when the course ends: one a month or a quarter, with what goes wrong with some."""
    first, last = course.first_day, course.last_day
    who, days = _billing_days(people, course)
    week, turn = (days - first) // WEEK, np.minimum((days + DUE_DAYS - first) // WEEK, course.weeks - 1)
    tight = levels_of(course.state[turn, who])["budget"] == 0
    count = len(who)
    amount = np.round(course.mrr[week, who].astype(float), 2) * np.where(people.quarterly[who], 3, 1)
    issued = days * DAY + 2 * HOUR + rng.integers(0, HOUR, count)
    due = (days + DUE_DAYS) * DAY
    delay = np.where(tight, rng.normal(18, 9, count), rng.normal(-5, 4, count))
    paid = np.maximum(due + (delay * DAY).astype(np.int64), issued + HOUR)
    chance = rng.random((4, count))
    backdated = chance[0] < 0.02
    known = issued + np.where(backdated, rng.integers(8 * DAY, 40 * DAY, count), rng.integers(HOUR, 8 * HOUR, count))
    voided = np.where(chance[1] < 0.006, known + rng.integers(DAY, 12 * DAY, count), NEVER_DAY * DAY)
    paid = np.where((chance[2] < 0.004) | (voided < NEVER_DAY * DAY), NEVER_DAY * DAY, np.maximum(paid, known))
    number = np.arange(count)

    again = np.flatnonzero(voided < NEVER_DAY * DAY)
    credit = np.flatnonzero((chance[3] < 0.008) & (voided == NEVER_DAY * DAY))
    fixed = np.flatnonzero((chance[3] > 0.994) & (voided == NEVER_DAY * DAY))
    never = NEVER_DAY * DAY
    parts = [
        (number, who, issued, due, amount, paid, voided, known),
        (count + again, who[again], voided[again], due[again] + 10 * DAY, amount[again],
         due[again] + rng.integers(0, 12 * DAY, len(again)), np.full(len(again), never), voided[again] + HOUR),
        (2 * count + credit, who[credit], issued[credit] + 15 * DAY, issued[credit] + 15 * DAY,
         -np.round(amount[credit] * 0.2, 2), np.full(len(credit), never), np.full(len(credit), never),
         issued[credit] + 15 * DAY + HOUR),
        (number[fixed], who[fixed], issued[fixed], due[fixed], np.round(amount[fixed] * 0.9, 2), paid[fixed],
         voided[fixed], known[fixed] + rng.integers(2 * DAY, 9 * DAY, len(fixed))),
    ]  # fmt: skip
    number, who, issued, due, amount, paid, voided, known = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    amount = amount.astype(float)
    amount[rng.choice(len(amount), max(1, len(amount) // 20_000), replace=False)] = np.nan
    kept = np.flatnonzero(known < last * DAY)
    kept = kept[np.lexsort((number[kept], known[kept]))]
    paid, voided = paid[kept], voided[kept]
    return pa.table(
        {
            "invoice_id": pc.binary_join_element_wise("F", pa.array(number[kept] + 100_000).cast(pa.string()), ""),
            "account_id": pa.array(people.ids, pa.string()).take(pa.array(who[kept])),
            "issued_at": pa.array(issued[kept], UTC),
            "due_at": pa.array(due[kept], UTC),
            "amount": pa.array(amount[kept]),
            "currency": pa.array(np.full(len(kept), "EUR", dtype=object), pa.string()),
            "paid_at": pa.array(paid, UTC, mask=paid >= last * DAY),
            "voided_at": pa.array(voided, UTC, mask=voided >= last * DAY),
            "known_at": pa.array(known[kept], UTC),
        }
    )

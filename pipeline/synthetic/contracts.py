"""The versions of contract lines that the course leaves in the books."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.chain import YEAR
from pipeline.synthetic.course import CAUSES, EXTRA, Course
from pipeline.synthetic.directory import HOUR, UTC
from pipeline.synthetic.merges import Merges
from pipeline.synthetic.money import CURRENCIES, currency_of, in_own_currency
from pipeline.synthetic.population import Population

Ints = NDArray[np.int64]

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

NOTICE_BY_DAYS = 60
"""Days before a term ends by which notice is asked for."""


def subscriptions(people: Population, course: Course, merges: Merges) -> pa.Table:
    """Return the versions of contract lines known when the course ends; notice fills the last version's end."""
    version, notice = course.versions, course.notices
    order = np.lexsort((version["clock"], version["day"], version["line"], version["contract"], version["account"]))
    version = {name: values[order] for name, values in version.items()}
    who, contract, line = (version[name].astype(np.int64) for name in ("account", "contract", "line"))
    started = version["day"].astype(np.int64)
    holder = who * 100 + contract
    at = started * DAY + version["clock"].astype(np.int64) * HOUR + holder % 53 * (HOUR // 60)
    # The term runs on from the account's first day, or from the day it came back.
    counted = _first_day(holder, started)
    renews = counted + ((started - counted) // YEAR + 1) * YEAR
    monthly = ~people.terms.annual[who]
    currency = currency_of(people)[who]
    known = at + HOUR // 4

    end = _position(holder, notice["account"] * 100 + notice["contract"])
    last = np.r_[(holder[1:] != holder[:-1]) | (line[1:] != line[:-1]), True]
    stays = (end == len(notice["account"])) | ~last
    noticed, ended, cause = (np.append(notice[name], 0)[end] for name in ("noticed_on", "ended_on", "cause"))
    reasons = pa.array([END_REASONS[cause] for cause in CAUSES])
    return pa.table(
        {
            "subscription_id": pc.binary_join_element_wise(
                merges.ids.take(pa.array(who)),
                pa.array(contract + 1).cast(pa.string()),
                pa.array(["P", "X"]).take(pa.array(line)),
                "-",
            ),
            "account_id": merges.ids_of(who, known, "billing"),
            "product": pa.array(PRODUCTS).take(pa.array(line)),
            "started_at": pa.array(at, UTC),
            "mrr": in_own_currency(version["mrr"], currency),
            "currency": pa.array(CURRENCIES).take(pa.array(currency)),
            "seats": pa.array(np.maximum(np.round(version["seats"]), 1).astype(np.int64), mask=line == EXTRA),
            "renews_at": pa.array(renews * DAY, UTC, mask=monthly),
            "notice_by": pa.array((renews - NOTICE_BY_DAYS) * DAY, UTC, mask=monthly),
            "auto_renew": np.ones(len(who), bool),
            "ended_at": pa.array(ended * DAY, UTC, mask=stays),
            "end_known_at": pa.array(noticed * DAY + 14 * HOUR, UTC, mask=stays),
            "end_reason": reasons.take(pa.array(cause, mask=stays)),
            "known_at": pa.array(known, UTC),
        }
    )


def _first_day(group: Ints, day: Ints) -> Ints:
    """Return for each row the earliest day of its group; groups are ascending."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    return np.repeat(np.minimum.reduceat(day, starts), np.diff(np.r_[starts, len(group)]))


def _position(values: Ints, among: Ints) -> Ints:
    """Return where each value stands in `among`, whose values differ; len(among) where it does not."""
    order = np.argsort(among)
    found = np.minimum(np.searchsorted(among[order], values), max(len(among) - 1, 0))
    position = np.append(order, len(among))[found]
    return np.where(np.append(among, -1)[position] == values, position, len(among))

"""The tables a firm keeps by hand: accounts, and accounts that must not be listed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.asof import DAY
from pipeline.synthetic.merges import Merges
from pipeline.synthetic.population import COUNTRIES, INDUSTRIES, SEGMENTS, TEAMS, Population

HOUR = DAY // 24
UTC = pa.timestamp("us", tz="UTC")

REASONS = ("do not contact", "objection (GDPR 21)", "insolvency", "legal hold")


def accounts_table(
    people: Population, merges: Merges, first_day: int, last_day: int, rng: np.random.Generator
) -> pa.Table:
    """Return the versions of accounts: one each, and a later one where another manager took over.

    Accounts that were registered twice have a further row under their old id, their name without the legal form.
    """
    count, many = len(people), len(people.managers)
    handed = np.flatnonzero((rng.random(count) < 0.05) & (people.manager >= 0) & (people.opened < last_day - 60))
    after = np.maximum(people.opened[handed], first_day)
    handed_on = after + 30 + (rng.random(len(handed)) * (last_day - after - 30)).astype(np.int64)
    who = np.concatenate([np.arange(count), handed])
    manager = np.concatenate([people.manager, (people.manager[handed] + 1) % many])
    opened = (people.opened * DAY + 9 * HOUR)[who]
    known = np.concatenate([people.opened * DAY + 9 * HOUR, handed_on * DAY + 10 * HOUR])
    order = np.lexsort((known, who))
    who, manager, opened, known = who[order], manager[order], opened[order], known[order]
    nobody = manager < 0
    names = pa.array([*people.managers, ""])
    table = pa.table(
        {
            "account_id": pa.array(people.ids, pa.string()).take(pa.array(who)),
            "name": pa.array(people.names, pa.string()).take(pa.array(who)),
            "account_manager": names.take(pa.array(manager, mask=nobody)),
            "team": pa.array(TEAMS).take(pa.array(manager % len(TEAMS), mask=nobody)),
            "segment": pa.array(SEGMENTS).take(pa.array(people.terms.segment[who])),
            "industry": pa.array(INDUSTRIES).take(pa.array(people.industry[who])),
            "country": pa.array(COUNTRIES).take(pa.array(people.country[who])),
            "opened_at": pa.array(opened, UTC),
            "known_at": pa.array(known, UTC),
        }
    )
    if not len(merges.who):
        return table
    again = table.take(np.searchsorted(who, merges.who))
    short = [name.rsplit(" ", 1)[0] for name in people.names[merges.who]]
    again = again.set_column(0, "account_id", merges.old_ids.take(pa.array(merges.who)))
    return pa.concat_tables([table, again.set_column(1, "name", pa.array(short, pa.string()))]).combine_chunks()


def exclusions_table(people: Population, merges: Merges, last_day: int, rng: np.random.Generator) -> pa.Table:
    """Return a few accounts that must not be listed: about one in 250, at least one; some no longer, some not yet."""
    many = max(1, round(len(people) / 250))
    who = np.sort(rng.choice(len(people), many, replace=False))
    start = last_day - rng.integers(-30, 400, many)
    ends = rng.random(many) < 0.4
    until = start + rng.integers(30, 200, many)
    return pa.table(
        {
            "account_id": merges.ids_of(who, start * DAY, "contact"),
            "reason": pa.array(REASONS).take(pa.array(rng.integers(0, len(REASONS), many))),
            "from": pa.array(start * DAY, UTC),
            "until": pa.array(until * DAY, UTC, mask=~ends),
        }
    )

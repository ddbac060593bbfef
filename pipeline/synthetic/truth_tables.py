"""The truth about a block of accounts, as tables that no firm has; by the id that carries on.

accounts: what is fixed (segment, annual, index). states: per account and weekly step, while a contract holds and no
notice is given: `at`, the joint `state`, the level of each component, weeks `locked`, and the day (since 1970-01-01)
the `term` counts from. notices: per notice its days, its cause, and whether the account was `calm` (no component in a
bad level) in each of the 13 weeks up to it. probabilities: what `oracle` says with its usual windows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.asof import DAY, day_of
from pipeline.synthetic.chain import WEEK, Terms, levels_of
from pipeline.synthetic.course import CAUSES, NEVER_DAY, Course
from pipeline.synthetic.population import Population
from pipeline.synthetic.truth import STEPS, USUAL, probabilities


def fixed(people: Population) -> pa.Table:
    """Return what does not change: one row per account."""
    return pa.table(
        {
            "account_id": pa.array(people.ids, pa.string()),
            "segment": people.terms.segment,
            "annual": people.terms.annual,
            "index": people.terms.index,
        }
    )


def states(people: Population, course: Course) -> pa.Table:
    """Return the latent states: one row per account and step."""
    week, account = np.nonzero(course.running)
    state = course.after[week, account]
    steps = {
        "at": pa.array((course.first_day + (week + 1) * WEEK).astype(np.int32), pa.date32()),
        "account_id": pa.array(people.ids, pa.string()).take(pa.array(account)),
        "state": state,
        **{name: level.astype(np.int8) for name, level in levels_of(state).items()},
        "locked": course.locked[week, account],
        "term": course.term[week, account],
    }
    first, last = (day_of(day * DAY) for day in (course.first_day + WEEK, course.last_day))
    return pa.table(steps).replace_schema_metadata({STEPS: f"{first} {last}".encode()})


def notices(people: Population, course: Course) -> pa.Table:
    """Return the notices: one row each."""
    given = course.notices
    calm = np.ones(len(given["account"]), bool)
    for back in range(13):
        week = np.maximum((given["noticed_on"] - course.first_day) // WEEK - back, 0)
        calm &= course.calm[week, given["account"]]
    back = given["returned_on"]
    return pa.table(
        {
            "account_id": pa.array(people.ids, pa.string()).take(pa.array(given["account"])),
            "noticed_on": pa.array(given["noticed_on"].astype(np.int32), pa.date32()),
            "ended_on": pa.array(given["ended_on"].astype(np.int32), pa.date32()),
            "returned_on": pa.array(back.astype(np.int32), pa.date32(), mask=back == NEVER_DAY),
            "cause": pa.array(CAUSES).take(pa.array(given["cause"])),
            "calm": calm,
        }
    )


def probabilities_on(days: Sequence[int], people: Population, course: Course) -> pa.Table:
    """Return account_id, as_of, p_churn, p_upsell for each of the `days` (since 1970-01-01), steps of the course."""
    parts = []
    for day in days:
        week = (day - course.first_day) // WEEK - 1
        who = np.flatnonzero(course.running[week])
        fixed = people.terms.take(who)
        terms = Terms(fixed.segment, fixed.annual, fixed.index, course.term[week, who].astype(np.int64))
        churn, upsell = probabilities(course.after[week, who], course.locked[week, who], terms, day, USUAL)
        parts.append(
            {
                "account_id": pa.array(people.ids[who], pa.string()),
                "as_of": pa.array(np.full(len(who), day, np.int32), pa.date32()),
                "p_churn": churn.round(9),
                "p_upsell": upsell.round(9),
            }
        )
    return pa.concat_tables([pa.table(part) for part in parts]).combine_chunks()

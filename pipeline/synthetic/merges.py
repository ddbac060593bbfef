"""Accounts that were registered twice: one of the firm's systems used another id, until somebody merged the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.population import Population

Ints = NDArray[np.int64]
System = Literal["billing", "contact"]

SHARE = 0.012
"""Share of accounts that were registered twice."""

APART_DAYS = 120
"""Days that the two ids lived side by side at least."""

_UTC = pa.timestamp("us", tz="UTC")
_HOUR = DAY // 24


@dataclass(frozen=True)
class Merges:
    """One value per account.

    Where `billing`, the system that used the other id kept invoices and contracts, elsewhere interactions and
    exclusions: its rows known before the instant `merged` carry `old_ids`. All other rows carry the id that carries on.
    `merged` is 0 for accounts that were never registered twice. As one id served the whole of a system up to the merge,
    a run for an earlier day sees one contract, under the other id.
    """

    ids: pa.Array
    old_ids: pa.Array
    merged: Ints
    billing: NDArray[np.bool_]

    @property
    def who(self) -> Ints:
        return np.flatnonzero(self.merged)

    def ids_of(self, account: Ints, known: Ints, system: System) -> pa.Array:
        """Return the ids that rows of a system carry, given the accounts' positions and when the rows were known."""
        own = self.billing[account] if system == "billing" else ~self.billing[account]
        old, position = own & (known < self.merged[account]), pa.array(account)
        if not old.any():
            return self.ids.take(position)
        return pc.if_else(pa.array(old), self.old_ids.take(position), self.ids.take(position))

    def links(self) -> pa.Table:
        """Return the table `account_links`."""
        who = pa.array(self.who)
        return pa.table(
            {
                "old_id": self.old_ids.take(who),
                "new_id": self.ids.take(who),
                "known_at": pa.array(self.merged[self.who], _UTC),
            }
        )


def draw_merges(people: Population, first_day: int, last_day: int, rng: np.random.Generator) -> Merges:
    """Return which accounts were registered twice, and when the two were merged."""
    count = len(people)
    begun = np.maximum(people.opened, first_day) + APART_DAYS
    until = last_day - 30
    twice = (rng.random(count) < SHARE) & (begun < until)
    day = begun + (rng.random(count) * np.maximum(until - begun, 0)).astype(np.int64)
    return Merges(
        ids=pa.array(people.ids, pa.string()),
        old_ids=pa.array([f"B{name[1:]}" for name in people.ids], pa.string()),
        merged=np.where(twice, day * DAY + 11 * _HOUR, 0),
        billing=rng.random(count) < 0.5,
    )

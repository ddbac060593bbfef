"""Which rows to learn from when there are more than fit: those with label 1, and a stated share of the others.

Rows are drawn by a number that only the seed, the account and the as_of make (their lot), so that the same rows are
drawn whatever the buckets, the workers or the order in which rows come. A row that was drawn counts for all those of
its label that it stands for: total / drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.thinning import ROWS_ENOUGH
from pipeline.memory import plan
from pipeline.settings import Settings

Floats = NDArray[np.float64]

POSITIVE_SHARE = 0.75
"""Most of the room that rows with label 1 take while there are others to fill the rest: one label alone teaches
nothing."""


FIT_COPIES = 2.0
"""Peak memory of a fit over that of its matrix of rows x features, where there are many rows."""

CURVE_COPIES = 4.0
"""What curves and the bins of trees take besides, over the matrix of the at most ROWS_ENOUGH rows they look at."""

LEAST_ROOM = 10_000
"""Rows that are learnt from whatever the memory."""


def room_for(settings: Settings, features: int) -> int:
    """Return how many rows are learnt from at most: `[training] max_rows`, else what the memory plan has room for."""
    if settings.training.max_rows is not None:
        return settings.training.max_rows
    rows = plan(settings).training_bytes / (8 * max(1, features))
    all_few = rows / (FIT_COPIES + CURVE_COPIES)
    many = (rows - CURVE_COPIES * ROWS_ENOUGH) / FIT_COPIES
    return max(LEAST_ROOM, int(max(min(all_few, ROWS_ENOUGH), many)))


@dataclass(frozen=True)
class Sampled:
    """How many rows there were, of label 0 and of label 1, and how many of each were drawn to learn from."""

    rows: tuple[int, int]
    drawn: tuple[int, int]
    accounts: int
    """Accounts that the rows there were belong to."""
    dates: Mapping[date, tuple[int, int]]
    """as_of -> its rows and those with label 1, all of them."""

    @property
    def weights(self) -> tuple[float, float]:
        """How many rows a drawn row counts for, by label; 1.0 where all were drawn."""
        (others, positives), (drawn_others, drawn_positives) = self.rows, self.drawn
        return others / max(1, drawn_others), positives / max(1, drawn_positives)

    def weight(self, label: NDArray[Any]) -> Floats:
        """Return how many rows each row counts for."""
        return np.asarray(self.weights)[np.asarray(label, np.int64)]

    def plain(self) -> dict[str, Any]:
        """Return what a manifest says of it: counts of rows drawn, and per label the rate and the weight."""
        return {
            "rows": sum(self.drawn),
            "positives": self.drawn[1],
            "rate": {"1": self.drawn[1] / max(1, self.rows[1]), "0": self.drawn[0] / max(1, self.rows[0])},
            "weight": {"1": self.weights[1], "0": self.weights[0]},
        }

    def words(self) -> str:
        """Return, for people, what was drawn: `1,200,000 of 9,800,000 rows: all 300,000 with label 1, 9.5 % of ...`."""
        (others, positives), (drawn_others, drawn) = self.rows, self.drawn
        if drawn == positives:
            first = f"all {positives:,} with label 1"
        else:
            first = f"{_percent(drawn, positives)} of those with label 1, each counting {self.weights[1]:.1f}"
        if drawn_others == others:
            second = f"all {others:,} others"
        else:
            second = f"{_percent(drawn_others, others)} of the others, each counting {self.weights[0]:.1f}"
        return f"{sum(self.drawn):,} of {sum(self.rows):,} rows: {first}, {second}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


class Draw:
    """Draws from rows as they come, bucket by bucket; never holds many more than `room`, nor any twice.

    Rows come as Arrow tables with `account_id`, `as_of`, `label` (0 or 1), `lot` and whatever else is to be kept.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._parts: list[pa.Table] = []
        self._rows = [0, 0]
        self._accounts = 0
        self._dates: dict[date, tuple[int, int]] = {}

    def add(self, bucket: int, rows: pa.Table) -> None:
        """Take in the rows of a bucket, all of them."""
        label = rows["label"].to_numpy()
        positives = int(label.sum())
        self._rows[0] += len(label) - positives
        self._rows[1] += positives
        self._accounts += pc.count_distinct(rows["account_id"]).as_py()
        counted = rows.group_by("as_of").aggregate([("label", "count"), ("label", "sum")]).to_pylist()
        for row in counted:
            had = self._dates.get(row["as_of"].date(), (0, 0))
            self._dates[row["as_of"].date()] = had[0] + row["label_count"], had[1] + row["label_sum"]
        self._parts.append(rows.append_column("bucket", pa.array(np.full(len(rows), bucket, np.int32))))
        if sum(map(len, self._parts)) > 1.5 * self._room:
            self._thin()

    @property
    def counted(self) -> int:
        """Rows that came."""
        return sum(self._rows)

    def rows(self) -> tuple[pa.Table, Sampled | None]:
        """Return the rows drawn, with their `bucket`, and what was drawn of what; None when that is all of them."""
        drawn = self.counted > self._room
        if drawn:
            self._thin()
        table = pa.concat_tables(self._parts)
        if not drawn:
            return table, None
        positives = int(table["label"].to_numpy().sum())
        return table, Sampled(
            (self._rows[0], self._rows[1]), (len(table) - positives, positives), self._accounts, self._dates
        )

    def _thin(self) -> None:
        table = pa.concat_tables(self._parts)
        label, lot = table["label"].to_numpy(), table["lot"].to_numpy()
        kept = np.zeros(len(table), dtype=bool)
        for value, most in enumerate(shares(self._room, *self._rows)):
            own = np.flatnonzero(label == value)
            lowest = own if len(own) <= most else own[np.argpartition(lot[own], most - 1)[:most]]
            kept[lowest] = True
        self._parts = [table.filter(pa.array(kept)).combine_chunks()]


def shares(room: int, others: int, positives: int) -> tuple[int, int]:
    """Return how many rows with label 0 and with label 1 are drawn where `room` rows fit.

    All with label 1, unless they alone would take more than `POSITIVE_SHARE` of the room: then that, or what the others
    leave. Neither number grows as more rows come, once it is less than all.
    """
    most = max(int(room * POSITIVE_SHARE), room - others)
    drawn = min(positives, most)
    return min(others, room - drawn), drawn


def lots(accounts: pa.Array, as_of: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return a number per row, spread evenly over int64, made of the seed, the account's id and the as_of alone.

    `as_of` is in days since 1970. BLAKE2b of seed and id, mixed with the day by SplitMix64 (Steele, Lea, Flood 2014).
    """
    encoded = accounts.dictionary_encode()
    key = seed.to_bytes(16, "little", signed=True)
    ids = encoded.dictionary.to_pylist()
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8, key=key).digest() for text in ids)
    own = np.frombuffer(digests, np.uint64)[encoded.indices.to_numpy()]
    mixed = own + as_of.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))).view(np.int64)

"""Made-up interactions of any size, written in blocks of time: the same seed gives the same rows.

An account's activity is heavy-tailed (log-normal): the busiest hundredth has about a tenth of the rows. One row in 70
becomes known days to weeks after it occurred, one in 300 is corrected later by a row with the same `interaction_id`,
more than half of the meetings are known before they take place. Rows lie in the order of the blocks, by time: an
account's rows are spread over the whole file, as in a log.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from engine.sizes import BEGIN, END, Size

BLOCK = 1_000_000
"""Rows that are made at a time at most, which bounds the memory."""

BLOCKS_AT_LEAST = 12

VERSION = 1
"""Raised when the rows that a seed gives change, so that files of an earlier version are not used again."""

KINDS = ("usage", "login", "email", "call", "ticket", "note", "meeting", "nps", "csat")
SHARES = (0.45, 0.25, 0.12, 0.05, 0.04, 0.04, 0.03, 0.01, 0.01)

SPREAD = 1.1
"""Standard deviation of the log of an account's activity."""

LATE = 1 / 70
CORRECTED = 1 / 300
CONTACTS = 6
"""Contacts of an account at most."""

HOUR = 3_600_000_000
DAY = 24 * HOUR
MICROSECONDS = pa.timestamp("us")

SCHEMA = pa.schema(
    [
        ("interaction_id", pa.int64()),
        ("account_id", pa.dictionary(pa.int32(), pa.string())),
        ("occurred_at", MICROSECONDS),
        ("kind", pa.dictionary(pa.int32(), pa.string())),
        ("quantity", pa.float64()),
        ("score", pa.float64()),
        ("contact_id", pa.string()),
        ("closed_at", MICROSECONDS),
        ("known_at", MICROSECONDS),
        # When the next version of the same row became known; for contenders, who need not find it themselves.
        ("superseded_at", MICROSECONDS),
    ]
)


def write_interactions(folder: Path, size: Size) -> Path:
    """Write the interactions of `size` under `folder`, unless they are there, and return the Parquet file."""
    file = folder / f"interactions-{size.name}-v{VERSION}.parquet"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(f"{file.stem}.*.tmp"):
        unfinished.unlink()
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd", compression_level=1) as writer:
            for table in blocks(size):
                writer.write_table(table, row_group_size=250_000)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return file


def blocks(size: Size):
    """Yield the interactions of `size` as Arrow tables of SCHEMA, a block of time each, ascending."""
    count = max(BLOCKS_AT_LEAST, -(-size.events // BLOCK))
    edges = np.linspace(_instant(BEGIN), _instant(END), count + 1).astype(np.int64)
    rows = np.diff(np.linspace(0, size.events, count + 1).astype(np.int64))
    firm = _Firm(size)
    first_id = 0
    for number in range(count):
        rng = np.random.default_rng([size.seed, number])
        yield _block(rng, firm, int(rows[number]), int(edges[number]), int(edges[number + 1]), first_id)
        first_id += int(rows[number])


class _Firm:
    """What stays the same over all blocks: how active each account is, and from when to when."""

    def __init__(self, size: Size) -> None:
        rng = np.random.default_rng([size.seed, 1_000_000_007])
        self.activity = rng.lognormal(0, SPREAD, size.accounts)
        span = _instant(END) - _instant(BEGIN)
        # A third of the accounts begin during the first two years; one in ten falls silent later on.
        opens = rng.random(size.accounts)
        self.opened = _instant(BEGIN) + np.where(opens < 1 / 3, opens * 2 * span, 0).astype(np.int64)
        leaves = rng.random(size.accounts)
        self.left = np.where(leaves < 0.1, self.opened + (leaves * 10 * span).astype(np.int64), _instant(END))
        self.names = pa.array([f"A{number:07d}" for number in range(size.accounts)], pa.string())
        self.contacts = rng.integers(1, CONTACTS + 1, size.accounts)

    def shares_upto(self, at: int) -> NDArray[np.float64]:
        """Return the running total of the accounts' shares in a block that begins at `at`."""
        active = (self.opened <= at) & (at < self.left)
        total = np.cumsum(np.where(active, self.activity, 0.0))
        return total / total[-1]


def _block(rng: np.random.Generator, firm: _Firm, rows: int, begin: int, end: int, first_id: int) -> pa.Table:
    account = np.searchsorted(firm.shares_upto(begin), rng.random(rows), side="right").astype(np.int32)
    occurred = np.sort(rng.integers(begin, end, rows))
    kind = np.searchsorted(np.cumsum(SHARES)[:-1], rng.random(rows), side="right").astype(np.int32)
    of = {name: kind == number for number, name in enumerate(KINDS)}
    minutes = of["login"] | of["call"] | of["meeting"]
    quantity = np.round(rng.gamma(2.0, 15.0, rows), 2)
    quantity = np.where(minutes, np.ceil(quantity), quantity)
    score = np.where(of["nps"], rng.integers(0, 11, rows), rng.integers(1, 6, rows)).astype(np.float64)
    contact = account.astype(np.int64) * CONTACTS + (rng.random(rows) ** 2 * firm.contacts[account]).astype(np.int64)
    nobody = of["usage"] | (rng.random(rows) < 0.1)
    closed = occurred + (rng.exponential(3 * DAY, rows)).astype(np.int64)
    known = occurred + (rng.random(rows) * 6 * HOUR).astype(np.int64)
    known += np.where(rng.random(rows) < LATE, DAY * (2 + 38 * rng.random(rows) ** 2), 0).astype(np.int64)
    booked = of["meeting"] & (rng.random(rows) < 0.6)
    known = np.where(booked, occurred - (DAY * (1 + 29 * rng.random(rows))).astype(np.int64), known)
    corrected = np.flatnonzero(rng.random(rows) < CORRECTED)
    again = known[corrected] + (DAY * (1 + 29 * rng.random(len(corrected)))).astype(np.int64)
    superseded = np.zeros(rows, np.int64)
    superseded[corrected] = again
    columns: dict[str, Any] = {
        "interaction_id": first_id + np.arange(rows),
        "account": account,
        "occurred": occurred,
        "kind": kind,
        "quantity": quantity,
        "score": score,
        "contact": contact,
        "closed": closed,
        "known": known,
        "superseded": superseded,
        "no_quantity": ~(of["usage"] | minutes),
        "no_score": ~(of["nps"] | of["csat"]),
        "nobody": nobody,
        "still_open": ~of["ticket"] | (rng.random(rows) < 0.1),
    }
    versions = {name: np.concatenate([values, values[corrected]]) for name, values in columns.items()}
    versions["quantity"][rows:] = np.ceil(columns["quantity"][corrected] / 2)
    versions["known"][rows:] = again
    versions["superseded"][rows:] = 0
    return _table(versions, firm)


def _table(rows: dict[str, Any], firm: _Firm) -> pa.Table:
    nobody = rows["nobody"]
    contact = pc.binary_join_element_wise("C", pa.array(rows["contact"][~nobody]).cast(pa.string()), "")
    place = np.where(nobody, 0, np.cumsum(~nobody) - 1)
    filled = [
        pa.array(rows["interaction_id"]),
        pa.DictionaryArray.from_arrays(pa.array(rows["account"], pa.int32()), firm.names),
        pa.array(rows["occurred"]).cast(MICROSECONDS),
        pa.DictionaryArray.from_arrays(pa.array(rows["kind"], pa.int32()), pa.array(KINDS)),
        pa.array(rows["quantity"], mask=rows["no_quantity"]),
        pa.array(rows["score"], mask=rows["no_score"]),
        contact.take(pa.array(place, mask=nobody)),
        pa.array(rows["closed"], mask=rows["still_open"]).cast(MICROSECONDS),
        pa.array(rows["known"]).cast(MICROSECONDS),
        pa.array(rows["superseded"], mask=rows["superseded"] == 0).cast(MICROSECONDS),
    ]
    return pa.Table.from_arrays(filled, schema=SCHEMA)


def _instant(day: Any) -> int:
    return (day.toordinal() - 719_163) * DAY


def main(job: dict[str, Any]) -> dict[str, Any]:
    """Write the file that a job asks for; return its rows and bytes."""
    file = write_interactions(Path(job["data"]), Size(job["events"], job["accounts"]))
    return {"file": str(file), "rows": pq.read_metadata(file).num_rows, "bytes": file.stat().st_size}


if __name__ == "__main__":
    from engine.child import run

    run(main)

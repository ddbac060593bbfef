"""The tally of the staged tables: where the rows of each went, and a digest of what the used ones say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.settings import Settings
from pipeline.staged import Staged
from pipeline.staging import Stage
from pipeline.tables import BUCKETED


@dataclass(frozen=True)
class TableCounts:
    """Where the rows of a table went.

    `rows_in` = `rows_used` + all of `rejected` (by rule) + `left_out_by_where` + `repeats_dropped`.
    """

    rows_in: int
    rows_used: int
    rejected: Mapping[str, int]
    left_out_by_where: int
    repeats_dropped: int = 0


def count_rows(stage: Stage) -> dict[str, TableCounts]:
    """Return per table where its rows went."""
    counts = {}
    for name, staged in stage.tables.items():
        rules = stage.ask(f"SELECT _rule, count(*) FROM {staged.name} GROUP BY _rule ORDER BY _rule")
        rejected = {rule: number for rule, number in rules if rule is not None}
        kept = sum(number for rule, number in rules if rule is None)
        used = stage.ask(f"SELECT count(*) FROM ({staged.used})")[0][0]
        counts[name] = TableCounts(staged.rows_in, used, rejected, staged.left_out, kept - used)
    return counts


def digest_sums(stage: Stage) -> dict[str, tuple[int, int, int]]:
    """Return per table in buckets how many rows are used, and the sums of both halves of their 128-bit digests.

    Sums of parts of a table add up to those of the whole; repeats do not cancel out of them.
    """
    low, high = "_digest & 18446744073709551615::UHUGEINT", "_digest >> 64"
    sums = {}
    for name in (name for name in stage.tables if name in BUCKETED):
        used = stage.tables[name].used
        ((count, *halves),) = stage.ask(f"SELECT count(*), sum(({low})::UBIGINT), sum(({high})::UBIGINT) FROM ({used})")
        sums[name] = (count, int(halves[0] or 0), int(halves[1] or 0))
    return sums


def content_digest(settings: Settings, tables: Mapping[str, Staged], sums: Mapping[str, tuple[int, int, int]]) -> str:
    """Return a SHA-256 of what the used rows say, whatever their order, and of the settings that cut them."""
    parts: dict[str, object] = {
        "constant": sorted(settings.accounts.constant),
        "data_until": str(settings.time.data_until),
    }
    for name, (count, low, high) in sums.items():
        halves = (low, high) if count else (None, None)  # SQL has no sum over no rows
        parts[name] = [list(tables[name].stored), *(str(each) for each in (count, *halves))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

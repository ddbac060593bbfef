"""Snapshots: the firm's rows as they were read once, in buckets of accounts, from which histories are opened."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.asof import day_of, instant
from pipeline.bucket_files import on_disk, write_bucket
from pipeline.bucket_reading import BucketFiles
from pipeline.describing import NAME, describe, finish
from pipeline.errors import AsOfError, SourceError, StoreError
from pipeline.history import History, Steps
from pipeline.layout import layout_of
from pipeline.loading import Lazy
from pipeline.progress import track
from pipeline.settings import Settings
from pipeline.shown import display, excluded
from pipeline.spreading import spread
from pipeline.staging import stage
from pipeline.tables import HISTORY_TABLES
from pipeline.tally import TableCounts, content_digest, count_rows, digest_sums
from pipeline.validate import Finding, Findings, check, in_order

STALE_DAYS = 31
"""Days after the last known row from which an as_of is refused: a list would rest on data nobody renewed."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Snapshot:
    """The contract's tables in buckets; a bucket holds all rows of its accounts.

    `digest` depends on what the rows say, not on their order in the source or on the number of buckets. `columns`
    gives, per table present, the mapped contract columns and attributes; `counts`, per table, where its rows went.
    `known_days` gives, per table, pairs in days since 1970, ascending: a midnight by which rows became known, and
    the day in which the latest of them did. `until` is the config's own word on how far the tables are complete.
    `stored` gives, per table in buckets, the columns of its files. Of those files, `parts_written` were written when
    the snapshot was last taken, and `parts_kept` were there already or taken over from the snapshot before.
    """

    folder: Path
    digest: str
    buckets: int
    columns: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, TableCounts]
    first_days: Mapping[str, Steps]
    known_days: Mapping[str, list[tuple[int, int]]]
    constant: tuple[str, ...]
    until: date | None
    findings: Findings
    stored: Mapping[str, tuple[str, ...]]
    parts_kept: int = field(default=0, compare=False)
    parts_written: int = field(default=0, compare=False)
    _whole: list[History] = field(default_factory=list, compare=False, repr=False)

    def history(
        self,
        bucket: int,
        since: Mapping[str, date] | None = None,
        columns: Mapping[str, Collection[str]] | None = None,
    ) -> History:
        """Return the rows of one bucket's accounts; `bucket` counts from 0.

        Of the tables in `since` it need hold only rows that occurred on that day or later, with what they correct or
        are corrected by; of those in `columns` only these columns. A table is read when it is first asked for.
        """
        if self._whole:
            return self._whole[0]
        whole = self.buckets == 1
        since, columns = ({}, {}) if whole else (since or {}, columns or {})
        tables = Lazy(
            {
                name: partial(self._files.given, bucket, name, since.get(name), columns.get(name))
                for name in HISTORY_TABLES
                if name in self.columns
            }
        )
        history = History(tables, self.first_days, self.constant, self._files.accounts(bucket))
        if whole:
            # A backtest asks many times, and what fits into one bucket fits into memory.
            self._whole.append(history)
        return history

    def history_of(self, accounts: Collection[str]) -> History:
        """Return all rows of these accounts alone, of which features say what they say in the bucket's history.

        Ids that no row has are left out.
        """
        wanted = pa.array(sorted(accounts), pa.string())
        found = [n for n in range(self.buckets) if pc.any(pc.is_in(self.ids(n), value_set=wanted)).as_py()]
        tables = {
            name: pa.concat_tables([_only(self._files.read(bucket, name), wanted) for bucket in found or [0]])
            for name in HISTORY_TABLES
            if name in self.columns
        }
        return History(tables, self.first_days, self.constant)

    def ids(self, bucket: int) -> pa.Array:
        """Return the ids of one bucket's accounts, ascending."""
        return self._files.ids(bucket)

    @property
    def rows(self) -> int:
        """The number of rows that are used, over all tables."""
        return sum(each.rows_used for each in self.counts.values())

    def digest_upto(self, bucket: int | None, tables: Iterable[str], as_of: date) -> str:
        """Return a digest of all that features built from `tables` of the bucket, or for None of all, see at `as_of`.

        Of the rows and late values known by then, and of the tables' first days as known then; what becomes known at
        `as_of` or later does not change it.
        """
        said: list[object] = [sorted(self.constant)]
        for name in sorted({*tables} & {*self.columns} & {*HISTORY_TABLES}):
            steps = self.first_days.get(name, ())
            first = min((first for known, first in steps if known < instant(as_of)), default=None)
            known = [self._files.day_sums(each, name).upto((as_of - _EPOCH).days) for each in self._chosen(bucket)]
            sums = [sum(parts) % (1 << 64) for parts in zip(*known, strict=True)]
            said.append([name, self.columns[name], first, *map(str, sums)])
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def data_until(self, tables: Iterable[str], today: date) -> date:
        """Return the day up to whose start `tables` are complete, as one can tell at the start of `today`.

        The day of the latest row known by then, the least over those of the tables that are present; the config's
        `data_until` wins, but never reaches past `today`. Raises AsOfError when a table has no row known by `today`.
        """
        if self.until is not None:
            return min(self.until, today)
        days = []
        for table in tables:
            known = [day for midnight, day in self.known_days.get(table, ()) if midnight <= (today - _EPOCH).days]
            if self.known_days.get(table) and not known:
                raise AsOfError(f"no row of {table} was known by {today}: {self.covered()}. Choose a later as_of.")
            days += known[-1:]
        if not days:
            raise AsOfError(f"none of these tables has rows: {', '.join(tables)}. Map one of them.")
        return _EPOCH + timedelta(days=min(days))

    def first_day(self, tables: Iterable[str] | None = None) -> date:
        """Return the day of the earliest row in `tables` (without them: in all); AsOfError when there is none."""
        chosen = self.first_days if tables is None else tables
        occurred = [first for name in chosen for _, first in self.first_days.get(name, ())]
        if not occurred:
            raise AsOfError("no row has a time: there is nothing to look back on. Map a table with dates.")
        return day_of(min(occurred))

    def last_day(self) -> date:
        """Return the day in which the last row became known."""
        days = [pairs[-1][1] for pairs in self.known_days.values() if pairs]
        if not days:
            raise AsOfError("no row has a time: there is nothing to look back on. Map a table with dates.")
        return _EPOCH + timedelta(days=max(days))

    def covered(self) -> str:
        """Return, for messages, the days the data cover."""
        return f"the data cover {self.first_day()} to {self.last_day()}"

    def display(self, as_of: date, bucket: int | None = None) -> pd.DataFrame:
        """Return one row per account with what lists show: account_id and `DISPLAY`, None where not known.

        With `known_at`, accounts are shown as they were known at `as_of`; else as they are today. Without `bucket`,
        the accounts of all buckets.
        """
        has = "accounts" in self.columns
        frames = [
            display(self.ids(each).to_pylist(), self._files.read(each, "accounts") if has else None, as_of)
            for each in self._chosen(bucket)
        ]
        frame = pd.concat(frames, ignore_index=True).astype(object)
        return frame.where(frame.notna(), None).sort_values("account_id", ignore_index=True)

    def excluded(self, as_of: date, bucket: int | None = None) -> pd.DataFrame:
        """Return account_id and reason of the exclusions in force in the day of `as_of`; one row per account, by id.

        One that begins later in that day counts already: the day's list would still be worked then. Without `bucket`,
        the accounts of all buckets.
        """
        chosen = self._chosen(bucket) if "exclusions" in self.columns else ()
        return excluded((row for each in chosen for row in self._files.read(each, "exclusions").to_pylist()), as_of)

    def _chosen(self, bucket: int | None) -> Iterable[int]:
        return range(self.buckets) if bucket is None else (bucket,)

    @cached_property
    def _files(self) -> BucketFiles:
        return BucketFiles(self.folder, self.stored)


def _only(table: pa.Table, accounts: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("account_id"), value_set=accounts))


def take_snapshot(settings: Settings, as_of: date) -> Snapshot:
    """Read the sources, check them, and write a snapshot under the state folder; an equal one is reused.

    `as_of` decides which account links are known. Raises SourceError for sources that cannot be read, ContractError
    when the rows break the contract, StoreError when the state folder cannot be written.
    """
    with stage(settings, as_of) as staged:
        found = check(staged)
        found.refuse_errors(settings.file)
        counts = count_rows(staged)
        digest = content_digest(settings, staged.tables, digest_sums(staged))
        accounts = counts["accounts"].rows_used if "accounts" in counts else None
        layout = layout_of(staged.tables, settings, sum(each.rows_used for each in counts.values()), accounts)
        home = settings.state_folder / "snapshots"
        folder = layout.folder(home, digest)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            there = {bucket: each for bucket in range(layout.buckets) if (each := on_disk(folder, bucket)) is not None}
            missing = [bucket for bucket in range(layout.buckets) if bucket not in there]
            before = layout.before(home, folder)
            with tempfile.TemporaryDirectory(prefix="stage-", dir=settings.state_folder) as room:
                for bucket, rows in track(spread(staged, layout, missing, Path(room)), "writing", len(missing)):
                    there[bucket] = write_bucket(rows, layout, folder, bucket, before)
            finish(folder, layout, there.values(), describe(settings, staged.tables, digest, counts, found))
        except OSError as error:
            raise StoreError(f"snapshot {folder} cannot be written: {error}. Mend the folder's permissions.") from None
    return open_snapshot(folder)


def open_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in `folder`; raises SourceError when it is missing or damaged."""
    try:
        data = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Snapshot(
            folder,
            data["digest"],
            data["buckets"],
            {name: tuple(columns) for name, columns in data["columns"].items()},
            {name: TableCounts(**counts) for name, counts in data["counts"].items()},
            {name: [(known, first) for known, first in steps] for name, steps in data["first_days"].items()},
            {name: [(midnight, day) for midnight, day in days] for name, days in data["known_days"].items()},
            tuple(data["constant"]),
            date.fromisoformat(data["until"]) if data["until"] else None,
            in_order(Finding(**row) for row in data["findings"]),
            {name: tuple(columns) for name, columns in data["stored"].items()},
            data["parts_kept"],
            data["parts_written"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{folder} holds no readable snapshot: {type(error).__name__}: {error}. Build it with keepgrow build."
        ) from None


def check_as_of(snapshot: Snapshot, as_of: date) -> None:
    """Raise AsOfError when nothing is known at `as_of`, or when the data end more than 31 days before it."""
    if instant(as_of) <= instant(snapshot.first_day()):
        raise AsOfError(f"nothing is known at as_of {as_of}: {snapshot.covered()}. Choose a later as_of.")
    latest = snapshot.last_day() + timedelta(days=STALE_DAYS)
    if as_of > latest:
        raise AsOfError(
            f"as_of {as_of} lies more than {STALE_DAYS} days after the last row: {snapshot.covered()}. "
            f"Bring the sources up to date, or choose an as_of up to {latest}."
        )

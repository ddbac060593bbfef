"""Snapshots: the firm's rows as they were read once, in buckets of accounts, from which histories are opened."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.asof import day_of, instant
from pipeline.buckets import IDS, TableCounts, Written, bucket_count, content_digest, count_rows, write_buckets
from pipeline.errors import AsOfError, SourceError, StoreError
from pipeline.history import History, Steps
from pipeline.settings import Settings
from pipeline.staging import Stage, stage
from pipeline.tables import HISTORY_TABLES
from pipeline.validate import Finding, Findings, check, in_order

DISPLAY = ("name", "account_manager", "team", "segment", "country")
"""The attributes of an account that lists show."""

STALE_DAYS = 31
"""Days after the last known row from which an as_of is refused: a list would rest on data nobody renewed."""

NO_REASON = "no reason given"
"""What stands for an exclusion's reason that nobody filled in."""

_NAME = "snapshot.json"
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Snapshot:
    """The contract's tables in buckets; a bucket holds all rows of its accounts.

    `digest` depends on what the rows say, not on their order in the source or on the number of buckets. `columns`
    gives, per table present, the mapped contract columns and attributes; `counts`, per table, where its rows went.
    `known_days` gives, per table, pairs in days since 1970, ascending: a midnight by which rows became known, and
    the day in which the latest of them did. `until` is the config's own word on how far the tables are complete.
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
    _whole: list[History] = field(default_factory=list, compare=False, repr=False)

    def history(
        self,
        bucket: int,
        since: Mapping[str, date] | None = None,  # noqa: ARG002
        columns: Mapping[str, Collection[str]] | None = None,  # noqa: ARG002
    ) -> History:
        """Return the rows of one bucket's accounts; `bucket` counts from 0.

        Of the tables in `since` at least the rows that occurred on that day or later, with what corrects them; the
        tables in `columns` need no more than these columns. Without them: everything.
        """
        if self._whole:
            return self._whole[0]
        tables = {name: self._read(bucket, name) for name in HISTORY_TABLES if name in self.columns}
        history = History(tables, self.first_days, self.constant)
        if self.buckets == 1:
            # A backtest asks many times, and what fits into one bucket fits into memory.
            self._whole.append(history)
        return history

    def history_of(self, accounts: Collection[str]) -> History:
        """Return all rows of these accounts alone, of which features say what they say in the bucket's history.

        Ids that no row has are left out.
        """
        wanted = pa.array(sorted(accounts), pa.string())
        found = [n for n in range(self.buckets) if len(_only(self._read(n, IDS), wanted))]
        tables = {
            name: pa.concat_tables([_only(self._read(bucket, name), wanted) for bucket in found or [0]])
            for name in HISTORY_TABLES
            if name in self.columns
        }
        return History(tables, self.first_days, self.constant)

    def ids(self, bucket: int) -> pa.Array:
        """Return the ids of one bucket's accounts, ascending."""
        return self._read(bucket, IDS)["account_id"].combine_chunks()

    @property
    def rows(self) -> int:
        """The number of rows that are used, over all tables."""
        return sum(each.rows_used for each in self.counts.values())

    def digest_upto(self, bucket: int, tables: Iterable[str], as_of: date) -> str:
        """Return a digest of all that features built from `tables` of the bucket can see at `as_of`.

        What becomes known at `as_of` or later does not change it.
        """
        parts = [self.digest, bucket, self.buckets, sorted(tables), str(as_of)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

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
        frames = [self._display(each, as_of) for each in self._chosen(bucket)]
        frame = pd.concat(frames, ignore_index=True).astype(object)
        return frame.where(frame.notna(), None).sort_values("account_id", ignore_index=True)

    def excluded(self, as_of: date, bucket: int | None = None) -> pd.DataFrame:
        """Return account_id and reason of the exclusions in force in the day of `as_of`; one row per account, by id.

        One that begins later in that day counts already: the day's list would still be worked then. Without `bucket`,
        the accounts of all buckets.
        """
        reasons: dict[str, set[str]] = {}
        day, next_day = pd.Timestamp(as_of), pd.Timestamp(as_of + timedelta(days=1))
        for each in self._chosen(bucket) if "exclusions" in self.columns else ():
            for row in self._read(each, "exclusions").to_pylist():
                begins, ends = row.get("from"), row.get("until")
                if (begins is None or begins < next_day) and (ends is None or ends > day):
                    reasons.setdefault(row["account_id"], set()).add(row.get("reason") or NO_REASON)
        rows = [(account, "; ".join(sorted(reasons[account]))) for account in sorted(reasons)]
        return pd.DataFrame(rows, columns=["account_id", "reason"], dtype=object)

    def _chosen(self, bucket: int | None) -> Iterable[int]:
        return range(self.buckets) if bucket is None else (bucket,)

    def _display(self, bucket: int, as_of: date) -> pd.DataFrame:
        frame = pd.DataFrame({"account_id": self._read(bucket, IDS)["account_id"].to_pylist()}, dtype=object)
        present = [name for name in DISPLAY if name in self.columns.get("accounts", ())]
        if present:
            accounts = self._read(bucket, "accounts")
            if "known_at" in accounts.column_names:
                shown = _as_known(accounts, present, as_of)
            else:
                shown = accounts.select(["account_id", *present]).to_pandas().drop_duplicates("account_id", keep="last")
            frame = frame.merge(shown, on="account_id", how="left")
        return frame.reindex(columns=["account_id", *DISPLAY])

    def _read(self, bucket: int, table: str) -> pa.Table:
        file = self.folder / f"bucket={bucket:05d}" / f"{table}.parquet"
        try:
            return pq.read_table(file, partitioning=None)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(
                f"snapshot file {file} cannot be read: {error}. Remove {self.folder} and build again."
            ) from None


def _only(table: pa.Table, accounts: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("account_id"), value_set=accounts))


def _as_known(accounts: pa.Table, columns: list[str], as_of: date) -> pd.DataFrame:
    """Return the attributes of the accounts known at `as_of`, one row per account."""
    view = History({"accounts": accounts}).upto(as_of)
    rows = view.tables["accounts"]
    shown: dict[str, Any] = {"account_id": view.accounts[rows.account]}
    for name in columns:
        texts = [*rows.categories.get(name, ()), None]
        # A null is MISSING, a negative position: clip it to the last entry, which is None.
        shown[name] = [texts[position] if position >= 0 else None for position in rows.columns[name]]
    return pd.DataFrame(shown, dtype=object)


def take_snapshot(settings: Settings, as_of: date) -> Snapshot:
    """Read the sources, check them, and write a snapshot under the state folder; an equal one is reused.

    `as_of` decides which account links are known. Raises SourceError for sources that cannot be read, ContractError
    when the rows break the contract, StoreError when the state folder cannot be written.
    """
    with stage(settings, as_of) as staged:
        found = check(staged)
        found.refuse_errors(settings.file)
        counts = count_rows(staged)
        digest = content_digest(staged)
        buckets = bucket_count(sum(each.rows_used for each in counts.values()), settings)
        home = settings.state_folder / "snapshots"
        folder = home / digest[:16]
        try:
            home.mkdir(parents=True, exist_ok=True)
            kept = _equal(folder, digest, buckets)
            if kept is not None:
                _write_description(folder, _describe(staged, digest, counts, kept, found))
            else:
                _write(staged, home, folder, buckets, digest, counts, found)
        except OSError as error:
            raise StoreError(f"snapshot {folder} cannot be written: {error}. Mend the folder's permissions.") from None
    return open_snapshot(folder)


def open_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in `folder`; raises SourceError when it is missing or damaged."""
    try:
        data = json.loads((folder / _NAME).read_text(encoding="utf-8"))
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


def _equal(folder: Path, digest: str, buckets: int) -> Written | None:
    """Return what an earlier run wrote in `folder`, when it is whole and what this run would write."""
    try:
        snapshot = open_snapshot(folder)
    except SourceError:
        return None
    names = [name for name in (*HISTORY_TABLES, "exclusions") if name in snapshot.columns]
    files = [folder / f"bucket={n:05d}" / f"{name}.parquet" for n in range(buckets) for name in (*names, IDS)]
    if (snapshot.digest, snapshot.buckets) != (digest, buckets) or not all(file.is_file() for file in files):
        return None
    return Written(buckets, dict(snapshot.first_days), dict(snapshot.known_days))


def _write(
    staged: Stage, home: Path, folder: Path, buckets: int, digest: str, counts: dict[str, TableCounts], found: Findings
) -> None:
    """Write everything under another name, then rename, so that a folder is whole or absent."""
    room = Path(tempfile.mkdtemp(prefix="writing-", dir=home))
    try:
        written = write_buckets(staged, room, buckets)
        _write_description(room, _describe(staged, digest, counts, written, found))
        room.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix="old-", dir=home))
            folder.rename(old / folder.name)
            room.rename(folder)
            shutil.rmtree(old)
        else:
            room.rename(folder)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _describe(
    staged: Stage, digest: str, counts: dict[str, TableCounts], written: Written, found: Findings
) -> dict[str, Any]:
    until = staged.settings.time.data_until
    return {
        "digest": digest,
        "buckets": written.buckets,
        "columns": {
            name: [column for column in table.columns if column in table.stored]
            for name, table in staged.tables.items()
        },
        "counts": {name: asdict(each) for name, each in counts.items()},
        "first_days": written.first_days,
        "known_days": written.known_days,
        "constant": list(staged.settings.accounts.constant),
        "until": until.isoformat() if until else None,
        "findings": found.as_data(),
    }


def _write_description(folder: Path, data: dict[str, Any]) -> None:
    temporary = folder / f"{_NAME}.writing"
    temporary.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(folder / _NAME)

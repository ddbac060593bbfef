"""Reading a bucket's files: the parts and columns that are wanted, its accounts, and the digests of what was known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.bucket_files import IDS, SEEN, bucket_room, part_file, parts_in, read_description
from pipeline.day_sums import DaySums
from pipeline.errors import SourceError
from pipeline.loading import Accounts, Given, numbers
from pipeline.parts import parts_since, read_part
from pipeline.tables import TABLES, known_column


@dataclass(frozen=True)
class BucketFiles:
    """The buckets in a snapshot's folder; `stored` gives, per table, the columns of its files.

    Every method raises SourceError when a file cannot be read.
    """

    folder: Path
    stored: Mapping[str, tuple[str, ...]]
    _descriptions: dict[int, Mapping[str, Any]] = field(default_factory=dict, compare=False, repr=False)
    _sums: dict[tuple[int, str], DaySums] = field(default_factory=dict, compare=False, repr=False)

    def _described(self, bucket: int) -> Mapping[str, Any]:
        if bucket not in self._descriptions:
            said = read_description(self.folder, bucket)
            # Kept for all buckets: days as numbers take a tenth of what they take as JSON has them.
            for name, table in said["tables"].items():
                table.pop("known_days", None)  # the whole snapshot says it
                self._sums[bucket, name] = DaySums.of_data(table.pop("digests", ()))
            self._descriptions[bucket] = said
        return self._descriptions[bucket]

    def day_sums(self, bucket: int, table: str) -> DaySums:
        """Return the digests of what became known in a table of a bucket, by day."""
        self._described(bucket)
        return self._sums[bucket, table]

    def ids(self, bucket: int) -> pa.Array:
        """Return the ids of a bucket's accounts, ascending."""
        return self._file(bucket, IDS)["account_id"].combine_chunks()

    def accounts(self, bucket: int) -> Accounts:
        """Return the accounts that histories of the bucket have, and when they are seen."""
        ids, seen = self._file(bucket, IDS), self._file(bucket, SEEN)
        account, first, last = (numbers(seen[name]) for name in ("account", "first", "last"))
        inside = ids["in_history"].to_numpy()
        position = np.cumsum(inside) - 1
        names = ids["account_id"].filter(ids["in_history"]).to_numpy().astype(object)
        return Accounts(names, position[account], first, last)

    def given(self, bucket: int, table: str, since: date | None, columns: Collection[str] | None) -> Given:
        """Return the rows of a table, texts as positions; where only some are wanted, at least those."""
        said = self._described(bucket)["tables"][table]
        contract = TABLES[table]
        parts = parts_in(self._described(bucket), table)
        if since is not None:
            parts = parts_since(parts, said["together"], since)
        files = [part_file(self.folder, bucket, table, part) for part in parts]
        present = self.stored[table]
        if said["corrects"] and "known_at" not in present:
            columns = None  # of today's rows of an account the last by content is used, by all that histories see
        key = contract.key_among({*present}) if said["corrects"] else None
        # Ids of rows are as many as rows, and next to nothing asks for them.
        ids = () if said["corrects"] else contract.key_among({*present}) or ()
        own = {name for name in ids if name.endswith("_id") and name != "account_id"}
        needed = {"account_id", "known_at", contract.occurred, contract.gone, *(key or ())}
        needed |= {*present} - own if columns is None else {*columns} - own
        needed |= {known_column(name) for name in needed if name}
        read = [self._part(file, [name for name in present if name in needed]) for file in files]
        further = {name: partial(self._column, files, name) for name in own if columns is None or name in columns}
        # Of a snapshot of today, histories keep a few columns only, in whose order the rows need not lie.
        return Given(read, key, ordered="known_at" in present, further=further)

    def _column(self, files: Sequence[Path], name: str) -> pa.ChunkedArray:
        return pa.concat_tables([self._part(file, [name]) for file in files]).column(name)

    def read(self, bucket: int, table: str) -> pa.Table:
        """Return all rows and columns of a table in a bucket, texts as they are."""
        parts = parts_in(self._described(bucket), table)
        return pa.concat_tables(
            [self._part(part_file(self.folder, bucket, table, part), encoded=False) for part in parts]
        )

    def _file(self, bucket: int, name: str) -> pa.Table:
        return self._part(bucket_room(self.folder, bucket) / name, encoded=False)

    def _part(self, file: Path, columns: list[str] | None = None, encoded: bool = True) -> pa.Table:
        try:
            return read_part(file, columns, encoded)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(
                f"snapshot file {file} cannot be read: {error}. Remove {self.folder.parent}, since later snapshots "
                "take over files of earlier ones, and build again."
            ) from None

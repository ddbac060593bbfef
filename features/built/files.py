"""Where features lie: `buckets=N/as_of=YYYY-MM-DD/bucket=00000.parquet`, the columns' keys in the file's schema."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from features.built.keys import Keys
from pipeline.errors import StoreError

_KEYS = b"keepgrow"
_NONE = (OSError, ValueError, KeyError, pa.ArrowException)
"""What opening raises where there is no file, or one that nobody could have written whole."""


@dataclass(frozen=True)
class Kept:
    """What a file holds: its rows' and columns' keys and the accounts seen."""

    rows: str
    columns: Mapping[str, str]
    accounts: int

    def fresh(self, keys: Keys) -> set[str]:
        """Return the columns that were computed from what there is now."""
        return {name for name, key in keys.columns.items() if self.columns.get(name) == key}

    def serves(self, keys: Keys) -> bool:
        """Whether the file holds all that these keys stand for."""
        return self.rows == keys.rows and len(self.fresh(keys)) == len(keys.columns)


@dataclass(frozen=True)
class FeatureFiles:
    """The files of features for one number of buckets under `folder`."""

    folder: Path
    buckets: int

    def file(self, as_of: date, bucket: int) -> Path:
        return self.folder / f"buckets={self.buckets}" / f"as_of={as_of}" / f"bucket={bucket:05d}.parquet"

    def kept(self, as_of: date, bucket: int) -> Kept | None:
        """Return what the file holds; None where there is none, or one that is no such file."""
        try:
            with closing(pq.ParquetFile(self.file(as_of, bucket))) as opened:
                return _kept(opened)
        except _NONE:
            return None

    def read(self, as_of: date, bucket: int, columns: Mapping[str, str], rows: str | None = None) -> pa.Table | None:
        """Return account_id and the named columns, in that order; None when one is not there under its key.

        With `rows`, also when other accounts are seen than that key stands for. What is checked is what is read, even
        if another command replaces the file meanwhile.
        """
        file = self.file(as_of, bucket)
        try:
            opened = pq.ParquetFile(file, page_checksum_verification=True)
            kept = _kept(opened)
        except _NONE:
            return None
        with closing(opened):
            if (rows or kept.rows) != kept.rows or not columns.items() <= kept.columns.items():
                return None
            try:
                table = opened.read(["account_id", *columns], use_threads=False)
            except (OSError, pa.ArrowException):
                file.unlink(missing_ok=True)  # its bytes were damaged: it is built again
                return None
            return table.select(["account_id", *columns]).replace_schema_metadata(None)

    def write(self, as_of: date, bucket: int, keys: Keys, table: pa.Table) -> None:
        """Write a file to a temporary name and rename it, so that a file that is there is whole.

        Raises StoreError when it cannot be written.
        """
        file = self.file(as_of, bucket)
        said = json.dumps({"rows": keys.rows, "columns": dict(keys.columns)})
        temporary = file.with_suffix(f".{uuid4().hex}.tmp")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
            with pq.ParquetWriter(
                temporary,
                table.schema,
                compression=COMPRESSION,
                use_dictionary=texts,
                write_statistics=False,
                write_page_checksum=True,
            ) as writer:
                writer.write_table(table, max(1, len(table)))
                writer.add_key_value_metadata({_KEYS: said.encode()})
            os.replace(temporary, file)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise StoreError(
                f"features cannot be written under {self.folder}: {error.strerror or error}. "
                "Make room or mend the rights."
            ) from None

    def touch(self, as_ofs: Sequence[date]) -> None:
        """Note that these dates were used, for `pipeline.housekeeping`."""
        for as_of in as_ofs:
            with suppress(FileNotFoundError):  # another command tidies up: what is missing is built when it is read
                os.utime(self.file(as_of, 0).parent)


COMPRESSION = "lz4"


def _kept(opened: pq.ParquetFile) -> Kept:
    said = json.loads((opened.metadata.metadata or {})[_KEYS])
    return Kept(said["rows"], said["columns"], opened.metadata.num_rows)

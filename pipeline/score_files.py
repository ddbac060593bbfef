"""Scores of all accounts in files: a part per bucket while they are made, then one file in order of account id."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import StoreError
from pipeline.settings import Settings
from pipeline.sql import first_line, literal

HORIZONS = (30, 60, 90, 180, 365)
"""Days within which scores tell a probability beside the list's own, where the model tells when."""

AHEAD = (*(f"probability_{days}" for days in HORIZONS), "likely_month")
"""Columns that only scores of risks have: probabilities within each horizon, and a month as YYYY-MM."""

SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("section", pa.string()),
        ("probability", pa.float64()),
        ("value_at_stake", pa.float64()),
        ("expected_value", pa.float64()),
        *((name, pa.string() if name == "likely_month" else pa.float64()) for name in AHEAD),
    ]
)

SHARED = "All workers must see the same state folder, and nobody may tidy it meanwhile; score again."

AT_ONCE = 50_000
"""Scores that are held at once when all are read."""


@dataclass(frozen=True)
class Scores:
    """Scores in a file, one row per account, by account id; columns as SCHEMA, blanks as NaN."""

    file: Path

    def __len__(self) -> int:
        return pq.read_metadata(self.file).num_rows

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield all scores in their order, `AT_ONCE` at a time; one frame without rows where there are none."""
        with pq.ParquetFile(self.file) as opened:
            if not opened.metadata.num_rows:
                yield opened.read().to_pandas()
            for batch in opened.iter_batches(AT_ONCE):
                yield batch.to_pandas()

    def frame(self) -> pd.DataFrame:
        """Return all scores, however many there are."""
        return pq.read_table(self.file, partitioning=None).to_pandas()

    def of(self, accounts: Collection[str]) -> pd.DataFrame:
        """Return the scores of these accounts; those that have none are left out."""
        wanted = pc.field("account_id").isin(pa.array(sorted(accounts), pa.string()))
        return pq.read_table(self.file, partitioning=None, filters=wanted).to_pandas()


def write_part(scores: pd.DataFrame, room: Path, bucket: int) -> None:
    """Write the scores of one bucket's accounts into the folder `room`, whole or not at all."""
    part = _part(room, bucket)
    fresh = part.with_suffix(f".{uuid4().hex}.writing")  # on a cluster, others have the same process id
    pq.write_table(pa.Table.from_pandas(scores.reindex(columns=SCHEMA.names), SCHEMA, preserve_index=False), fresh)
    fresh.replace(part)


def prepare(room: Path) -> None:
    """Make the folder `room` ready for parts; raise StoreError when it cannot be written."""
    try:
        _parts(room).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"scores cannot be written to {room}: {error.strerror}. Mend its rights.") from None


def join_parts(room: Path, settings: Settings, buckets: int) -> Scores:
    """Put the parts of all `buckets` in `room` in order in one file; DuckDB sorts on disk what is too much for memory.

    Raises StoreError when a part is not there, or the file cannot be written.
    """
    file = room / "scores.parquet"
    parts = [_part(room, bucket) for bucket in range(buckets)]
    for part in parts:
        if not part.is_file():
            raise StoreError(f"the scores in {part} were written by a worker and are not seen here. {SHARED}")
    try:
        with duckdb.connect() as con:
            con.execute(f"SET memory_limit = '{settings.run.memory_gb / 2}GB'; SET threads = 1")
            con.execute(f"SET temp_directory = {literal(str(room))}")
            named = ", ".join(literal(str(part)) for part in parts)
            con.execute(
                f"COPY (SELECT {', '.join(SCHEMA.names)} FROM read_parquet([{named}], hive_partitioning = false) "
                f"ORDER BY account_id) TO {literal(str(file))} (FORMAT parquet, ROW_GROUP_SIZE {AT_ONCE})"
            )
        shutil.rmtree(_parts(room))
    except (OSError, duckdb.Error) as error:
        raise StoreError(f"scores cannot be written to {file}: {first_line(error)}. Make room.") from None
    return Scores(file)


def _parts(room: Path) -> Path:
    return room / "scores"


def _part(room: Path, bucket: int) -> Path:
    return _parts(room) / f"bucket={bucket:05d}.parquet"

"""Scores of all accounts as one table and one file, for other systems; nothing here is ranked or published."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.drafts import Draft
from pipeline.errors import SinkError
from pipeline.score_files import AHEAD

SCORE_TABLE = (
    "account_id", "target", "as_of", "section", "probability", "value_at_stake", "expected_value", "model", "recipe",
    "retrospective", *AHEAD,
)  # fmt: skip
ENDINGS = (".csv", ".parquet")


def scores_table(drafts: Sequence[Draft]) -> pd.DataFrame:
    """Return the scores of all accounts, one row per target and account, in the order of the drafts.

    Columns: account_id; target; as_of (datetime64); section ("cohort", "leaving" or "too_new");
    probability in [0, 1], NaN outside the cohort; value_at_stake and expected_value in the reporting currency, NaN
    where there is none; model (name and version); recipe; retrospective, true where the model has learnt from what
    came after as_of; probability_30, _60, _90, _180 and _365: of a risk's event within so many days, counted from as_of
    + the target's gap, never falling, and likely_month (YYYY-MM), blank where the model does not tell them. Excluded
    accounts have no row.
    """
    parts = [*scores_in_parts(drafts)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCORE_TABLE))


def scores_in_parts(drafts: Sequence[Draft]) -> Iterator[pd.DataFrame]:
    """Yield `scores_table` in parts of at most `pipeline.score_files.AT_ONCE` rows."""
    for draft in drafts:
        made_from = draft.made_from
        for scores in draft.scores.frames():
            table = scores.assign(
                target=draft.target,
                as_of=pd.Timestamp(draft.as_of).as_unit("us"),
                model=f"{made_from['model_name']} version {made_from['model_version']}",
                recipe=made_from["recipe"],
                retrospective=bool(made_from["retrospective"]),
            )
            yield table[list(SCORE_TABLE)]


def check_scores_file(file: Path) -> None:
    """Raise SinkError when scores cannot be written to `file`; called before the work, not after it."""
    if not file.name.lower().endswith(ENDINGS):
        raise SinkError(f"scores cannot be written to {file}: name a file that ends in {' or '.join(ENDINGS)}.")
    if file.is_dir():
        raise SinkError(f"scores cannot be written to {file}: it is a folder. Name a file.")
    if not file.resolve().parent.is_dir():
        raise SinkError(f"scores cannot be written to {file}: there is no folder {file.resolve().parent}. Make it.")


def write_scores(parts: Iterable[pd.DataFrame], file: Path) -> None:
    """Write a table that comes in parts as the ending says, replacing an earlier file whole.

    Raises SinkError when it cannot be.
    """
    check_scores_file(file)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        if file.name.lower().endswith(".csv"):
            _write_csv(parts, fresh)
        else:
            _write_parquet(parts, fresh)
        fresh.replace(file)
    except OSError as error:
        raise SinkError(f"scores cannot be written to {file}: {error.strerror or error}. Mend its rights.") from None
    finally:
        fresh.unlink(missing_ok=True)


def _write_csv(parts: Iterable[pd.DataFrame], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        for number, part in enumerate(parts):
            part.to_csv(out, index=False, header=number == 0, date_format="%Y-%m-%d", lineterminator="\n")


def _write_parquet(parts: Iterable[pd.DataFrame], file: Path) -> None:
    with ExitStack() as stack:
        writer = None
        for part in parts:
            table = pa.Table.from_pandas(part, writer and writer.schema, preserve_index=False)
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(file, table.schema))
            writer.write_table(table)

"""Scores of all accounts as one table and one file, for other systems; nothing here is ranked or published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.drafts import Draft
from pipeline.errors import SinkError

SCORE_TABLE = (
    "account_id", "target", "as_of", "section", "probability", "value_at_stake", "expected_value", "model", "recipe",
    "retrospective",
)  # fmt: skip
ENDINGS = (".csv", ".parquet")


def scores_table(drafts: Sequence[Draft]) -> pd.DataFrame:
    """Return the scores of all accounts, one row per target and account, in the order of the drafts.

    Columns: account_id; target; as_of (datetime64); section ("cohort", "leaving" or "too_new");
    probability in [0, 1], NaN outside the cohort; value_at_stake and expected_value in the reporting currency, NaN
    where there is none; model (name and version); recipe; retrospective, true where the model has learnt from what
    came after as_of. Excluded accounts have no row.
    """
    parts = []
    for draft in drafts:
        made_from = draft.made_from
        parts.append(
            draft.scores.assign(
                target=draft.target,
                as_of=pd.Timestamp(draft.as_of).as_unit("us"),
                model=f"{made_from['model_name']} version {made_from['model_version']}",
                recipe=made_from["recipe"],
                retrospective=bool(made_from["retrospective"]),
            )
        )
    if not parts:
        return pd.DataFrame(columns=list(SCORE_TABLE))
    return pd.concat(parts, ignore_index=True)[list(SCORE_TABLE)]


def check_scores_file(file: Path) -> None:
    """Raise SinkError when scores cannot be written to `file`; called before the work, not after it."""
    if not file.name.lower().endswith(ENDINGS):
        raise SinkError(f"scores cannot be written to {file}: name a file that ends in {' or '.join(ENDINGS)}.")
    if file.is_dir():
        raise SinkError(f"scores cannot be written to {file}: it is a folder. Name a file.")
    if not file.resolve().parent.is_dir():
        raise SinkError(f"scores cannot be written to {file}: there is no folder {file.resolve().parent}. Make it.")


def write_scores(table: pd.DataFrame, file: Path) -> None:
    """Write the table as its ending says, replacing an earlier file whole; raise SinkError when it cannot be."""
    check_scores_file(file)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        if file.name.lower().endswith(".csv"):
            table.to_csv(fresh, index=False, date_format="%Y-%m-%d", encoding="utf-8", lineterminator="\n")
        else:
            table.to_parquet(fresh, index=False)
        fresh.replace(file)
    except OSError as error:
        raise SinkError(f"scores cannot be written to {file}: {error.strerror or error}. Mend its rights.") from None
    finally:
        fresh.unlink(missing_ok=True)

"""What a model learns from: the cohort's rows over many as_of dates, with their labels and features side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.engine import build_features
from features.spec import Feature
from models.sampling import Sampled
from models.targets import Target, label_cohort, notices_of
from pipeline.errors import TrainingRefused
from pipeline.history import History

Floats = NDArray[np.float64]

ROW_COLUMNS = (
    "account_id", "as_of", "label", "base", "value_at_stake", "realised", "event_after", "seen_days", "waited",
)  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """Rows and features of the cohort, sorted by as_of and account_id; both frames share one RangeIndex.

    `rows`: account_id, as_of (datetime64[us]), label (int8), base, value_at_stake and realised (currency units),
    event_after and seen_days (days from as_of) and waited (share of the window); see `models.targets.label`.
    `features`: one column per feature, NaN where unknown. `matrix`, where it is given, holds the same numbers in one
    (rows, features) piece, of which the columns of `features` are views; its columns for texts are free to be written.
    `sampled` says what these rows were drawn from; None: they are all there are.
    """

    rows: pd.DataFrame
    features: pd.DataFrame
    matrix: Floats | None = None
    sampled: Sampled | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def weight(self) -> Floats | None:
        """How many rows each row counts for; None: itself."""
        return None if self.sampled is None else self.sampled.weight(self.rows["label"].to_numpy())

    @property
    def counts(self) -> dict[str, int]:
        """How many `rows`, `accounts` and `positives` (label 1) there are, those that were not drawn included."""
        if self.sampled is not None:
            rows, positives = sum(self.sampled.rows), self.sampled.rows[1]
            return {"rows": rows, "accounts": self.sampled.accounts, "positives": positives}
        accounts, positives = self.rows["account_id"].nunique(), self.rows["label"].sum()
        return {"rows": len(self), "accounts": int(accounts), "positives": int(positives)}

    @property
    def cohorts(self) -> dict[date, tuple[int, int]]:
        """as_of -> how many rows there are and how many with label 1, ascending, those not drawn included."""
        if self.sampled is not None:
            return dict(sorted(self.sampled.dates.items()))
        label = self.rows.groupby("as_of")["label"]
        days = [stamp.date() for stamp in pd.DatetimeIndex(label.size().index)]
        return dict(zip(days, zip(label.size().tolist(), label.sum().tolist(), strict=True), strict=True))

    @property
    def dates(self) -> list[date]:
        """The as_of dates that have rows, ascending."""
        return [stamp.date() for stamp in self.rows["as_of"].drop_duplicates()]

    def at(self, dates: Iterable[date]) -> Dataset:
        """Return the rows of these as_of dates; for a dataset that is not a sample."""
        wanted = self.rows["as_of"].isin([pd.Timestamp(day) for day in dates])
        return Dataset(self.rows[wanted].reset_index(drop=True), self.features[wanted].reset_index(drop=True))


def build_dataset(
    histories: Iterable[History],
    as_ofs: Sequence[date],
    target: Target,
    features: Sequence[Feature],
    known_by: date,
) -> Dataset:
    """Return the cohort at each as_of with features visible then and labels known by `known_by`.

    Raises AsOfError for an as_of whose window is not closed by `known_by`, and TrainingRefused when the cohort is
    empty at all of them, or when the target's own check refuses (see `Target.check`).
    """
    histories = list(histories)
    rows = label_rows(histories, as_ofs, target, known_by)
    return join(rows, pd.concat([build_features(history, as_ofs, features) for history in histories]))


def label_rows(histories: Iterable[History], as_ofs: Sequence[date], target: Target, known_by: date) -> pd.DataFrame:
    """Return the cohort's rows alone, as `Dataset.rows`; raises as `build_dataset` does.

    For a backtest, which builds features once and takes labels as known at each fold: see `join`.
    """
    rows, notices = [], [np.empty(0)]
    for history in histories:
        rows.append(cohort_rows(target, history, as_ofs, known_by))
        notices.append(notices_of(target, history, known_by))
    check_cohort(target, as_ofs, sum(map(len, rows)), np.concatenate(notices))
    return pa.concat_tables(rows).to_pandas()


def cohort_rows(target: Target, history: History, as_ofs: Sequence[date], known_by: date) -> pa.Table:
    """Return the cohort of one bucket at each as_of, with labels known by `known_by`: the columns of `Dataset.rows`.

    One row per as_of and account, in that order. Raises AsOfError as `models.targets.label` does.
    """
    return label_cohort(target, history, as_ofs, known_by).select(ROW_COLUMNS)


def check_cohort(target: Target, as_ofs: Sequence[date], rows: int, notices: Floats) -> None:
    """Check that the cohorts of all buckets together can be learnt from.

    Raises TrainingRefused when there are no `rows`, or when the target's own check refuses (see `Target.check`).
    """
    if not rows:
        days = sorted(as_ofs)
        raise TrainingRefused(
            f"target '{target.name}': the cohort is empty at every as_of from {days[0]} to {days[-1]}; it asks for "
            f"{target.words['cohort']} and at least {target.min_history_days} days of history. Widen it in "
            f"[targets.{target.name}], or look at the mapping of {', '.join(target.reads)}."
        )
    target.check(notices)


def missing_features(account: str, as_of: date) -> TrainingRefused:
    """Return the error for a row of a cohort that features were not built for."""
    return TrainingRefused(
        f"account {account} is in the cohort at {as_of} but has no features there; build the features from the same "
        "histories and as_of dates as the labels."
    )


def join(rows: pd.DataFrame, features: pd.DataFrame) -> Dataset:
    """Return a dataset of labelled rows and the features that `build_features` gives; features of others are left out.

    `rows` has the columns of `Dataset.rows`; `features` has account_id, as_of and the features, and a row for every
    account seen, hence for every row of a cohort.
    """
    rows = rows.sort_values(["as_of", "account_id"], ignore_index=True)
    columns = [name for name in features.columns if name not in ("account_id", "as_of")]
    position = pd.MultiIndex.from_frame(features[["as_of", "account_id"]]).get_indexer(
        pd.MultiIndex.from_frame(rows[["as_of", "account_id"]])
    )
    if (position < 0).any():
        missing = rows.iloc[int(np.flatnonzero(position < 0)[0])]
        raise missing_features(missing["account_id"], missing["as_of"].date())
    return Dataset(rows, features[columns].take(position).reset_index(drop=True))

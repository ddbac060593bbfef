"""What a model learns from: the cohort's rows over many as_of dates, with their labels and features side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.engine import build_features
from features.spec import Feature
from models.targets import COHORT, Target, label, notices_of
from pipeline.errors import TrainingRefused
from pipeline.history import History

ROW_COLUMNS = ("account_id", "as_of", "label", "base", "value_at_stake", "realised")


@dataclass(frozen=True)
class Dataset:
    """Rows and features of the cohort, sorted by as_of and account_id; both frames share one RangeIndex.

    `rows`: account_id, as_of (datetime64[us]), label (int8), base, value_at_stake and realised (currency units).
    `features`: one column per feature, NaN where unknown.
    """

    rows: pd.DataFrame
    features: pd.DataFrame

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def dates(self) -> list[date]:
        """The as_of dates that have rows, ascending."""
        return [stamp.date() for stamp in self.rows["as_of"].drop_duplicates()]

    def at(self, dates: Iterable[date]) -> Dataset:
        """Return the rows of these as_of dates."""
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
    rows, made = [], []
    for history, labels in _labelled(histories, as_ofs, target, known_by):
        rows.append(labels)
        made.append(build_features(history, as_ofs, features))
    return join(pd.concat(rows, ignore_index=True), pd.concat(made, ignore_index=True))


def label_rows(histories: Iterable[History], as_ofs: Sequence[date], target: Target, known_by: date) -> pd.DataFrame:
    """Return the cohort's rows alone, as `Dataset.rows`; raises as `build_dataset` does.

    For a backtest, which builds features once and takes labels as known at each fold: see `join`.
    """
    return pd.concat([labels for _, labels in _labelled(histories, as_ofs, target, known_by)], ignore_index=True)


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
        raise TrainingRefused(
            f"account {missing['account_id']} is in the cohort at {missing['as_of']:%Y-%m-%d} but has no features "
            "there; build the features from the same histories and as_of dates as the labels."
        )
    return Dataset(rows, features[columns].take(position).reset_index(drop=True))


def _labelled(
    histories: Iterable[History], as_ofs: Sequence[date], target: Target, known_by: date
) -> Iterable[tuple[History, pd.DataFrame]]:
    """Yield each history with its cohort's rows; at the end, check that together they can be learnt from."""
    notices, counted = [], 0
    for history in histories:
        labels = label(target, history, as_ofs, known_by)
        asked = labels[labels["section"] == COHORT].reset_index(drop=True)
        notices.append(notices_of(target, history, known_by))
        counted += len(asked)
        yield history, asked.astype({"label": np.int8})[list(ROW_COLUMNS)]
    if not counted:
        days = sorted(as_ofs)
        raise TrainingRefused(
            f"target '{target.name}': the cohort is empty at every as_of from {days[0]} to {days[-1]}; it asks for "
            f"{target.words['cohort']} and at least {target.min_history_days} days of history. Widen it in "
            f"[targets.{target.name}], or look at the mapping of {', '.join(target.reads)}."
        )
    target.check(np.concatenate(notices))

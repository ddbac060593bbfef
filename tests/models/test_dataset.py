from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from features.catalogue import features_for
from features.engine import build_features
from features.spec import Feature
from models.dataset import ROW_COLUMNS, build_dataset, join, label_rows
from models.targets import Target, declare
from pipeline.errors import AsOfError, TrainingRefused
from pipeline.history import History
from pipeline.settings import AccountSettings, Settings, parse

Make = Callable[..., History]
COLUMNS = {"invoices": ("account_id", "issued_at", "amount")}
DATES = [date(2025, 3, 1), date(2025, 4, 1)]
LATER = date(2025, 7, 1)


def declared(tables: str = "invoices", **keys: Any) -> Target:
    data = {"name": "test", "tables": {tables: [{"source": "x"}]}}
    targets = {"churn": {"kind": "churn", "horizon": 30, **keys}}
    return declare(parse(Settings, data | {"targets": targets}, "test.toml"))["churn"]


@pytest.fixture
def features() -> tuple[Feature, ...]:
    return features_for(COLUMNS, AccountSettings())


def bought(account: str, *dates: str) -> list[dict[str, Any]]:
    return [{"account_id": account, "issued_at": day, "amount": 10} for day in dates]


@pytest.fixture
def histories(history_of: Make) -> list[History]:
    """Two buckets: a stays, b leaves in March, c is new in March, d is asleep."""
    return [
        history_of(invoices=[*bought("b", "2025-01-05"), *bought("d", "2024-01-05")]),
        history_of(invoices=[*bought("a", "2025-01-05", "2025-03-05", "2025-04-05"), *bought("c", "2025-03-20")]),
    ]


def test_it_holds_the_cohort_at_each_as_of(histories: list[History], features: tuple[Feature, ...]) -> None:
    data = build_dataset(histories, DATES, declared(), features, LATER)
    told = [f"{row.as_of:%m-%d} {row.account_id} {row.label}" for row in data.rows.itertuples()]
    assert told == ["03-01 a 0", "03-01 b 1", "04-01 a 0", "04-01 b 1"]
    assert tuple(data.rows.columns) == ROW_COLUMNS
    assert str(data.rows["label"].dtype) == "int8"
    assert list(data.features.columns) == [feature.name for feature in features]
    assert data.rows.index.equals(data.features.index)
    assert (len(data), data.dates) == (4, DATES)


def test_features_are_those_of_the_account_at_its_as_of(
    histories: list[History], features: tuple[Feature, ...]
) -> None:
    data = build_dataset(histories, DATES, declared(), features, LATER)
    for position, row in enumerate(data.rows.itertuples()):
        history = next(history for history in histories if row.account_id in history.accounts)
        alone = build_features(history, [row.as_of.date()], features).set_index("account_id").loc[row.account_id]
        pd.testing.assert_series_equal(
            data.features.iloc[position], alone.drop("as_of"), check_names=False, check_dtype=False
        )


def test_the_order_of_buckets_and_dates_changes_nothing(
    histories: list[History], features: tuple[Feature, ...]
) -> None:
    one = build_dataset(histories, DATES, declared(), features, LATER)
    other = build_dataset(iter(histories[::-1]), [*DATES[::-1], DATES[0]], declared(), features, LATER)
    pd.testing.assert_frame_equal(one.rows, other.rows)
    pd.testing.assert_frame_equal(one.features, other.features)


def test_it_can_be_cut_by_date(histories: list[History], features: tuple[Feature, ...]) -> None:
    data = build_dataset(histories, DATES, declared(), features, LATER)
    part = data.at([DATES[1], date(2030, 1, 1)])
    assert (len(part), part.dates) == (2, [DATES[1]])
    assert part.features.index.equals(pd.RangeIndex(2))
    pd.testing.assert_frame_equal(part.features, data.features.iloc[2:].reset_index(drop=True))
    assert (len(data.at([])), data.at([]).dates) == (0, [])


def test_labels_may_be_taken_again_beside_the_same_features(history_of: Make, features: tuple[Feature, ...]) -> None:
    late = [{"account_id": "a", "issued_at": "2025-03-05", "amount": 10, "known_at": "2025-06-01"}]
    histories = [history_of(invoices=[*bought("a", "2025-01-05"), *late])]
    made = build_features(histories[0], DATES, features)
    then, now = (
        join(label_rows(histories, DATES[:1], declared(), known_by), made) for known_by in (date(2025, 5, 1), LATER)
    )
    assert (then.rows["label"].tolist(), now.rows["label"].tolist()) == ([1], [0])
    pd.testing.assert_frame_equal(then.features, now.features)
    pd.testing.assert_frame_equal(
        now.features, build_dataset(histories, DATES[:1], declared(), features, LATER).features
    )


def test_rows_without_features_are_refused(histories: list[History], features: tuple[Feature, ...]) -> None:
    rows = label_rows(histories, DATES, declared(), LATER)
    made = build_features(histories[0], DATES, features)
    with pytest.raises(TrainingRefused, match="account a is in the cohort at 2025-03-01 but has no features there"):
        join(rows, made)


def test_an_open_window_is_refused(histories: list[History], features: tuple[Feature, ...]) -> None:
    with pytest.raises(AsOfError, match="cannot be labelled at as_of 2025-04-01"):
        build_dataset(histories, DATES, declared(), features, date(2025, 4, 30))


def test_an_empty_cohort_is_refused_saying_what_it_asks_for(histories: list[History]) -> None:
    target = declared(active_days=7, min_history_days=60)
    with pytest.raises(TrainingRefused, match="empty at every as_of from 2025-03-01 to 2025-04-01") as told:
        label_rows(histories, DATES, target, LATER)
    assert "a positive invoice in the last 7 days and at least 60 days of history" in str(told.value)
    assert "[targets.churn], or look at the mapping of invoices" in str(told.value)


def test_no_histories_are_an_empty_cohort(features: tuple[Feature, ...]) -> None:
    with pytest.raises(TrainingRefused, match="the cohort is empty"):
        build_dataset([], DATES, declared(), features, LATER)


def test_long_notice_refuses_a_churn_dated_by_end(history_of: Make) -> None:
    columns = {"subscriptions": ("account_id", "started_at", "mrr", "ended_at", "end_known_at")}
    lines = [
        {"account_id": f"gone {number}", "started_at": "2024-01-01", "mrr": 5, "ended_at": "2025-03-20"}
        | {"end_known_at": f"2025-02-{number:02}"}
        for number in (1, 10, 18)
    ]
    lines.append({"account_id": "stays", "started_at": "2024-01-01", "mrr": 5, "ended_at": None, "end_known_at": None})
    histories = [history_of(subscriptions=lines[:2]), history_of(subscriptions=lines[2:])]
    features = features_for(columns, AccountSettings())
    with pytest.raises(TrainingRefused, match=r"the median notice of 3 terminations is 38 days, at least .* = 30 days"):
        build_dataset(histories, DATES[:1], declared("subscriptions", dated_by="end"), features, LATER)
    assert len(build_dataset(histories, DATES[:1], declared("subscriptions"), features, LATER)) == 1

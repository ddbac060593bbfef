from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from models.split import Fold, backtest_folds, inner_folds, training_dates
from pipeline.asof import LabelWindow
from pipeline.errors import AsOfError, TrainingRefused
from pipeline.settings import Settings, TrainingSettings, parse

WINDOW = LabelWindow(60)
FIRST = date(2010, 12, 1)


def settings(training: dict[str, Any] | None = None, evaluate: dict[str, Any] | None = None) -> Settings:
    data = {"name": "test", "tables": {"invoices": [{"source": "x"}]}, "file": "test.toml"}
    return parse(Settings, data | {"training": training or {}, "evaluate": evaluate or {}}, "test.toml")


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def test_training_dates_are_counted_from_first_as_of_while_their_labels_are_closed() -> None:
    training = TrainingSettings(first_as_of=date(2011, 3, 1))
    # 2011-06-07 less 60 days is 2011-04-08.
    assert training_dates(training, WINDOW, FIRST, date(2011, 6, 7)) == days("2011-03-01", "2011-03-15", "2011-03-29")
    assert training_dates(training, WINDOW, FIRST, date(2011, 6, 11))[-1] == date(2011, 4, 12)
    assert training_dates(training, WINDOW, FIRST, date(2011, 6, 10))[-1] == date(2011, 3, 29)


def test_gap_and_settle_days_are_part_of_the_embargo() -> None:
    training = TrainingSettings(first_as_of=date(2011, 3, 1), every_days=1)
    window = LabelWindow(horizon=60, gap=7, settle_days=30)
    assert training_dates(training, window, FIRST, date(2011, 6, 7)) == days("2011-03-01", "2011-03-02")


def test_without_first_as_of_they_are_counted_back_from_the_last_usable_date() -> None:
    found = training_dates(TrainingSettings(), WINDOW, date(2025, 1, 1), date(2025, 4, 10), lookback=10)
    assert found == days("2025-01-12", "2025-01-26", "2025-02-09")


def test_the_latest_dates_are_kept() -> None:
    found = training_dates(TrainingSettings(max_dates=2), WINDOW, date(2020, 1, 1), date(2025, 4, 10), lookback=10)
    assert found == days("2025-01-26", "2025-02-09")
    anchored = TrainingSettings(max_dates=2, first_as_of=date(2024, 12, 29))
    assert training_dates(anchored, WINDOW, date(2020, 1, 1), date(2025, 4, 10)) == days("2025-01-26", "2025-02-09")


@pytest.mark.parametrize(
    ("lookback", "expected"),
    [
        (0, days("2025-01-12", "2025-01-26", "2025-02-09")),
        (25, days("2025-01-26", "2025-02-09")),
        (26, days("2025-02-09")),
        (39, days("2025-02-09")),
        # No date has the whole look-back: those that there are, rather than none.
        (40, days("2025-01-12", "2025-01-26", "2025-02-09")),
    ],
)
def test_dates_have_the_look_back_where_the_data_allow_it(lookback: int, expected: list[date]) -> None:
    assert training_dates(TrainingSettings(), WINDOW, date(2025, 1, 1), date(2025, 4, 10), lookback) == expected


def test_no_date_is_before_the_data() -> None:
    training = TrainingSettings(first_as_of=date(2024, 12, 1))
    found = training_dates(training, WINDOW, date(2024, 12, 29), date(2025, 4, 10))
    assert found == days("2025-01-12", "2025-01-26", "2025-02-09")


@pytest.mark.parametrize(
    ("training", "first", "until", "message"),
    [
        ({}, "2025-01-01", "2025-03-02", r"to 2025-03-02, .* 60 days \(gap 0 \+ horizon 60 \+ settle_days 0\)"),
        ({}, "2025-01-01", "2024-06-01", r"the last usable as_of is 2024-04-02\. Bring more history"),
        ({"first_as_of": "2025-03-01"}, "2025-01-01", "2025-04-01", r"training from first_as_of 2025-03-01 on: "),
    ],
)  # fmt: skip
def test_no_usable_as_of_is_refused_saying_what_the_data_cover(
    training: dict[str, Any], first: str, until: str, message: str
) -> None:
    with pytest.raises(TrainingRefused, match=message):
        training_dates(
            TrainingSettings(**training), WINDOW, date.fromisoformat(first), date.fromisoformat(until), lookback=30
        )


def test_the_first_day_with_a_history_is_usable() -> None:
    assert training_dates(TrainingSettings(), WINDOW, date(2025, 1, 1), date(2025, 3, 3)) == days("2025-01-02")


PROTOCOL = settings(
    {"first_as_of": date(2011, 3, 1)},
    {"folds": days("2011-07-05", "2011-06-07", "2011-08-02"), "final": date(2011, 10, 10)},
)


def test_the_folds_of_online_retail() -> None:
    folds = backtest_folds(PROTOCOL, WINDOW, FIRST, date(2011, 12, 9), lookback=120)
    told = [(str(fold.test), len(fold.train), str(fold.train[0]), str(fold.train[-1]), fold.final) for fold in folds]
    assert told == [
        ("2011-06-07", 3, "2011-03-01", "2011-03-29", False),
        ("2011-07-05", 5, "2011-03-01", "2011-04-26", False),
        ("2011-08-02", 7, "2011-03-01", "2011-05-24", False),
        ("2011-10-10", 12, "2011-03-01", "2011-08-02", True),
    ]


def test_a_fold_that_is_also_the_final_one_is_tested_once() -> None:
    found = backtest_folds(
        settings(evaluate={"folds": days("2025-06-01", "2025-09-01"), "final": date(2025, 9, 1)}),
        WINDOW,
        date(2024, 1, 1),
        date(2025, 12, 1),
    )
    assert [(fold.test, fold.final) for fold in found] == [(date(2025, 6, 1), False), (date(2025, 9, 1), True)]


@pytest.mark.parametrize(
    ("evaluate", "message"),
    [
        ({"folds": days("2011-10-11")}, r"test\.toml: evaluate\.folds: .* last date that can is 2011-10-10"),
        ({"final": date(2011, 10, 11)}, r"2011-10-11 cannot be tested: .* 60 days .* up to 2011-12-09"),
        ({"folds": days("2011-01-05")}, r"evaluate\.folds: nothing can be trained for 2011-01-05: no as_of is usable"),
        ({"final": date(2010, 11, 1)}, r"evaluate\.final: nothing can be trained for 2010-11-01"),
    ],
)  # fmt: skip
def test_a_configured_date_that_cannot_be_a_fold_is_refused(evaluate: dict[str, Any], message: str) -> None:
    with pytest.raises(AsOfError, match=message):
        backtest_folds(settings(evaluate=evaluate), WINDOW, FIRST, date(2011, 12, 9))


def test_without_configured_dates_the_last_usable_ones_are_tested() -> None:
    folds = backtest_folds(settings(), WINDOW, date(2024, 1, 1), date(2025, 12, 9))
    assert [fold.test for fold in folds] == days("2025-08-15", "2025-09-12", "2025-10-10")
    assert not any(fold.final for fold in folds)
    assert folds[-1].train[-1] == date(2025, 8, 11)


def test_dates_too_early_to_be_trained_for_are_left_out() -> None:
    # 2025-10-10 can be trained for at 2025-08-11, and 2025-09-12 only before the data begin.
    folds = backtest_folds(settings(), WINDOW, date(2025, 8, 1), date(2025, 12, 9))
    assert folds == [Fold(date(2025, 10, 10), (date(2025, 8, 11),))]


def test_data_shorter_than_two_embargoes_cannot_be_backtested() -> None:
    with pytest.raises(
        TrainingRefused, match=r"cover 2025-09-01 to 2025-12-09, and a test takes twice the embargo of 60"
    ):
        backtest_folds(settings(), WINDOW, date(2025, 9, 1), date(2025, 12, 9))


@pytest.mark.parametrize("window", [LabelWindow(60), LabelWindow(30, gap=14, settle_days=30), LabelWindow(1)])
def test_what_trains_lies_an_embargo_before_what_tests(window: LabelWindow) -> None:
    folds = backtest_folds(settings(), window, date(2023, 1, 1), date(2025, 12, 9))
    inner = [fold for outer in folds for fold in inner_folds(outer.train, window)]
    assert len(folds) == 3
    assert len(inner) == 12
    for fold in [*folds, *inner]:
        assert max(fold.train) + timedelta(days=window.embargo) <= fold.test
        assert list(fold.train) == sorted(fold.train)


def test_inner_folds_are_spread_over_the_training_dates() -> None:
    dates = [date(2011, 3, 1) + timedelta(days=14 * step) for step in range(12)]
    found = [(str(fold.test), len(fold.train)) for fold in inner_folds(dates, WINDOW)]
    assert found == [("2011-05-10", 1), ("2011-06-07", 3), ("2011-07-05", 5), ("2011-08-02", 7)]
    assert [str(fold.test) for fold in inner_folds(dates, WINDOW, at_most=1)] == ["2011-08-02"]
    assert len(inner_folds(dates, WINDOW, at_most=100)) == 7


def test_training_dates_within_one_embargo_give_no_inner_fold() -> None:
    assert inner_folds(days("2011-03-01", "2011-03-15", "2011-04-29"), WINDOW) == []
    assert inner_folds([], WINDOW) == []
    assert inner_folds(days("2011-03-01", "2011-03-15", "2011-04-30"), WINDOW) == [
        Fold(date(2011, 4, 30), (date(2011, 3, 1),))
    ]

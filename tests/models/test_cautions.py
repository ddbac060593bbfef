"""What is said about a label that is a coin's toss, and about a model without signal."""

from __future__ import annotations

import pytest

from models.bootstrap import Interval
from models.cautions import cautions, verdict
from models.targets import Target

CLEAR = Interval(0.75, 0.70, 0.80)


@pytest.mark.parametrize(
    ("auc", "shown"),
    [
        (Interval(0.75, 0.70, 0.80), "signal"),
        (Interval(0.62, 0.60, 0.64), "signal"),
        (Interval(0.62, 0.5999, 0.64), "hardly any signal"),
        (Interval(0.75, 0.55, 0.90), "hardly any signal"),
        (Interval(0.55, 0.5001, 0.58), "hardly any signal"),
        (Interval(0.55, 0.5, 0.58), "no signal shown"),
        (Interval(0.40, 0.35, 0.45), "no signal shown"),
        (Interval(0.55, None, None), "not judged"),
        (Interval(None, None, None), "not judged"),
    ],
)
def test_the_lower_end_of_the_interval_decides(auc: Interval, shown: str) -> None:
    assert verdict(auc) == shown


@pytest.mark.parametrize(("positives", "warned"), [(39, False), (40, True), (50, True), (60, True), (61, False)])
def test_a_base_rate_near_one_half_is_warned_about(upsell: Target, positives: int, warned: bool) -> None:
    assert len(cautions(upsell, 100, positives, CLEAR)) == warned


def test_the_warning_says_the_rate_the_label_and_the_key(upsell: Target, churn: Target) -> None:
    assert cautions(upsell, 1234, 600, CLEAR) == [
        "target 'upsell': nearly every second account has the outcome (600 of 1,234 rows, 49%: net spend at least 1.5 "
        "times as high in the window of 28 days as in the 28 before). That is seldom what the word means to those who "
        "call: a higher `ratio` in [targets.upsell] asks for something rarer."
    ]
    assert "a longer `horizon` or a shorter `active_days` in [targets.churn]" in cautions(churn, 2, 1, CLEAR)[0]


def test_a_model_without_signal_says_its_interval(churn: Target) -> None:
    assert cautions(churn, 100, 10, Interval(0.57, 0.55, 0.59)) == [
        "target 'churn': hardly any signal: AUC out of time .570, 95 % interval .550 to .590, which reaches below .60. "
        "These tables hardly tell who will have the outcome; ranking by value at stake alone may serve as well. "
        "`keepgrow validate` says what it finds in the tables."
    ]
    wide = cautions(churn, 100, 10, Interval(0.75, 0.55, 0.90))[0]
    assert "There are too few outcomes on past dates to tell; until there are more, ranking by value" in wide
    assert "lies below .5: the model ranks the wrong way round" in cautions(churn, 9, 1, Interval(0.4, 0.35, 0.45))[0]
    assert "reaches down to .5, which is chance" in cautions(churn, 100, 10, Interval(0.52, 0.49, 0.55))[0]


def test_nothing_is_said_where_nothing_is_known(churn: Target) -> None:
    assert cautions(churn, 0, 0, Interval(None, None, None)) == []

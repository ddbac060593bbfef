"""Reasons: the topics that raise the probability most and one that eases it, told with the account's own figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.derived import Trend
from features.spec import Aggregate, Feature
from features.where import kind
from features.words import LANGUAGES, Words
from models.dataset import Dataset
from models.explain import FLOOR, Reason, apart, reasons, reasons_for
from models.manifest import FittedModel
from pipeline.errors import ModelError


@pytest.fixture
def silent() -> pd.DataFrame:
    """Two accounts: one with no calls and 200 days since its last purchase, one with many calls that bought today."""
    return pd.DataFrame(
        {
            "calls_30d": [0.0, 4.0],
            "calls_90d": [0.0, 12.0],
            "spend_90d": [1234.5, 1234.5],
            "days_since_purchase": [200.0, 0.0],
            "segment": np.array(["trade", "public"], dtype=object),
        }
    )


def test_the_weightiest_topics_come_first_in_words(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    told = reasons(churn_model, features, silent, "EUR")[0]
    assert [(reason.role, reason.topic) for reason in told][:2] == [("raises", "purchases"), ("raises", "contact")]
    assert told[0].text == "200 days since the last purchase (typical account: 26)"
    assert told[1].text in (
        "0 calls in the last 30 days (typical account: 1)",
        "0 calls in the last 90 days (typical account: 4)",
    )
    assert told[0].contribution > told[1].contribution > 0


def test_the_same_in_danish(churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame) -> None:
    told = reasons(churn_model, features, silent, "EUR", "da")[0]
    assert told[0].text == "200 dage siden seneste køb (typisk kunde: 26)"


def test_what_eases_most_is_told_last_and_alone(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    told = reasons(churn_model, features, silent, "EUR")[1]
    assert told[0] == Reason("none", "", "no single strong reason")
    assert [(reason.role, reason.topic) for reason in told[1:]] == [("eases", "contact")]
    assert told[1].contribution < 0


def test_a_topic_weighs_the_sum_of_its_features(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    shares = churn_model.scorer.contributions(churn_model.encode(silent))
    contact = next(reason for reason in reasons(churn_model, features, silent, "EUR")[0] if reason.topic == "contact")
    assert contact.contribution == pytest.approx(shares[0, 0] + shares[0, 1], abs=1e-12)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_is_the_accounts_own(
    churn_model: FittedModel, features: tuple[Feature, ...], data_of: Callable[..., Dataset], language: str
) -> None:
    rows = data_of(accounts=60, dates=1, seed=12).features
    for position, told in enumerate(reasons(churn_model, features, rows, "EUR", language)):
        raising = [reason for reason in told if reason.role == "raises"]
        assert len({reason.topic for reason in told}) == len(told)
        assert len(raising) <= 3
        assert [reason.role for reason in told].count("eases") <= 1
        assert (told[0].role == "none") == (not raising)
        assert all(reason.contribution >= FLOOR for reason in raising[:1])
        for reason in told:
            for shown in reason.figures:
                value = rows[shown.feature].iloc[position]
                assert shown.value == value or (shown.value is None and pd.isna(value))
                assert shown.shown in reason.text


def test_an_unknown_figure_is_said_to_be_unknown(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    blank = silent.head(1).assign(calls_30d=np.nan, calls_90d=np.nan, spend_90d=np.nan, days_since_purchase=np.nan)
    for reason in reasons(churn_model, features, blank, "EUR")[0]:
        assert "nan" not in reason.text
        if reason.topic == "purchases":
            assert (reason.text.removeprefix("but "), reason.figures[0].value) == ("no purchases on record", None)


def test_reasons_for_are_plain_data(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    first = reasons_for(churn_model, features, silent, "EUR")[0][0]
    assert json.loads(json.dumps(first)) == first
    assert list(first) == ["role", "topic", "text", "contribution", "figures", "typical"]
    assert first["figures"] == [{"feature": "days_since_purchase", "value": 200.0, "shown": "200"}]
    assert first["typical"] == {"feature": "days_since_purchase", "value": 26.0, "shown": "26"}


def test_features_that_do_not_fit_are_refused(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    with pytest.raises(ModelError, match="'segment'"):
        reasons(churn_model, features[:4], silent, "EUR")


class Weighed:
    """Stands for a model whose contributions to one account are typed by hand."""

    def __init__(self, features: list[Feature], shares: list[float], typical: list[Any], risk: bool = True) -> None:
        self.manifest = {
            "features": [
                {"name": feature.name, "typical": usual} for feature, usual in zip(features, typical, strict=True)
            ]
        }
        self.shares, self.risk, self.scorer = shares, risk, self

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame

    def contributions(self, _: pd.DataFrame) -> np.ndarray:
        return np.array([[*self.shares, -1.0]])


LOGINS = Aggregate("logins", "interactions", "count", Words("login|logins", "login|logins"), where=kind("login"),
                   windows=(30, 90), topic="logins")  # fmt: skip
CALLS = Aggregate("calls", "interactions", "count", Words("call|calls", "opkald"), where=kind("call"),
                  windows=(90,), topic="contact")  # fmt: skip


def told(shares: list[float], typical: list[Any], values: dict[str, float], risk: bool = True) -> list[str]:
    features = [*LOGINS.features(), *Trend(LOGINS, windows=(90,)).features(), *CALLS.features()]
    model: Any = Weighed(features, shares, typical, risk)
    blank = {feature.name: np.nan for feature in features}
    return [reason.text for reason in reasons(model, features, pd.DataFrame([blank | values]), "EUR")[0]]


FEWER = {"logins_30d": 5.0, "logins_90d": 84.0, "logins_90d_before": 210.0, "logins_change_90d": -0.6, "calls_90d": 3.0}
FELL = "logins fell from 210 to 84, last 90 days against the 90 before"


def test_a_story_that_weighs_half_tells_the_topic() -> None:
    assert told([0.0, 0.5, 0.3, 0.0], [20.0, 100.0, 0.0, 1.0], FEWER) == [FELL]
    assert told([0.0, 0.5, 0.2, 0.0], [20.0, 100.0, 0.0, 1.0], FEWER) == [
        "84 logins in the last 90 days (typical account: 100)"
    ]


def test_a_figure_like_the_typical_one_gives_way_to_another() -> None:
    assert told([0.5, 0.3, 0.0, 0.0], [5.0, 100.0, 0.0, 1.0], FEWER) == [
        "84 logins in the last 90 days (typical account: 100)"
    ]


def test_where_none_of_them_says_anything_a_lighter_one_is_asked() -> None:
    assert told([0.5, 0.0, 0.15, 0.0], [5.0, 100.0, 0.0, 1.0], FEWER) == [FELL]
    assert told([0.5, 0.0, 0.1, 0.0], [5.0, 100.0, 0.0, 1.0], FEWER) == ["5 logins in the last 30 days"]


def test_good_news_gives_way_as_a_risk_but_not_as_an_opportunity() -> None:
    more = FEWER | {"logins_90d": 210.0, "logins_90d_before": 84.0}
    rose = "logins rose from 84 to 210, last 90 days against the 90 before"
    assert told([0.4, 0.0, 0.5, 0.0], [20.0, 100.0, 0.0, 1.0], more) == [
        "5 logins in the last 30 days (typical account: 20)"
    ]
    assert told([0.4, 0.0, 0.5, 0.0], [20.0, 100.0, 0.0, 1.0], more, risk=False) == [rose]
    assert told([-0.4, 0.0, -0.5, 0.0], [20.0, 100.0, 0.0, 1.0], more) == ["no single strong reason", f"but {rose}"]


def test_a_topic_against_the_grain_gives_way_to_the_next_where_there_is_one() -> None:
    typical, calls = [20.0, 100.0, 0.0, 1.0], "3 calls in the last 90 days (typical account: 1)"
    # Fewer logins are no reason to offer more; with nothing else to say they are told as they are.
    assert told([0.4, 0.0, 0.5, 0.3], typical, FEWER, risk=False) == [calls]
    assert told([0.4, 0.0, 0.5, 0.0], typical, FEWER, risk=False) == [FELL]
    assert told([0.4, 0.0, 0.5, 0.0], typical, FEWER) == [FELL]


def test_a_slight_move_is_no_story() -> None:
    same = FEWER | {"logins_90d": 658.0, "logins_90d_before": 657.0}
    assert told([0.4, 0.0, 0.5, 0.0], [20.0, 100.0, 0.0, 1.0], same) == [
        "5 logins in the last 30 days (typical account: 20)"
    ]


def test_below_the_floor_there_is_no_single_strong_reason() -> None:
    typical = [20.0, 100.0, 0.0, 1.0]
    assert told([0.0, 0.0, 0.19, 0.1], typical, FEWER) == ["no single strong reason"]
    assert told([0.0, 0.0, 0.2, 0.1], typical, FEWER) == [FELL, "3 calls in the last 90 days (typical account: 1)"]
    assert told([0.0, 0.0, 0.2, 0.09], typical, FEWER) == [FELL]
    assert told([0.0, 0.0, 0.09, -0.1], typical, FEWER) == [
        "no single strong reason", "but 3 calls in the last 90 days (typical account: 1)"
    ]  # fmt: skip


def test_accounts_that_stand_apart_say_why_in_both_languages() -> None:
    end = pd.Timestamp("2026-03-01")
    assert apart("leaving", end)[0]["text"] == "the contract is known to end on 2026-03-01"
    assert apart("leaving", end, "da")[0]["text"] == "aftalen ophører den 2026-03-01"
    assert apart("leaving", end)[0]["figures"] == [{"feature": "ends_on", "value": "2026-03-01", "shown": "2026-03-01"}]
    assert apart("leaving", pd.NaT, "da")[0]["text"] == "aftalens ophør er kendt"
    assert apart("too_new", pd.NaT)[0] == Reason("apart", "tenure", "too little history to score").plain()
    assert apart("too_new", pd.NaT, "da")[0]["text"] == "for lidt historik til en score"


def test_the_language_changes_words_and_numbers_alone(
    churn_model: FittedModel, features: tuple[Feature, ...], data_of: Callable[..., Dataset]
) -> None:
    rows = data_of(accounts=20, dates=1, seed=3).features
    english, danish = (reasons(churn_model, features, rows, "EUR", language) for language in LANGUAGES)
    for one, other in zip(english, danish, strict=True):
        assert [replace(reason, text="", figures=(), typical=None) for reason in one] == [
            replace(reason, text="", figures=(), typical=None) for reason in other
        ]

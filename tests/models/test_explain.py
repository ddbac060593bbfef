"""Reasons: the families that raise the probability most, told with the account's own figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.spec import Feature
from models.dataset import Dataset
from models.explain import reasons, reasons_for
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


def test_the_weightiest_families_come_first_in_words(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    told = reasons(churn_model, features, silent, "EUR")[0]
    assert [reason.family for reason in told][:2] == ["recency", "volume"]
    assert told[0].text == "200 days since the last purchase (typical: 26)"
    assert told[1].text in ("0 calls in the last 30 days (typical: 1)", "0 calls in the last 90 days (typical: 4)")
    assert told[0].contribution > told[1].contribution > 0
    assert len(told) == 3


def test_what_lowers_the_probability_is_no_reason(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    told = reasons(churn_model, features, silent, "EUR")[1]
    assert not {"recency", "volume"} & {reason.family for reason in told}
    assert all(reason.contribution > 0 for reason in told)


def test_a_family_weighs_the_sum_of_its_features(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    shares = churn_model.scorer.contributions(churn_model.encode(silent))
    volume = next(reason for reason in reasons(churn_model, features, silent, "EUR")[0] if reason.family == "volume")
    assert volume.contribution == pytest.approx(shares[0, 0] + shares[0, 1], abs=1e-12)


def test_every_figure_is_the_accounts_own(
    churn_model: FittedModel, features: tuple[Feature, ...], data_of: Callable[..., Dataset]
) -> None:
    rows = data_of(accounts=30, dates=1, seed=12).features
    for position, told in enumerate(reasons(churn_model, features, rows, "EUR")):
        assert len({reason.family for reason in told}) == len(told) <= 3
        for reason in told:
            value = rows[reason.feature].iloc[position]
            assert reason.value == value or (reason.value is None and pd.isna(value))


def test_an_unknown_figure_is_said_to_be_unknown(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    blank = silent.head(1).assign(calls_30d=np.nan, calls_90d=np.nan, spend_90d=np.nan, days_since_purchase=np.nan)
    for reason in reasons(churn_model, features, blank, "EUR")[0]:
        if reason.family == "recency":
            assert (reason.text, reason.value) == ("no purchase on record", None)
        assert "nan" not in reason.text


def test_reasons_for_are_plain_data(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    first = reasons_for(churn_model, features, silent, "EUR")[0][0]
    assert first["text"] == "200 days since the last purchase (typical: 26)"
    assert (first["feature"], first["value"], first["typical"]) == ("days_since_purchase", 200.0, 26.0)


def test_features_that_do_not_fit_are_refused(
    churn_model: FittedModel, features: tuple[Feature, ...], silent: pd.DataFrame
) -> None:
    with pytest.raises(ModelError, match="'segment'"):
        reasons(churn_model, features[:4], silent, "EUR")

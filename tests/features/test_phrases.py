from __future__ import annotations

import math

import pytest

from features.accounts import attributes
from features.catalogue import FEATURES
from features.phrases import say

BY_NAME = {feature.name: feature for feature in FEATURES}


@pytest.mark.parametrize(
    ("name", "value", "phrase"),
    [
        ("invoices_90d", 3.0, "3 invoices in the last 90 days"),
        ("invoices_90d", 1.0, "1 invoice in the last 90 days"),
        ("invoices_90d", 0.0, "0 invoices in the last 90 days"),
        ("overdue_amount", 1240.0, "EUR 1,240 overdue"),
        ("overdue_amount", 12.5, "EUR 12.50 overdue"),
        ("spend_30d", -1240.4, "-EUR 1,240 net spend in the last 30 days"),
        ("spend_30d", -0.001, "EUR 0.00 net spend in the last 30 days"),
        ("days_since_purchase", 78.0, "78 days since the last purchase"),
        ("days_since_purchase", math.nan, "no purchase on record"),
        ("logins_change_30d", -0.62, "logins 62 % lower in the last 30 days than in the 30 before"),
        ("logins_change_30d", 1.5, "logins 150 % higher in the last 30 days than in the 30 before"),
        ("logins_change_30d", 0.001, "logins neither higher nor lower in the last 30 days than in the 30 before"),
        ("share_paid_late_90d", 0.25, "25 % of the paid invoices of the last 90 days were paid late"),
        ("purchase_gap_mean", 29.5, "a purchase every 29.5 days on average"),
        ("days_since_purchase_over_gap", 2.345, "2.35 times the usual gap since the last purchase"),
        ("days_since_purchase_over_gap", 0.3, "0.3 times the usual gap since the last purchase"),
        ("spend_per_month", 1000.0, "EUR 1,000 net spend a month since the first invoice"),
        ("usage_30d", 12345.6, "12,346 units of use in the last 30 days"),
        ("nps_last", None, "no NPS answer on record"),
        ("spend_30d", math.nan, "net spend in the last 30 days: no figure"),
    ],
)
def test_a_figure_is_said_by_its_unit(name: str, value: float | None, phrase: str) -> None:
    assert say(BY_NAME[name], value, "EUR") == phrase


def test_an_attribute_is_said_as_it_is() -> None:
    (segment,) = attributes(("size_class",))
    assert say(segment, "large", "EUR") == "size class: large"
    assert say(segment, None, "EUR") == "size class: not known"


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 2.5, 1e9, math.nan])
def test_every_feature_can_be_said(value: float) -> None:
    for feature in FEATURES:
        phrase = say(feature, value, "EUR")
        assert phrase
        assert "{" not in phrase
        assert "nan" not in phrase.lower().split()

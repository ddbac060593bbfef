"""The engine against slow, obvious loops over raw rows, for every feature of every account."""

from __future__ import annotations

from datetime import date

from compare import differences, features_of
from hypothesis import given, settings
from random_histories import AS_OFS, Raw, random_raw, raws

from features.catalogue import FEATURES, facts_for


@settings(max_examples=120, deadline=None, derandomize=True)
@given(raws())
def test_every_feature_agrees_with_the_slow_loop(raw: Raw) -> None:
    assert differences(raw, AS_OFS) == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(raws(rows=8))
def test_attributes_agree_with_the_slow_loop(raw: Raw) -> None:
    if "accounts" in raw:
        dated = "known_at" in raw["accounts"][0]
        attributes, constant = (("segment", "country"), ()) if dated else (("country",), ("country",))
        assert differences(raw, AS_OFS, attributes, constant) == []


def test_many_rows_agree_with_the_slow_loop() -> None:
    assert differences(random_raw(1, accounts=30, rows=1500), AS_OFS) == []


def test_the_random_histories_reach_every_feature() -> None:
    reached = {feature.name for seed in range(8) for feature in features_of(random_raw(seed))}
    assert reached == {feature.name for feature in (*FEATURES, *facts_for(FEATURES))}


def test_an_as_of_before_all_rows_sees_nobody() -> None:
    assert differences(random_raw(1), [date(2000, 1, 1)]) == []

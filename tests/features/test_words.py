from __future__ import annotations

import pytest

from features.catalogue import FEATURES
from features.spec import Aggregate, Derived
from features.where import kind
from features.words import Words, fill


def test_a_family_is_one_line_in_both_languages() -> None:
    calls = Aggregate("calls", "interactions", "count", Words("call|calls", "opkald"), where=kind("call"))
    features = calls.features()
    assert [feature.name for feature in features] == ["calls_30d", "calls_90d", "calls_365d", "calls_all"]
    assert features[0].words == Words(
        "{value} {call|calls} in the last 30 days", "{value} opkald de seneste 30 dage"
    )  # fmt: skip


def test_a_phrase_without_danish_is_refused() -> None:
    with pytest.raises(TypeError, match="'da'"):
        Words("call|calls")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="has none in 'da'"):
        Words("call|calls", " ")


def test_a_phrase_must_not_ask_for_what_no_fact_gives() -> None:
    words = Words("{value} calls, {usual} as a rule", "{value} opkald, {usual} som regel")
    with pytest.raises(ValueError, match="calls: its words ask for usual, which is none of its facts"):
        Derived("calls", FEATURES[0].measure, words).features()


def test_the_number_of_a_noun_follows_its_figure() -> None:
    words = Words("{value} {call|calls}, {days:day|days} {days}", "{value} opkald, {days:dag|dage} {days}")
    assert fill(words, "en", {"value": "1", "days": "2"}) == "1 call, days 2"
    assert fill(words, "da", {"value": "0", "days": "1"}) == "0 opkald, dag 1"

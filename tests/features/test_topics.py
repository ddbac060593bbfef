"""Every feature is about something that has a name in every language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.accounts import attributes
from features.catalogue import FEATURES
from features.phrases import topic_words
from features.topics import TOPICS


def test_every_topic_has_a_name_in_both_languages() -> None:
    assert topic_words("tickets", "da") == "supportsager"
    assert topic_words("returns") == "credit notes"
    assert all(topic_words(topic, language) for topic in TOPICS for language in ("en", "da"))


def test_every_topic_is_that_of_some_feature() -> None:
    assert {feature.topic for feature in (*FEATURES, *attributes(["segment"]))} == {*TOPICS}


def test_a_topic_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="topic 'weather' is not one of purchases, spend"):
        replace(FEATURES[0], topic="weather")

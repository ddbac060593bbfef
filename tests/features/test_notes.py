from __future__ import annotations

import math
from typing import Any

from features.notes import ABOUT
from pipeline.texts import TOPICS

NOTES = [
    {"occurred_at": "2024-03-01T09:00", "kind": "note", "note_sentiment": 0.5, "note_topics": "praise"},
    {"occurred_at": "2025-02-01T09:00", "kind": "email", "note_sentiment": -0.2, "note_topics": "price competitor"},
    {"occurred_at": "2025-03-10T09:00", "kind": "note", "note_sentiment": -0.6, "note_topics": "price"},
    {"occurred_at": "2025-03-20T09:00", "kind": "call", "note_sentiment": None, "note_topics": None},
    {"occurred_at": "2025-03-22T09:00", "kind": "note", "note_sentiment": 0.0, "note_topics": None},
]
EARLIER = {"occurred_at": "2023-01-01T09:00", "kind": "call", "note_sentiment": None, "note_topics": None}


def test_topics_are_counted_whatever_the_kind(figures: Any) -> None:
    found = figures("2025-04-01", interactions=NOTES)
    assert (found["notes_about_price_180d"], found["notes_about_competitor_180d"]) == (2, 1)
    assert found["notes_about_praise_180d"] == 0  # a year ago
    assert figures("2025-02-01", interactions=NOTES)["notes_about_price_180d"] == 0  # on 1 February at midnight


def test_moods_are_told_of_interactions_with_words_alone(figures: Any) -> None:
    found = figures("2025-04-01", interactions=NOTES)
    assert found["notes_negative_180d"] == 2
    assert math.isclose(found["note_sentiment_mean_180d"], -0.8 / 3)
    assert found["note_sentiment_last"] == 0
    assert math.isnan(figures("2024-02-01", interactions=[*NOTES, EARLIER])["note_sentiment_last"])


def test_without_words_there_are_no_features_of_notes(figures: Any) -> None:
    bare = [{"occurred_at": "2025-02-01T09:00", "kind": "note"}]
    assert not [name for name in figures("2025-04-01", interactions=bare) if "about" in name or "sentiment" in name]


def test_every_topic_has_words_for_people() -> None:
    assert tuple(ABOUT) == TOPICS

"""Months in words."""

from __future__ import annotations

import pytest

from pipeline.months import most_likely


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "60 days without an invoice most likely complete in March 2026"),
        ("da", "60 dage uden faktura mest sandsynligt fuldendt i marts 2026"),
    ],
)
def test_where_silence_is_the_event_its_completion_is_told(language: str, words: str) -> None:
    assert most_likely("2026-03", language, silent_days=60) == words
    assert most_likely(None, language, silent_days=60) is None

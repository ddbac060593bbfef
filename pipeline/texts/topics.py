"""What a note can be about (topics.toml): each topic with the words and phrases that tell of it."""

from __future__ import annotations

from functools import cache

from pipeline.texts.language import Language
from pipeline.texts.lists import word_list, words_of

TOPICS = (
    "price", "competitor", "quality", "support", "people", "expansion", "contract", "payment", "praise", "training",
    "disuse", "unreached",
)  # fmt: skip
"""The topics, in the order in which those of a note are named; the tables of topics.toml."""


@cache
def patterns(language: Language) -> tuple[tuple[str, str], ...]:
    """Return (word or phrase, topic) pairs; see topics.toml for what * stands for."""
    listed = word_list("topics")
    return tuple((pattern, topic) for topic in TOPICS for pattern in words_of(listed[topic][language]))

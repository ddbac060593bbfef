"""How well notes are read: 144 labelled by hand in English and Danish, every other one held out.

The sentences were written before the word lists, by the same hand, and the lists were mended on the first half alone.
Real notes are untidier: these figures tell one version of the lists from another, not what a firm will see.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.texts import TOPICS, read_text, redact
from pipeline.texts.language import language_of

FILE = Path(__file__).parents[2] / "golden" / "notes.tsv"
Note = dict[str, str]


def notes(half: str) -> list[Note]:
    """Return a half of the notes; in `text`, what is to be taken out stands in {curly brackets}."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    chosen = slice(0, None, 2) if half == "development" else slice(1, None, 2)
    return [note for language in ("en", "da") for note in [n for n in rows if n["language"] == language][chosen]]


def plain(note: Note) -> str:
    return re.sub(r"[{}]", "", note["text"])


def parts(text: str) -> Iterator[str]:
    """Yield what can be told apart in a text: words and numbers of two letters or more."""
    yield from re.findall(r"[\w@+]{2,}", text)


@pytest.mark.parametrize(
    ("half", "mood", "precision", "recall"), [("development", 0.9, 0.95, 0.95), ("held out", 0.9, 0.9, 0.85)]
)
def test_moods_and_topics(half: str, mood: float, precision: float, recall: float) -> None:
    right = hits = told = there = 0
    for note in notes(half):
        found = read_text(plain(note))
        right += (found.sentiment > 0) - (found.sentiment < 0) == int(note["sentiment"])
        topics = set(note["topics"].split())
        hits, told, there = hits + len(topics & {*found.topics}), told + len(found.topics), there + len(topics)
    assert right / len(notes(half)) >= mood
    assert hits / told >= precision
    assert hits / there >= recall


@pytest.mark.parametrize(("half", "gone", "lost"), [("development", 0.95, 0.02), ("held out", 0.85, 0.02)])
def test_what_leads_to_people_and_accounts_goes_and_hardly_anything_else(half: str, gone: float, lost: float) -> None:
    named = left = others = missing = 0
    for note in notes(half):
        redacted = set(parts(redact(plain(note))))
        spans = [set(parts(span)) for span in re.findall(r"{(.+?)}", note["text"])]
        named, left = named + len(spans), left + sum(not span.isdisjoint(redacted) for span in spans)
        rest = list(parts(re.sub(r"{.+?}", " ", note["text"])))
        others, missing = others + len(rest), missing + sum(word not in redacted for word in rest)
    assert 1 - left / named >= gone
    assert missing / others <= lost


def test_the_language_is_told() -> None:
    texts = [(note["language"], plain(note)) for half in ("development", "held out") for note in notes(half)]
    right = [language_of(re.findall(r"[^\W\d_]+", text.lower())) == language for language, text in texts]
    assert sum(right) / len(right) >= 0.95


def test_the_labels_are_topics_and_moods() -> None:
    rows = [*notes("development"), *notes("held out")]
    assert len(rows) >= 140
    assert {topic for row in rows for topic in row["topics"].split()} == set(TOPICS)
    assert {row["sentiment"] for row in rows} == {"-1", "0", "1"}

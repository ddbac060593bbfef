"""What is read of a text."""

from __future__ import annotations

import pytest

from pipeline.texts import TOPICS, read_text
from pipeline.texts.language import language_of
from pipeline.texts.lists import word_list
from pipeline.texts.reading import LONGEST


def mood(text: str) -> float:
    return read_text(text).sentiment


def test_negation_turns_a_word_round_up_to_the_next_mark() -> None:
    assert mood("They are happy with it") > 0 > mood("They are not happy with it")
    assert mood("De er glade for det") > 0 > mood("De er aldrig glade for det")
    assert mood("It is not bad") > 0
    assert mood("Did not call, happy with it") == mood("happy with it")


def test_words_before_make_a_word_stronger_or_weaker() -> None:
    assert mood("very pleased") > mood("they are pleased") > mood("somewhat pleased") > 0
    assert mood("meget sur") < mood("han er sur") < mood("lidt sur") < 0


def test_trouble_that_is_over_is_no_bad_news() -> None:
    assert mood("The fault is fixed") > 0 > mood("The fault is not fixed")
    assert mood("Fejlen er rettet") > 0 > mood("Fejlen er ikke rettet")


def test_a_word_is_read_in_the_texts_own_language() -> None:
    assert mood("The meeting went very bad") < 0 == mood("Han bad om et møde")
    assert language_of(["talte", "med", "dem"]) == "da"
    assert language_of(["spoke", "to", "them"]) == "en"
    assert language_of(["pdf"]) is None


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("They want a discount and threaten to cancel the contract", ("price", "contract")),
        ("Vil have rabat og truer med at opsige aftalen", ("price", "contract")),
        ("Prisstigningen er for meget", ("price",)),
        ("No errors, no open cases", ()),
        ("only two people still log in", ("disuse",)),
        ("Alles in Ordnung", ()),
    ],
)
def test_topics_are_found_in_both_languages(text: str, topics: tuple[str, ...]) -> None:
    assert read_text(text).topics == topics


def test_competitors_may_be_named() -> None:
    assert read_text("Had a look at visma yesterday").topics == ()
    assert read_text("Had a look at visma yesterday", competitors=("Visma", "SAP")).topics == ("competitor",)


def test_names_and_addresses_say_nothing() -> None:
    assert read_text("Met Frank Price and Grace Love") == read_text("Met them")
    assert read_text("Write to bad.price@support.example") == read_text("Write to them")


def test_numbers_change_nothing() -> None:
    assert read_text("Not happy, call 20 34 56 78") == read_text("Not happy, call +1 202 555 0143")


def test_a_text_is_read_to_a_length_and_an_empty_one_says_nothing() -> None:
    assert read_text("x" * LONGEST + " price").topics == ()
    assert read_text("") == read_text("...")
    assert mood("terrible " * 500) == -1


def test_every_topic_has_words_in_both_languages_and_the_order_of_the_file() -> None:
    listed = word_list("topics")
    assert tuple(listed) == TOPICS
    assert all(set(words) == {"en", "da"} for words in listed.values())

"""Words for a probability, and the rate observed among accounts that were scored alike."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import ModelError
from pipeline.likelihood import LEVEL_LIMITS, LIMITS, in_words, wilson, with_observed


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # R: prop.test(x, n, correct = FALSE)$conf.int
        (7, 10, 0.3967781, 0.8922087),
        (50, 100, 0.4038315, 0.5961685),
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
    ],
)
def test_wilson_interval(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=1e-7)


def test_nothing_observed_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 10), (11, 10), (0, -1)])
def test_more_successes_than_cases_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ModelError, match=f"found {successes} of {n}"):
        wilson(successes, n)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "Very low, at most 1 in 20"),
        (0.05, "Very low, at most 1 in 20"),
        (0.051, "Low, about 1 in 10"),
        (0.25, "Low, about 2 in 10"),
        (0.251, "Medium, about 3 in 10"),
        (0.45, "Medium, about 4 in 10"),
        (0.72, "High, about 7 in 10"),
        (0.85, "High, about 8 in 10"),
        (0.95, "Very high, about 9 in 10"),
        (0.96, "Very high, more than 19 in 20"),
        (1.0, "Very high, more than 19 in 20"),
    ],
)
def test_probability_in_words(probability: float, words: str) -> None:
    assert in_words(probability) == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "Meget lav, højst 1 ud af 20"),
        (0.1, "Lav, ca. 1 ud af 10"),
        (0.4, "Middel, ca. 4 ud af 10"),
        (0.72, "Høj, ca. 7 ud af 10"),
        (0.9, "Meget høj, ca. 9 ud af 10"),
        (0.99, "Meget høj, mere end 19 ud af 20"),
    ],
)
def test_probability_in_danish_words(probability: float, words: str) -> None:
    assert in_words(probability, "da") == words


def test_the_word_changes_only_where_the_number_does() -> None:
    assert {*LEVEL_LIMITS} < {*LIMITS}


BANDS = [
    {"low": 0.0, "high": 0.5, "n": 100, "positives": 10},
    {"low": 0.5, "high": 0.8, "n": 29, "positives": 9},
    {"low": 0.8, "high": 1.0, "n": 50, "positives": 35},
]


def test_rows_get_the_rate_of_their_band() -> None:
    # A band ends with its upper bound: .8 still belongs to the middle one.
    rows = with_observed(pd.DataFrame({"probability": [0.1, 0.8, 0.81, 1.0, None]}), BANDS)
    assert rows["observed_rate"].tolist()[0] == 0.1
    assert rows["observed_rate"].tolist()[2:4] == [0.7, 0.7]
    assert rows["observed_low"].tolist()[2] == pytest.approx(wilson(35, 50)[0])
    assert rows["observed_high"].tolist()[2] == pytest.approx(wilson(35, 50)[1])
    # A band of 29 has observed too little, and what is not scored has no band.
    assert rows["observed_rate"].isna().tolist() == [False, True, False, False, True]
    assert rows["band"].tolist()[0] == "Low, about 1 in 10"
    assert rows["band"].tolist()[4] is None


def test_the_first_band_holds_its_lower_bound_too() -> None:
    assert with_observed(pd.DataFrame({"probability": [0.0, 0.5]}), BANDS)["observed_rate"].tolist() == [0.1, 0.1]


def test_without_bands_there_are_words_and_no_rates() -> None:
    rows = with_observed(pd.DataFrame({"probability": [0.72]}), [])
    assert rows["band"].tolist() == ["High, about 7 in 10"]
    assert rows["observed_rate"].isna().all()


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        ([{"low": 0.5, "high": 0.5, "n": 1, "positives": 1}], "found 0.5 to 0.5"),
        ([{"low": 0.5, "high": 1.5, "n": 1, "positives": 1}], "found 0.5 to 1.5"),
        ([BANDS[2], BANDS[0]], "0.0 to 0.5 comes after 0.8 to 1.0"),
        ([{"low": 0.0, "high": 1.0, "n": 40, "positives": 41}], "found 41 of 40"),
    ],
)
def test_bands_that_make_no_sense_are_refused(bands: list[dict], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        with_observed(pd.DataFrame({"probability": [0.7]}), bands)

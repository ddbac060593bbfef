"""The sections that an evaluation adds to a report, from notes typed by hand."""

from __future__ import annotations

from typing import Any

from pipeline.report.against import against
from pipeline.report.ageing import ageing
from pipeline.report.amounts import amounts
from pipeline.report.breakdown import breakdown
from pipeline.report.expected import expected
from pipeline.report.section import About, measured, share
from pipeline.report.sections import sections

ABOUT = About("churn", risk=True, currency="EUR", horizon=90)


def ends(value: float, reach: float = 0.1) -> dict[str, float]:
    return {"value": value, "low": value - reach, "high": value + reach}


def beside(expected: float, real: float) -> dict[str, Any]:
    return {"expected": expected, "real": real, "ratio": ends(expected / real)}


def test_notes_that_say_nothing_have_no_sections() -> None:
    assert sections({}, ABOUT) == []


def test_totals_that_are_off_and_a_base_rate_that_moved_are_said() -> None:
    fold = {"n": 100, "learnt": 0.4, "rate": ends(0.5), "number": beside(40, 50), "value": beside(990, 1000)}
    notes = {
        "expected": {"folds": [fold | {"as_of": "2025-03-01"}], "pooled": fold},
        "shift": {"as_of": "2025-06-01", "accounts": 90, "learnt": 0.4, "predicted": 0.4, "moved_from": 0.3},
    }
    made = expected(notes, ABOUT)
    assert made is not None
    first, shift, now = (sentence.replace("\u00a0", " ") for sentence in made.said)
    assert first.startswith("Outcomes: expected 40, came 50, .800 times (.700 to .900).")
    assert first.endswith("The number is off by more than 10 %.")
    assert shift == (
        "Base rate: 40.0 % in the rows learnt from, 50.0 % on the test dates (50.0 % to 50.0 %): it moved by +25 %."
    )
    assert "Without recalibration it would be 30.0 %" in now
    kept = notes | {"shift": notes["shift"] | {"moved_from": None, "note": "49 accounts; 50 are needed"}}
    as_it_was = expected(kept, ABOUT)
    assert as_it_was is not None
    assert as_it_was.said[2].endswith("Probabilities were not recalibrated: 49 accounts; 50 are needed.")


def test_groups_too_small_to_say_are_counted_and_worse_ones_named() -> None:
    group = {
        "n": 80,
        "accounts": 40,
        "positives": 20,
        "small": False,
        "auc": ends(0.6, 0.05),
        "number": beside(20, 20),
        "value": beside(10, 10),
    }
    small = group | {"name": "public", "small": True, "auc": {"value": None, "low": None, "high": None}}
    notes = {
        "breakdown": {
            "attributes": "as they are today",
            "dimensions": [{"by": "segment", "groups": [group | {"name": "trade"}, small]}],
        },
        "evaluation": {"pooled": {"contenders": {"model": {"auc": ends(0.8)}}}},
    }
    made = breakdown(notes, ABOUT)
    assert made is not None
    assert "segment trade (AUC .600)" in made.said[0]
    assert "Groups too small to say: 1." in made.said[0]
    assert made.folded[0].rows[1][4] == "too small to say"


def test_a_group_among_many_is_named_only_beyond_what_chance_shows_in_so_many() -> None:
    def said(groups: int, low: float) -> str:
        plain = {"n": 80, "accounts": 40, "positives": 20, "small": False, "auc": ends(0.8), "value": beside(9, 9)}
        alike = [plain | {"name": str(at), "number": beside(20, 20)} for at in range(groups)]
        alike[0]["number"] = {"expected": 24, "real": 20, "ratio": {"value": 1.2, "low": low, "high": 1.4}}
        made = breakdown(
            {"breakdown": {"attributes": "", "dimensions": [{"by": "segment", "groups": alike}],
                           "too_small": ["country"]}},
            ABOUT,
        )  # fmt: skip
        assert made is not None
        return made.said[0]

    assert "Expected too many or too few: segment 0" in said(1, 1.05)
    assert "Expected too many" not in said(25, 1.05)
    assert "segment 0" in said(25, 1.15)
    assert "Not broken down by country: every group is too small to say." in said(1, 1.05)


def test_value_is_told_without_a_direction_where_there_is_none_and_profit_needs_a_cost() -> None:
    zero = {"mae": ends(10, 1), "bias": {"value": 0.0, "low": -1.0, "high": 1.0}, "real": ends(20, 1), "tenths": []}
    made = amounts({"value": {"expected_value": zero, "profit": {"note": "Calls cost nothing"}}}, ABOUT)
    assert made is not None
    assert made.said[0].endswith("lay neither too high nor too low on average.")
    assert made.said[1] == "Calls cost nothing: give [plays.churn] cost to measure profit."
    little = zero | {"bias": {"value": -0.3, "low": -0.5, "high": -0.1}}
    told = amounts({"value": {"expected_value": little}}, ABOUT)
    assert told is not None
    assert told.said[0].endswith("lay less than EUR\u00a01 too low on average.")


def test_a_better_model_is_said_to_be_and_no_champion_is_not_compared() -> None:
    figures = {"auc": ends(0.05, 0.02)}
    why = "No test date is later than the champion's training, so it is not compared."
    notes = {"evaluation": {"pooled": {"paired": {"model - recency": figures}}, "not_compared": {"champion": why}}}
    made = against(notes, ABOUT)
    assert made is not None
    assert made.said[0] == "In AUC the model is better than the recency rule (+.050, +.030 to +.070)."
    assert made.said[1:] == [why]


def test_a_loss_with_age_is_said_from_the_month_it_shows() -> None:
    def age(months: int, difference: float) -> dict[str, Any]:
        of = {"auc": ends(0.7), "ece": ends(0.1, 0.01), "brier": ends(0.1), "total": 1.0}
        return {
            "months": months,
            "n": 10,
            "dates": 1,
            "aged": of,
            "fresh": of,
            "aged - fresh": {"auc": ends(difference, 0.01)},
        }

    made = ageing({"ageing": [age(1, 0.0), age(6, -0.03), age(7, -0.04)]}, ABOUT)
    assert made is not None
    assert "shows from 6 months on (-.030, -.040 to -.020)" in made.said[0]
    once = ageing({"ageing": [age(1, 0.0), age(2, -0.03), age(3, 0.0)]}, ABOUT)
    assert once is not None
    assert once.said[0].endswith("shows at 2 months (-.030, -.040 to -.020), and not at the other ages.")
    assert made.pictures[0].svg.startswith("<svg")


def test_why_no_age_is_compared_is_said() -> None:
    why = "The book is small."
    made = ageing({"ageing": [], "evaluation": {"not_compared": {"ageing": why}}}, ABOUT)
    assert made is not None
    assert made.said == [why]


def test_cells_hold_a_figure_and_its_interval() -> None:
    assert measured(ends(0.5)) == (".500", ".400 to .600")
    assert share({"value": 0.5, "low": None, "high": None}) == "50\u00a0%"
    assert measured(None) == "–"

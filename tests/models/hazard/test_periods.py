"""Which rows say something of a step, and which steps and horizons are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.hazard.periods import Step, Times, choose_steps, why_none
from models.targets import Target, declare
from pipeline.settings import Settings, parse


def declared(**keys: object) -> Target:
    data = {"name": "t", "tables": {"subscriptions": [{"source": "s.csv"}]}, "targets": {"churn": keys}}
    return declare(parse(Settings, data, "test.toml"))["churn"]


CONTRACT = declared(kind="churn", by="contract")
INACTIVITY = declared(kind="churn", by="inactivity", horizon=60)


def test_a_window_that_is_not_closed_tells_of_the_steps_that_were_seen_and_of_no_others() -> None:
    rows = pd.DataFrame({"event_after": [10.0, 45.0, np.nan, np.nan], "seen_days": [400, 60, 59, 60]})
    times = Times.of(rows, gap=0)
    assert times.at_risk(Step(0, 30)).tolist() == [True, True, True, True]
    assert times.happened(Step(0, 30)).tolist() == [True, False, False, False]
    assert times.at_risk(Step(30, 60)).tolist() == [False, True, False, True]
    assert times.happened(Step(30, 60)).tolist() == [False, True, False, False]


def test_days_count_from_the_first_day_of_the_window() -> None:
    times = Times.of(pd.DataFrame({"event_after": [34.0, 35.0], "seen_days": [35, 35]}), gap=5)
    assert times.happened(Step(0, 30)).tolist() == [True, False]


def test_who_gives_notice_within_the_gap_leaves_in_the_first_step() -> None:
    times = Times.of(pd.DataFrame({"event_after": [2.0, 40.0], "seen_days": [35, 35]}), gap=5)
    assert times.at_risk(Step(0, 30)).tolist() == [True, True]
    assert times.happened(Step(0, 30)).tolist() == [True, False]


def spread(days: list[int], seen: int) -> Times:
    """A row for each day of an event, and as many without one."""
    event = np.array([*days, *[np.inf] * len(days)], float)
    return Times(event, np.full(len(event), float(seen)))


def test_steps_are_months_and_horizons_and_the_last_days_of_the_year_are_no_step_of_their_own() -> None:
    chosen = choose_steps(spread(list(range(365)), 365), CONTRACT, fewest=5)
    assert chosen is not None
    assert [step.end for step in chosen.steps] == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 365]
    assert (chosen.horizons, chosen.left_out) == ((30, 60, 90, 180, 365), {})


def test_a_horizon_that_no_date_reaches_is_left_out_and_says_so() -> None:
    chosen = choose_steps(spread(list(range(180)), 180), CONTRACT, fewest=5)
    assert chosen is not None
    assert chosen.horizons == (30, 60, 90, 180)
    assert chosen.left_out == {365: "no training date lies 365 days back, with the days to settle"}


def test_a_step_with_too_few_events_is_joined_with_the_next_and_its_horizon_left_out() -> None:
    chosen = choose_steps(spread([0, 1, *range(31, 90)], 90), CONTRACT, fewest=5)
    assert chosen is not None
    assert [step.end for step in chosen.steps] == [60, 90]
    assert chosen.left_out[30] == "2 rows had their event on days 0 to 30; 5 are needed"


def test_a_step_that_almost_no_row_outlives_says_that_few_had_none() -> None:
    event = np.array([*range(40), *[np.inf] * 13], float)
    seen = np.array([60] * 43 + [30] * 10, float)
    chosen = choose_steps(Times(event, seen), declared(kind="churn", by="contract", horizon=30), fewest=5)
    assert chosen is not None
    assert chosen.left_out[60] == "3 rows had none on days 30 to 60; 5 are needed"


def test_the_own_horizon_always_ends_a_step() -> None:
    chosen = choose_steps(spread(list(range(60)), 90), CONTRACT, fewest=5)
    assert chosen is not None
    assert [step.end for step in chosen.steps] == [30, 90]
    assert chosen.left_out[60] == "its days are joined with those up to 90, which by themselves tell too little"


def test_nothing_is_defined_within_fewer_days_than_inactivity_takes() -> None:
    chosen = choose_steps(spread([59] * 9 + [70] * 9, 90), INACTIVITY, fewest=5)
    assert chosen is not None
    assert [step.end for step in chosen.steps] == [60, 90]
    assert chosen.left_out[30] == "the event takes 60 days to be told, so nothing is defined within 30"


def test_with_too_few_events_within_the_own_horizon_there_are_no_steps() -> None:
    times = spread([1, 2, 3], 90)
    assert choose_steps(times, CONTRACT, fewest=5) is None
    assert why_none(times, CONTRACT, fewest=5) == (
        "of 6 rows known for 90 days 3 had their event within them; 5 with and 5 without one are needed"
    )


@pytest.mark.parametrize("keys", [{"horizons": [45]}, {"horizons": [30, "x"]}])
def test_other_horizons_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(Exception, match="horizons"):
        declared(kind="churn", by="contract", **keys)

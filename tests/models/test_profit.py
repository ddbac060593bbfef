from __future__ import annotations

import pandas as pd
import pytest

from models.profit import NO_COST, expected_profit
from pipeline.settings import Play

PLAY = Play(name="call", effect=0.3, cost=1.0)


@pytest.fixture
def rows() -> pd.DataFrame:
    """Four leave, each worth 100; the model calls them first, the recency rule last."""
    label = [1] * 4 + [0] * 16
    return pd.DataFrame(
        {
            "account_id": [f"a{number:02d}" for number in range(20)], "label": label, "value_at_stake": 100.0,
            "realised": [100.0 * (one + number / 10) * one for number, one in enumerate(label)],
            "model_probability": [0.9] * 4 + [0.1] * 16, "model_expected_value": [90.0] * 4 + [10.0] * 16,
            "recency_probability": [0.1] * 4 + [0.9] * 16, "recency_expected_value": [10.0] * 4 + [90.0] * 16,
        }
    )  # fmt: skip


def test_calling_those_who_leave_earns_their_value_times_the_effect_less_the_calls(rows: pd.DataFrame) -> None:
    told = expected_profit(rows, ("model", "recency"), PLAY, risk=True, seed=0)
    # 4 of 20 are called: .2 x (.3 x 100 - 1) each, for both measures, since all are worth the same.
    for measure in ("empc", "empb", "empb_by_value"):
        assert told["measures"][measure]["model"]["value"] == pytest.approx(5.8, abs=0.01)
    # The rule has to call everybody to reach them.
    assert told["measures"]["empb"]["recency"]["value"] == pytest.approx(5.0, abs=0.01)
    asked = told["parameters"]
    assert (asked["alpha"], asked["beta"], asked["contact_cost"]) == pytest.approx((6.0, 14.0, 1.0))
    assert asked["call_share"] == pytest.approx(0.2)


def test_a_sale_wins_the_effect_of_what_growth_brings(rows: pd.DataFrame) -> None:
    told = expected_profit(rows, ("model",), PLAY, risk=False, seed=0)
    mean = 0.3 * (100 + 110 + 120 + 130) / 4
    assert told["parameters"]["mean_value"] == pytest.approx(mean)
    assert told["measures"]["empa"]["model"]["value"] == pytest.approx(0.2 * (mean - 1), abs=0.01)


def test_without_both_outcomes_there_is_no_profit_to_tell(rows: pd.DataFrame) -> None:
    assert expected_profit(rows[:4], ("model",), PLAY, risk=True, seed=0) == {}


def test_while_a_call_costs_nothing_no_ranking_earns_more_than_another(rows: pd.DataFrame) -> None:
    for play in (None, Play(name="call", effect=0.3, cost=0.0)):
        assert expected_profit(rows, ("model", "recency"), play, risk=True, seed=0) == {"note": NO_COST}

"""How a small book was judged, what that shows, and what is served."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd

from models.bootstrap import Interval
from models.cautions import cautions, verdict
from models.dataset import Dataset
from models.promote import decide, too_few
from models.small.design import design_of, small_book
from models.small.left_out import folds_of_accounts
from models.targets import Target
from pipeline.settings import Settings

WIDE = Interval(0.58, 0.44, 0.71)


def judged(groups: tuple[float | None, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": list("abcd"),
            "as_of": pd.to_datetime(["2025-01-01", "2025-01-01", "2025-02-01", "2025-02-01"]),
            "label": [1, 0, 0, 0],
            "group": list(groups),
        }
    )


def test_the_book_is_what_it_was_at_the_latest_date(churn: Target) -> None:
    assert design_of(judged((0, 1, None, None)), None, in_time=True) is None
    found = design_of(judged((None, None, 0, 1)), None, in_time=True)
    assert found is not None
    assert (found["out_of_time"], found["needed"]["found"]) == (True, 1)


def test_what_is_not_out_of_time_is_said_not_to_be(churn: Target) -> None:
    found = design_of(judged((0, 1, 0, 1)), None, in_time=False)
    assert found is not None
    assert "this is not out of time and may flatter the model" in found["words"]
    assert "not out of time" in cautions(churn, 100, 5, Interval(0.8, 0.7, 0.9), found)[0]


def test_chance_not_ruled_out_in_a_small_book_is_not_enough_data(churn: Target) -> None:
    assert verdict(WIDE, small=True) == "not enough data to rank"
    assert verdict(Interval(None, None, None), small=True) == "not enough data to rank"
    assert verdict(Interval(0.7, 0.61, 0.8), small=True) == "signal"
    small = design_of(judged((0, 1, 0, 1)), None, in_time=True)
    (turned,) = cautions(churn, 100, 5, Interval(0.35, 0.25, 0.45), small)
    assert ".250 to .450, which lies below .5: the model ranks the wrong way round. Judged" in turned
    (said,) = cautions(churn, 100, 5, WIDE, small)
    assert said.startswith(
        "target 'churn': not enough data to rank: AUC .580, 95 % interval .440 to .710, which does not rule out chance "
        "(.5). Judged on accounts left out of training, at dates after it. To tell an AUC of .65 from chance"
    )


def test_then_the_rule_serves_and_says_what_it_would_take(churn: Target) -> None:
    small = design_of(judged((0, 1, 0, 1)), None, in_time=True)
    decision = decide(None, "model", WIDE, small=small)
    assert (decision.promote, decision.serve, decision.rule) == (False, "rule", "fallback_rule")
    assert decision.reason.startswith("Not enough data to rank by a model: 'model' is not promoted")
    assert "accounts that had the rarer outcome" in decision.reason
    assert (
        "ranked by the rule 'recency' (how long ago the account last bought or was in touch; where" in decision.reason
    )
    turned = decide(None, "model", Interval(0.35, 0.25, 0.45), small=small)
    assert "its AUC is .350 (.250 to .450), below .5 throughout: it ranks the wrong way round." in turned.reason
    clear = decide(None, "model", Interval(0.7, 0.6, 0.8), small=small)
    assert (clear.serve, clear.rule) == ("challenger", "first")
    assert "a small model for a small book" in clear.reason


def test_without_a_model_to_judge_the_rows_say_what_there_is(
    churn: Target, settings: Settings, data_of: Callable[..., Dataset]
) -> None:
    data = data_of(accounts=20, dates=2)
    found = small_book(data, settings, None, "target 'churn': 9 rows have label 1. Found 40 rows.")
    assert found is not None
    decision = too_few("target 'churn': 9 rows, of 7 accounts, have label 1. Found 40 rows on 2 dates.", found)
    assert decision.serve == "rule"
    assert decision.reason.startswith(
        "Not enough data to rank by a model: 9 rows, of 7 accounts, have label 1. To tell"
    )
    assert small_book(data_of(accounts=120), settings, None, None) is None


def test_a_history_without_a_later_date_is_judged_on_other_accounts(churn: Target, settings: Settings) -> None:
    first = date(2025, 1, 1)
    until = first + timedelta(days=churn.lookback + 70)  # 28 days of horizon: dates over 42 days, none 28 days later
    folds = folds_of_accounts(settings, churn, first, until)
    assert {fold.known_by for fold in folds} == {until}
    assert all(fold.test in fold.train and fold.train == folds[0].train for fold in folds)
    assert 1 < len(folds) <= 4

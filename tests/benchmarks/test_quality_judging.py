"""Contenders are judged on the same rows, and what cannot be judged is told with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from quality.aims import beats_the_better, calibrated, gini_share, near_baseline, no_peer_better, said, totals
from quality.judging import Fitted, Judged, judge

from models.bootstrap import Interval

OK = {"status": "ok", "rows": 8, "note": "", "processor": 1.5, "version": "v1"}
LABEL = [1, 0, 1, 0]
GOOD, FAIR, BAD = [0.9, 0.1, 0.8, 0.2], [0.9, 0.1, 0.2, 0.8], [0.1, 0.9, 0.2, 0.8]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four accounts at one test date; a and c leave, with 100 and 300 at stake."""
    (tmp_path / "judge").mkdir()
    rows = pd.DataFrame({"account_id": list("abcd"), "as_of": pd.Timestamp("2025-06-01"), "label": LABEL})
    rows.assign(realised=[100.0, 0.0, 300.0, 0.0]).to_parquet(tmp_path / "judge/rows.parquet")
    return tmp_path


def fitted(folder: Path, name: str, probability: list[float], accounts: str = "abcd", **more: Any) -> Fitted:
    out = folder / "2025-06-01" / name
    out.parent.mkdir(exist_ok=True)
    told = pd.DataFrame({"account_id": list(accounts), "as_of": pd.Timestamp("2025-06-01"), "probability": probability})
    told.assign(expected_value=told["probability"] * 100).to_parquet(out.with_suffix(".parquet"))
    return Fitted([out], [OK | more])


def judged(folder: Path, **told: list[float]) -> Judged:
    return judge([folder], {name: fitted(folder, name, probability) for name, probability in told.items()})


def test_figures_and_differences_are_those_that_the_rows_say(folder: Path) -> None:
    found = judged(folder, model=GOOD, lightgbm=FAIR)
    ours, theirs = found.interval("model", "auc"), found.interval("lightgbm", "auc")
    difference = found.difference("lightgbm", "auc")
    assert ours is not None
    assert theirs is not None
    assert difference is not None
    # Of the four pairs of a leaver and a stayer, the second ranks a above b and d, and c above b only.
    assert (ours.value, theirs.value, difference.value) == (1.0, 0.75, 0.25)
    # One row of four is the tenth: a, whose 100 are a quarter of the 400 lost.
    captured = found.interval("model", "value_captured_10")
    assert captured is not None
    assert captured.value == 0.25
    assert found.difference("model", "auc") is None


def test_rows_in_another_order_are_the_same_rows(folder: Path) -> None:
    told = {"model": fitted(folder, "model", GOOD[::-1], "dcba")}
    found = judge([folder], told).interval("model", "auc")
    assert found is not None
    assert found.value == 1.0


@pytest.mark.parametrize(
    ("probability", "accounts", "reason"),
    [
        (GOOD, "abce", "it predicted 4 rows, which are not the 4 that were asked for"),
        (GOOD[:3], "abc", "it predicted 3 rows, which are not the 4 that were asked for"),
        (GOOD, "aabc", "it predicted 4 rows, which are not the 4 that were asked for"),
        ([0.9, float("nan"), 0.8, 0.2], "abcd", "its probability is not a finite number in every row"),
    ],
)
def test_who_predicted_other_rows_is_left_out(
    folder: Path, probability: list[float], accounts: str, reason: str
) -> None:
    told = {"model": fitted(folder, "model", GOOD), "flaml": fitted(folder, "flaml", probability, accounts)}
    found = judge([folder], told)
    assert (found.names, found.left_out) == (("model",), {"flaml": reason})


def test_who_failed_is_left_out_with_the_reason(folder: Path) -> None:
    told = {
        "model": fitted(folder, "model", GOOD),
        "flaml": fitted(folder, "flaml", GOOD, status="failed", error="ValueError: no"),
        "autogluon": fitted(folder, "autogluon", GOOD, status="late", limit=40.0),
        "recency": Fitted([folder / "absent"], [None]),
    }
    assert judge([folder], told).left_out == {
        "flaml": "2025-06-01: ValueError: no",
        "autogluon": "2025-06-01: more than 40 s",
        "recency": "not measured",
    }


def test_peers_that_are_missing_are_counted_where_none_is_said_to_be_better(folder: Path) -> None:
    told = {name: fitted(folder, name, GOOD) for name in ("model", "lightgbm")}
    found = judge([folder], told | {"recency": Fitted([folder / "absent"], [None])})
    assert no_peer_better("online_retail", "churn", found).measured.startswith(
        "1 compared, 1 not measured; the nearest"
    )


def test_rows_without_a_known_truth_are_left_out_for_all(folder: Path) -> None:
    rows = pd.read_parquet(folder / "judge/rows.parquet")
    rows.assign(exact=[0.5, 0.1, None, 0.2]).to_parquet(folder / "judge/rows.parquet")
    found = judged(folder, model=GOOD)
    assert (len(found.rows), found.truth_unknown) == (3, 1)


def test_the_share_of_the_gini_and_the_totals(folder: Path) -> None:
    found = judged(folder, model=FAIR, latent_lightgbm=GOOD)
    share = found.gini_share("latent_lightgbm")
    assert share is not None
    assert share.value == 0.5  # 2 x .75 - 1 over 2 x 1 - 1
    assert gini_share("churn", found).met is False
    told = found.totals()
    # .9 + .1 + .2 + .8 leavers predicted, 2 there are; a hundred each predicted, 400 really lost.
    assert (told["number_ratio"], told["value_ratio"]) == (1.0, 0.5)
    assert [each.met for each in totals("churn", found)] == [True, False]


def many(folder: Path, **told: list[float]) -> Judged:
    """Judge four accounts that stand for 25 each, so that intervals are narrow."""
    names = [f"{account}{number:02}" for number in range(25) for account in "abcd"]
    rows = pd.DataFrame({"account_id": names, "as_of": pd.Timestamp("2025-06-01"), "label": LABEL * 25})
    rows.assign(realised=1.0).to_parquet(folder / "judge/rows.parquet")
    every = {}
    for name, probability in told.items():
        every[name] = fitted(folder, name, probability * 25, "x" * 100)
        file = every[name].outs[0].with_suffix(".parquet")
        pd.read_parquet(file).assign(account_id=names).to_parquet(file)
    return judge([folder], every)


def test_aims_are_met_when_the_intervals_say_so(folder: Path) -> None:
    ahead = many(folder, model=GOOD, lightgbm=FAIR, logistic=BAD)
    assert beats_the_better("churn", ahead).met is True
    assert "LightGBM, its defaults" in beats_the_better("churn", ahead).measured
    assert no_peer_better("online_retail", "churn", ahead).met is True
    behind = many(folder, model=FAIR, lightgbm=GOOD, logistic=BAD)
    assert beats_the_better("churn", behind).met is False
    assert no_peer_better("online_retail", "churn", behind).met is False
    assert no_peer_better("online_retail", "churn", behind).measured.startswith("better: LightGBM, its defaults")
    level = many(folder, model=FAIR, lightgbm=FAIR)
    assert beats_the_better("churn", level).met is False
    assert no_peer_better("online_retail", "churn", level).met is True


def test_the_truth_is_no_peer(folder: Path) -> None:
    found = many(folder, model=FAIR, exact=GOOD, recency=BAD)
    assert no_peer_better("synthetic", "churn", found).met is True


def test_calibration_is_held_to_the_better_baseline(folder: Path) -> None:
    worse = many(folder, model=FAIR, lightgbm=GOOD, logistic=BAD)
    assert near_baseline("churn", worse).met is False
    assert "of LightGBM, its defaults" in near_baseline("churn", worse).measured
    assert calibrated("churn", worse).met is False
    assert near_baseline("churn", many(folder, model=GOOD, lightgbm=GOOD)).met is True


def test_what_was_not_measured_is_neither_met_nor_missed(folder: Path) -> None:
    alone = judged(folder, recency=BAD)
    for aim in (beats_the_better("churn", alone), gini_share("churn", alone), near_baseline("churn", alone)):
        assert (aim.measured, aim.met) == ("not measured", None)


def test_figures_are_told_with_their_intervals() -> None:
    assert said(Interval(0.7431, 0.73, 0.756)) == ".7431 (.7300 to .7560)"
    assert said(Interval(-0.0012, -0.02, 0.01), sign=True) == "-.0012 (-.0200 to +.0100)"
    assert said(Interval(0.951, 0.94, 0.96), percent=True) == "95.1% (94.0% to 96.0%)"
    assert said(Interval(1.0, None, None)) == "1.0000"
    assert said(Interval(None, None, None)) == "undefined"

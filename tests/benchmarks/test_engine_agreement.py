"""The check that contenders agree finds what it is for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from engine.agreement import compare_frames

MEASURED = {"calls": "exact", "usage": "sum", "trend": "change"}


def frame(**columns: list[float]) -> pd.DataFrame:
    keys = {"as_of": pd.to_datetime(["2025-01-01", "2025-01-01"]), "account_id": ["a", "b"]}
    return pd.DataFrame(keys | {"calls": [3.0, np.nan], "usage": [12.5, 0.0], "trend": [0.0, -0.5]} | columns)


def test_the_same_numbers_agree_in_any_order() -> None:
    found = compare_frames(frame(), frame().iloc[::-1], MEASURED)
    assert found.holds
    assert (found.rows, found.features) == (2, 3)


def test_a_count_must_be_equal_to_the_bit() -> None:
    found = compare_frames(frame(), frame(calls=[3.0000000001, np.nan]), MEASURED)
    assert [each.split(":")[0] for each in found.differences] == ["calls"]


def test_unknown_is_not_nothing() -> None:
    assert not compare_frames(frame(), frame(calls=[3.0, 0.0]), MEASURED).holds
    assert not compare_frames(frame(), frame(usage=[12.5, np.nan]), MEASURED).holds


def test_a_sum_may_differ_by_rounding_alone() -> None:
    assert compare_frames(frame(), frame(usage=[12.5 * (1 + 1e-12), 0.0]), MEASURED).holds
    assert not compare_frames(frame(), frame(usage=[12.5 * (1 + 1e-8), 0.0]), MEASURED).holds
    assert not compare_frames(frame(), frame(usage=[12.5, 1e-12]), MEASURED).holds


def test_a_change_may_differ_by_the_rounding_of_its_ratio() -> None:
    assert compare_frames(frame(), frame(trend=[1e-16, -0.5]), MEASURED).holds
    assert not compare_frames(frame(), frame(trend=[1e-8, -0.5]), MEASURED).holds


def test_rows_and_columns_must_be_there() -> None:
    assert not compare_frames(frame(), frame().iloc[:1], MEASURED).holds
    assert not compare_frames(frame(), frame().drop(columns="usage"), MEASURED).holds


def test_a_contender_may_have_some_of_the_features() -> None:
    found = compare_frames(frame(), frame().drop(columns="usage"), MEASURED, ["calls"])
    assert found.holds
    assert found.features == 1

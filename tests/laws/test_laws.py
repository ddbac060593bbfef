"""The five laws as properties over random histories."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from laws import (
    dates_together_or_alone_agree,
    other_accounts_change_nothing,
    row_order_changes_nothing,
    unknown_rows_change_nothing,
    wider_windows_never_count_less,
)
from random_histories import AS_OF, AS_OFS, Raw, raws

few = settings(max_examples=40, deadline=None, derandomize=True)


@few
@given(raws(), st.sampled_from(AS_OFS))
def test_rows_not_yet_known_change_nothing(raw: Raw, as_of: date) -> None:
    assert unknown_rows_change_nothing(raw, as_of) is None


@few
@given(raws(), st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(raw: Raw, seed: int) -> None:
    assert row_order_changes_nothing(raw, AS_OFS, seed) is None


@few
@given(raws(rows=40))
def test_rows_of_other_accounts_change_nothing(raw: Raw) -> None:
    assert other_accounts_change_nothing(raw, AS_OFS) is None


@few
@given(raws(rows=60))
def test_a_wider_window_never_counts_less(raw: Raw) -> None:
    assert wider_windows_never_count_less(raw, AS_OFS) is None


@few
@given(raws(rows=40), st.lists(st.integers(0, 120), min_size=2, max_size=6, unique=True))
def test_dates_built_together_equal_each_built_alone(raw: Raw, days: list[int]) -> None:
    assert dates_together_or_alone_agree(raw, [AS_OF - timedelta(days=back) for back in days]) is None

"""Churn by inactivity and upsell by spend, told as tables of small histories, judged at as_of 2025-03-01."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from models.targets import Target, declare, label
from pipeline.errors import AsOfError
from pipeline.history import History
from pipeline.settings import Settings, parse

Make = Callable[..., History]
AS_OF = date(2025, 3, 1)


def declared(**keys: Any) -> Target:
    data = {"name": "test", "tables": {"invoices": [{"source": "x"}]}}
    return declare(parse(Settings, data | {"targets": {"target": {"min_history_days": 0, **keys}}}, "test.toml"))[
        "target"
    ]


def churn(**keys: Any) -> Target:
    """Active: billed in January or February, `[2025-01-01, 2025-03-01)`. The window is March."""
    return declared(**{"kind": "churn", "by": "inactivity", "active_days": 59, "horizon": 31, **keys})


def upsell(**keys: Any) -> Target:
    """The base is February, `[2025-02-01, 2025-03-01)`, the window as many days: `[2025-03-01, 2025-03-29)`."""
    return declared(**{"kind": "upsell", "by": "spend", "horizon": 28, **keys})


def invoices(text: str) -> list[dict[str, Any]]:
    """Return the invoices written as "AMOUNT on DAY known DAY void DAY id NAME; ..."."""
    columns = {"on": "issued_at", "known": "known_at", "void": "voided_at", "id": "invoice_id"}
    rows = []
    for written in text.split("; "):
        amount, *words = written.split()
        told = {columns[word]: value for word, value in zip(words[::2], words[1::2], strict=True)}
        rows.append({"amount": float(amount), "invoice_id": None, "voided_at": None, **told})
    return rows


@pytest.mark.parametrize(
    ("lines", "section", "base", "expected"),
    [
        ("10 on 2025-02-10", "cohort", 10, 1),
        ("10 on 2025-02-10; 10 on 2025-03-10", "cohort", 10, 0),
        # Who is active: the days `[2025-01-01, 2025-03-01)`.
        ("10 on 2025-01-01", "cohort", 10, 1),
        ("10 on 2024-12-31", "outside", 0, None),
        ("10 on 2024-12-31T23:59:59.999999", "outside", 0, None),
        ("10 on 2025-02-28T23:59:59.999999", "cohort", 10, 1),
        # A day-grained row of the last day becomes known at as_of, which does not see it yet.
        ("5 on 2025-01-10; 10 on 2025-02-28", "cohort", 5, 1),
        ("5 on 2024-01-10; 10 on 2025-02-28", "outside", 0, None),
        # The window `[2025-03-01, 2025-04-01)`.
        ("10 on 2025-02-10; 1 on 2025-03-01", "cohort", 10, 0),
        ("10 on 2025-02-10; 1 on 2025-03-31", "cohort", 10, 0),
        ("10 on 2025-02-10; 1 on 2025-03-31T23:59:59.999999", "cohort", 10, 0),
        ("10 on 2025-02-10; 1 on 2025-04-01T00:00", "cohort", 10, 1),
        # Credit notes and empty invoices.
        ("10 on 2025-02-10; -4 on 2025-02-20", "cohort", 6, 1),
        ("10 on 2025-02-10; -25 on 2025-02-20", "cohort", -15, 1),
        ("10 on 2024-12-10; -4 on 2025-02-20", "outside", -4, None),
        ("10 on 2025-02-10; -4 on 2025-03-20", "cohort", 10, 1),
        ("10 on 2025-02-10; 0 on 2025-03-20", "cohort", 10, 1),
        # Late, corrected and withdrawn rows.
        ("10 on 2025-02-10 known 2025-03-05", "unseen", None, None),
        ("5 on 2025-01-10; 10 on 2025-02-10 known 2025-03-05", "cohort", 5, 1),
        ("10 on 2025-02-10; 10 on 2025-03-20 known 2025-04-01", "cohort", 10, 0),
        ("10 on 2025-02-10; 10 on 2025-03-20 known 2025-04-01T00:00:01", "cohort", 10, 1),
        ("10 on 2025-02-10; 10 on 2025-03-20 void 2025-03-25", "cohort", 10, 1),
        ("10 on 2025-02-10; 10 on 2025-03-20 void 2025-04-02", "cohort", 10, 0),
        ("10 on 2025-02-10; 10 on 2025-03-20 id i; 10 on 2025-04-20 known 2025-03-25 id i", "cohort", 10, 1),
        ("10 on 2025-02-10; 10 on 2025-03-20 id i; 10 on 2025-04-20 known 2025-04-02 id i", "cohort", 10, 0),
        ("10 on 2025-02-10 id i; 30 on 2025-02-10 known 2025-02-20 id i", "cohort", 30, 1),
        ("10 on 2025-02-10 id i; 30 on 2025-02-10 known 2025-03-02 id i", "cohort", 10, 1),
        ("10 on 2025-02-10 void 2025-02-20; 3 on 2024-06-01", "outside", 0, None),
        ("10 on 2025-02-10 void 2025-03-20", "cohort", 10, 1),
    ],
)
def test_churn(lines: str, section: str, base: float | None, expected: int | None, history_of: Make) -> None:
    rows = label(churn(), history_of(invoices=invoices(lines)), [AS_OF], date(2025, 4, 1)).to_dict("records")
    if section == "unseen":
        assert rows == []
        return
    (row,) = rows
    stake = pytest.approx(max(0, base or 0) * 31 / 59)
    assert (row["section"], row["base"], row["value_at_stake"]) == (section, base, stake)
    if expected is None:
        assert np.isnan(row["label"])
        assert np.isnan(row["realised"])
    else:
        assert (row["label"], row["realised"]) == (expected, stake if expected else 0)


@pytest.mark.parametrize(
    ("lines", "section", "base", "expected", "realised"),
    [
        ("100 on 2025-02-10; 150 on 2025-03-10", "cohort", 100, 1, 50),  # exactly the ratio
        ("100 on 2025-02-10; 149.9999 on 2025-03-10", "cohort", 100, 0, 0),
        ("100 on 2025-02-10; 100 on 2025-03-10; 70 on 2025-03-20", "cohort", 100, 1, 70),
        ("100 on 2025-02-10", "cohort", 100, 0, 0),
        # Credit notes count against either side.
        ("100 on 2025-02-10; -60 on 2025-02-12; 60 on 2025-03-10", "cohort", 40, 1, 20),
        ("100 on 2025-02-10; 200 on 2025-03-10; -60 on 2025-03-12", "cohort", 100, 0, 0),
        ("100 on 2025-02-10; -100 on 2025-02-12; 60 on 2025-03-10", "outside", 0, None, None),
        ("100 on 2025-02-10; -101 on 2025-02-12; 60 on 2025-03-10", "outside", -1, None, None),
        # The days before and after, both half-open.
        ("100 on 2025-02-01; 150 on 2025-03-01", "cohort", 100, 1, 50),
        ("100 on 2025-01-31; 150 on 2025-03-01", "outside", 0, None, None),
        ("100 on 2025-02-10; 150 on 2025-03-28", "cohort", 100, 1, 50),
        ("100 on 2025-02-10; 150 on 2025-03-29T00:00", "cohort", 100, 0, 0),
        # A late row adds to the window it occurred in, and never to the base that as_of saw.
        ("100 on 2025-02-10; 100 on 2025-02-12 known 2025-03-02; 150 on 2025-03-10", "cohort", 100, 1, 50),
        ("100 on 2025-02-10; 150 on 2025-03-10 known 2025-03-29", "cohort", 100, 1, 50),
        ("100 on 2025-02-10; 150 on 2025-03-10 known 2025-03-30", "cohort", 100, 0, 0),
        # Corrected from 300 to 120, in time and too late.
        ("100 on 2025-02-10; 300 on 2025-03-10 id i; 120 on 2025-03-10 known 2025-03-20 id i", "cohort", 100, 0, 0),
        ("100 on 2025-02-10; 300 on 2025-03-10 id i; 120 on 2025-03-10 known 2025-04-20 id i", "cohort", 100, 1, 200),
    ],
)
def test_upsell(
    lines: str, section: str, base: float, expected: int | None, realised: float | None, history_of: Make
) -> None:
    (row,) = label(upsell(), history_of(invoices=invoices(lines)), [AS_OF], date(2025, 3, 29)).to_dict("records")
    assert (row["section"], row["base"]) == (section, base)
    assert np.isnan(row["value_at_stake"])
    if expected is None:
        assert np.isnan(row["label"])
        assert np.isnan(row["realised"])
    else:
        assert (row["label"], row["realised"]) == (expected, realised)


def test_the_ratio_is_taken_as_it_is_written(history_of: Make) -> None:
    # In binary fractions 1.1 x 300 is 330.00000000000006.
    rows = invoices("300 on 2025-02-10; 330 on 2025-03-10")
    found = label(upsell(ratio=1.1), history_of(invoices=rows), [AS_OF], date(2025, 3, 29))
    assert found["label"].tolist() == [1.0]


def test_a_ratio_of_large_sums_does_not_overflow(history_of: Make) -> None:
    rows = invoices("90000000000 on 2025-02-10; 99999999999 on 2025-03-10")
    labels = [
        label(upsell(ratio=ratio), history_of(invoices=rows), [AS_OF], date(2025, 3, 29))["label"].tolist()
        for ratio in (1.11111111, 1.11111112)
    ]
    assert labels == [[1.0], [0.0]]


@pytest.mark.parametrize(
    ("lines", "churned", "grown"),
    [
        ("100 on 2025-02-10; 150 on 2025-03-10", 1, 0),  # in the gap: too early for either
        ("100 on 2025-02-10; 150 on 2025-03-15", 0, 1),
        ("100 on 2025-02-10; 150 on 2025-03-14T23:59:59", 1, 0),
    ],
)
def test_a_gap_moves_the_window(lines: str, churned: int, grown: int, history_of: Make) -> None:
    history = history_of(invoices=invoices(lines))
    found = [
        label(target, history, [AS_OF], date(2025, 4, 15))["label"].tolist()
        for target in (churn(gap=14), upsell(gap=14))
    ]
    assert found == [[churned], [grown]]


def test_data_that_end_inside_the_window_are_refused(history_of: Make) -> None:
    history = history_of(invoices=invoices("10 on 2025-02-10"))
    with pytest.raises(AsOfError, match=r"target 'target' .* as_of 2025-03-01: .* 31 days later .* 2025-03-31") as told:
        label(churn(), history, [AS_OF], date(2025, 3, 31))
    assert "Take an as_of of 2025-02-28 or earlier" in str(told.value)


def test_data_that_have_not_settled_are_refused(history_of: Make) -> None:
    history = history_of(invoices=invoices("10 on 2025-02-10"))
    with pytest.raises(AsOfError, match="settle_days 7"):
        label(churn(settle_days=7), history, [AS_OF], date(2025, 4, 7))
    assert len(label(churn(settle_days=7), history, [AS_OF], date(2025, 4, 8))) == 1

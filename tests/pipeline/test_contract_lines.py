from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from pipeline.asof import NEVER, instant
from pipeline.contract_lines import line_versions, mrr_at, sum_by_account
from pipeline.history import History, Rows

TIMES = ("started_at", "ended_at", "end_known_at")


def subscriptions(*rows: dict[str, object], columns: tuple[str, ...] = ()) -> Rows:
    """Return the visible rows at 2026-01-01 of contracts known since 2020."""
    names = ("account_id", "started_at", "mrr", "ended_at", *columns)
    data: dict[str, pa.Array] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if name in TIMES:
            data[name] = pa.array(values, pa.timestamp("us"))
        elif name in ("mrr", "seats"):
            data[name] = pa.array([None if v is None else int(v * 10_000) for v in values], pa.int64())  # type: ignore[operator]
        else:
            data[name] = pa.array(values, pa.string())
    data["ended_at__known"] = data["ended_at"]
    data["known_at"] = pa.array([day("2020-01-01")] * len(rows), pa.timestamp("us"))
    visible = History({"subscriptions": pa.table(data)}).known_by(date(2026, 1, 1)).rows("subscriptions")
    assert visible is not None
    return visible


def at(text: str) -> int:
    return instant(date.fromisoformat(text))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_version_holds_from_its_start_until_the_instant_it_ends() -> None:
    rows = subscriptions(
        {"account_id": "a", "started_at": day("2025-02-01"), "mrr": 100, "ended_at": day("2025-05-01")}
    )
    mrr = {text: int(mrr_at(rows, 1, at(text))[0]) for text in ("2025-01-31", "2025-02-01", "2025-04-30", "2025-05-01")}
    assert mrr == {"2025-01-31": 0, "2025-02-01": 1_000_000, "2025-04-30": 1_000_000, "2025-05-01": 0}


def test_the_next_version_of_a_line_takes_the_place_of_an_open_one() -> None:
    rows = subscriptions(
        {"account_id": "a", "subscription_id": "s", "started_at": day("2025-01-01"), "mrr": 100},
        {"account_id": "a", "subscription_id": "s", "started_at": day("2025-03-01"), "mrr": 150},
        columns=("subscription_id",),
    )
    versions = line_versions(rows)
    assert versions.line.tolist() == [0, 0]
    assert versions.end.tolist() == [at("2025-03-01"), NEVER]
    assert versions.mrr_at(1, at("2025-02-28")).tolist() == [1_000_000]
    assert versions.mrr_at(1, at("2025-03-01")).tolist() == [1_500_000]


def test_a_gap_between_two_versions_bills_nothing() -> None:
    rows = subscriptions(
        {"account_id": "a", "product": "p", "started_at": day("2025-01-01"), "mrr": 100, "ended_at": day("2025-02-01")},
        {"account_id": "a", "product": "p", "started_at": day("2025-03-01"), "mrr": 100},
        columns=("product",),
    )
    assert mrr_at(rows, 1, at("2025-02-15")).tolist() == [0]


def test_other_products_other_ids_and_other_accounts_are_other_lines() -> None:
    rows = subscriptions(
        {"account_id": "a", "product": "p", "started_at": day("2025-01-01"), "mrr": 1},
        {"account_id": "a", "product": "q", "started_at": day("2025-01-02"), "mrr": 2},
        {"account_id": "a", "product": "p", "subscription_id": "s", "started_at": day("2025-01-03"), "mrr": 4},
        {"account_id": "a", "product": "p", "subscription_id": "t", "started_at": day("2025-01-04"), "mrr": 8},
        {"account_id": "b", "product": "p", "started_at": day("2025-01-05"), "mrr": 16},
        columns=("product", "subscription_id"),
    )
    assert sorted(line_versions(rows).line.tolist()) == [0, 1, 2, 3, 4]
    assert mrr_at(rows, 3, at("2025-02-01")).tolist() == [150_000, 160_000, 0]


def test_a_line_named_by_id_keeps_its_line_when_the_product_changes() -> None:
    rows = subscriptions(
        {"account_id": "a", "product": "basic", "subscription_id": "s", "started_at": day("2025-01-01"), "mrr": 1},
        {"account_id": "a", "product": "plus", "subscription_id": "s", "started_at": day("2025-02-01"), "mrr": 2},
        columns=("product", "subscription_id"),
    )
    assert mrr_at(rows, 1, at("2025-03-01")).tolist() == [20_000]


def test_of_versions_that_start_together_the_last_one_holds() -> None:
    rows = subscriptions(
        {"account_id": "a", "subscription_id": None, "started_at": day("2025-01-01"), "mrr": 1},
        {"account_id": "a", "subscription_id": None, "started_at": day("2025-01-01"), "mrr": 2},
        columns=("subscription_id",),
    )
    assert mrr_at(rows, 1, at("2025-01-01")).tolist() == [20_000]


def test_no_rows_give_no_revenue() -> None:
    rows = subscriptions({"account_id": "a", "started_at": day("2025-01-01"), "mrr": 1}).take(np.zeros(1, dtype=bool))
    assert len(line_versions(rows)) == 0
    assert mrr_at(rows, 2, at("2025-01-01")).tolist() == [0, 0]


def test_a_missing_mrr_counts_as_nothing() -> None:
    rows = subscriptions({"account_id": "a", "started_at": day("2025-01-01"), "mrr": None})
    assert mrr_at(rows, 1, at("2025-01-01")).tolist() == [0]


def test_sums_stay_exact_when_the_running_sum_wraps_around() -> None:
    large = 2**62
    sums = sum_by_account(np.array([0, 1, 2]), np.array([large, large, large]), 4)
    assert sums.tolist() == [large, large, large, 0]


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_in_force_is_half_open(shift: int) -> None:
    rows = subscriptions({"account_id": "a", "started_at": day("2025-02-01"), "mrr": 1, "ended_at": day("2025-03-01")})
    versions = line_versions(rows)
    assert versions.in_force(at("2025-02-01") + shift).tolist() == [shift >= 0]
    assert versions.in_force(at("2025-03-01") + shift).tolist() == [shift < 0]

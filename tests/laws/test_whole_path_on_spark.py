"""The oracle and the laws along the whole path on a cluster: what several processes make of sources is the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from compare import disagreements
from laws import counts_less, difference
from random_histories import AS_OF
from whole_path import Built, as_it_could_also_be, build, company, differences_of_kept, kept_accounts


@pytest.fixture(scope="module")
def on_spark(cluster: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Built]:
    """Return what the cluster makes of the company in so many buckets."""

    @cache
    def made(buckets: int) -> Built:
        return build(company(), tmp_path_factory.mktemp("built") / "firm", {**cluster, "buckets": buckets}, (AS_OF,))

    return made


@pytest.fixture(params=(1, 7, 64))
def built(request: pytest.FixtureRequest, on_spark: Callable[[int], Built]) -> Built:
    return on_spark(request.param)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """What one process makes of the company."""
    return build(company(), tmp_path_factory.mktemp("here") / "firm", {"kind": "embedded", "buckets": 1}, (AS_OF,))


def test_every_feature_is_what_the_slow_loop_says(built: Built) -> None:
    assert disagreements(built.frame, company(), (AS_OF,), built.features) == []


def test_snapshot_and_features_are_to_the_bit_those_of_one_process(built: Built, here: Built) -> None:
    assert built.snapshot.digest == here.snapshot.digest
    assert difference(built.frame, here.frame) is None


def test_a_wider_window_never_counts_less(built: Built) -> None:
    assert counts_less(built.frame, built.features) is None


@pytest.mark.parametrize("buckets", [1, 7, 64])
def test_rows_unknown_and_of_other_accounts_and_the_order_of_rows_change_nothing(
    buckets: int, on_spark: Callable[[int], Built], cluster: dict[str, Any], tmp_path: Path
) -> None:
    kept = kept_accounts(company())
    raw = as_it_could_also_be(company(), AS_OF, kept)
    other = build(raw, tmp_path / "other", {**cluster, "buckets": buckets}, (AS_OF,))
    assert differences_of_kept(on_spark(buckets), other, kept) is None

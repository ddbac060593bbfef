"""The oracle and the laws along the whole path on a cluster: what several processes make of sources is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compare import disagreements
from laws import counts_less, difference
from random_histories import AS_OF, AS_OFS
from whole_path import Built, as_it_could_also_be, build, company, differences_of_kept, kept_accounts


@pytest.fixture(scope="module", params=(1, 7, 64))
def built(request: pytest.FixtureRequest, cluster: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Built:
    engine = {**cluster, "buckets": request.param}
    return build(
        company(), tmp_path_factory.mktemp("built") / "firm", engine, AS_OFS if request.param == 7 else (AS_OF,)
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """What one process makes of the company."""
    return build(company(), tmp_path_factory.mktemp("here") / "firm", {"kind": "embedded", "buckets": 1})


def test_every_feature_is_what_the_slow_loop_says(built: Built) -> None:
    as_ofs = [day.date() for day in built.frame["as_of"].unique()]
    assert disagreements(built.frame, company(), as_ofs, built.features) == []


def test_snapshot_and_features_are_to_the_bit_those_of_one_process(built: Built, here: Built) -> None:
    assert built.snapshot.digest == here.snapshot.digest
    same = here.frame[here.frame["as_of"].isin(built.frame["as_of"])].reset_index(drop=True)
    assert difference(built.frame, same) is None


def test_a_wider_window_never_counts_less(built: Built) -> None:
    assert counts_less(built.frame, built.features) is None


def test_rows_unknown_and_of_other_accounts_and_the_order_of_rows_change_nothing(
    cluster: dict[str, Any], tmp_path: Path
) -> None:
    kept = kept_accounts(company())
    ways = {"one": company(), "other": as_it_could_also_be(company(), AS_OF, kept)}
    one, other = (build(raw, tmp_path / name, {**cluster, "buckets": 7}, (AS_OF,)) for name, raw in ways.items())
    assert differences_of_kept(one, other, kept) is None

"""The oracle and the laws along the whole path, in one bucket and in many, built side by side in this process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from compare import disagreements
from laws import counts_less, difference
from random_histories import AS_OF, AS_OFS, columns_of, history_of
from whole_path import Built, as_it_could_also_be, build, company, differences_of_kept, kept_accounts

import pipeline.parts
from features.built import BuiltFeatures
from features.catalogue import features_for
from features.engine import build_features
from features.needs import needs
from pipeline.history import History, Ints
from pipeline.settings import AccountSettings

DATES: dict[int, tuple[date, ...]] = {1: AS_OFS, 7: AS_OFS, 64: (AS_OF,)}
"""Buckets -> the dates asked for: each bucket and date costs its share."""


def engine(buckets: int) -> dict[str, object]:
    return {"kind": "embedded", "buckets": buckets}


@pytest.fixture(scope="module", params=DATES)
def buckets(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="module")
def built(buckets: int, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(company(), tmp_path_factory.mktemp("built") / "firm", engine(buckets), DATES[buckets])


def test_the_company_lies_in_so_many_buckets_and_has_every_table(built: Built, buckets: int) -> None:
    assert built.snapshot.buckets == buckets
    assert set(built.snapshot.columns) == {"accounts", "interactions", "invoices", "subscriptions", "holdings"}
    assert built.frame["account_id"].nunique() > 15


def test_every_feature_is_what_the_slow_loop_says(built: Built, buckets: int) -> None:
    assert disagreements(built.frame, company(), DATES[buckets], built.features) == []


def test_features_are_to_the_bit_those_of_one_history(built: Built, buckets: int) -> None:
    raw = company()
    whole = build_features(history_of(raw), DATES[buckets], features_for(columns_of(raw), AccountSettings()))
    assert difference(built.frame, whole) is None


def test_rows_unknown_and_of_other_accounts_and_the_order_of_rows_change_nothing(
    built: Built, buckets: int, tmp_path: Path
) -> None:
    kept = kept_accounts(company())
    other = build(as_it_could_also_be(company(), AS_OF, kept), tmp_path / "other", engine(buckets), (AS_OF,))
    assert other.snapshot.digest != built.snapshot.digest
    assert differences_of_kept(built, other, kept) is None


def test_each_feature_is_the_same_from_what_it_says_it_looks_at(built: Built) -> None:
    fullest = max(range(built.snapshot.buckets), key=lambda bucket: len(built.snapshot.ids(bucket)))
    together = build_features(built.snapshot.history(fullest), [AS_OF], built.features)
    for feature in built.features:
        looked_at = needs([feature], [AS_OF])
        since = {table: need.since for table, need in looked_at.items() if need.since is not None}
        columns = {table: need.columns for table, need in looked_at.items()}
        alone = build_features(built.snapshot.history(fullest, since, columns), [AS_OF], [feature])
        assert difference(alone, together[[*alone]]) is None, looked_at


def test_a_wider_window_never_counts_less(built: Built) -> None:
    assert counts_less(built.frame, built.features) is None


# --- each of these is worth something only if it fails on a bug ---------------------------------------------------


def test_the_oracle_catches_an_engine_that_drops_the_last_buckets_last_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole: Callable[..., object] = BuiltFeatures.table

    def dropping(self: BuiltFeatures, as_of: date, bucket: int, *more: object) -> object:
        table = whole(self, as_of, bucket, *more)
        return table.slice(0, len(table) - 1) if bucket == self.snapshot.buckets - 1 else table

    monkeypatch.setattr(BuiltFeatures, "table", dropping)
    built = build(company(), tmp_path / "firm", engine(7), (AS_OF,))
    (found,) = disagreements(built.frame, company(), (AS_OF,), built.features)
    assert "accounts" in found


def test_the_laws_catch_an_engine_that_goes_by_the_order_of_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def by_time_alone(table: object, chosen: Ints, account: Ints, occurred: Ints, contract: object) -> Ints:
        return chosen[np.lexsort((chosen, occurred[chosen], account[chosen]))]

    monkeypatch.setattr(pipeline.parts, "canonical_positions", by_time_alone)
    raw, kept = company(), kept_accounts(company())
    one = build(raw, tmp_path / "one", engine(7), (AS_OF,))
    other = build(as_it_could_also_be(raw, AS_OF, kept), tmp_path / "other", engine(7), (AS_OF,))
    assert differences_of_kept(one, other, kept) is not None


def test_the_oracle_catches_first_days_of_a_bucket_taken_for_those_of_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def of_its_own(tables: object, first_days: object, *more: object) -> History:
        return History(tables, None, *more)

    monkeypatch.setattr("pipeline.snapshot.History", of_its_own)
    built = build(company(), tmp_path / "firm", engine(7), (AS_OF,))
    assert disagreements(built.frame, company(), (AS_OF,), built.features) != []

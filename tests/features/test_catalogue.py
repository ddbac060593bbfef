from __future__ import annotations

import pytest

from features.catalogue import FEATURES, catalogue_digest, features_for, missing_columns
from features.derived import Recent, Trend
from features.spec import ALL, Aggregate
from features.words import Words
from pipeline.errors import SettingsError
from pipeline.settings import AccountSettings

INVOICES = ("account_id", "issued_at", "amount")


def names(columns: dict[str, tuple[str, ...]]) -> set[str]:
    return {feature.name for feature in features_for(columns, AccountSettings())}


def test_names_are_unique_and_say_their_window() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    for feature in FEATURES:
        if feature.window is not ALL:
            assert feature.name.endswith(f"_{feature.window}d")


def test_features_of_absent_tables_and_columns_are_left_out() -> None:
    found = names({"invoices": INVOICES})
    assert {"spend_30d", "purchase_days_30d", "days_observed"} <= found
    assert not found & {"products_bought_90d", "overdue_amount", "logins_30d", "mrr", "days_since_opened"}
    assert "products_bought_90d" in names({"invoices": (*INVOICES, "product")})
    paid = names({"invoices": (*INVOICES, "paid_at")})
    assert "open_amount" in paid
    assert "overdue_amount" not in paid


def test_the_columns_a_feature_misses_are_named() -> None:
    (share,) = (feature for feature in FEATURES if feature.name == "share_paid_late_90d")
    assert missing_columns(share, {"invoices": INVOICES}) == ("invoices.paid_at", "invoices.due_at")
    assert missing_columns(share, {}) == ("invoices.amount", "invoices.paid_at", "invoices.due_at")


def test_an_attribute_must_be_mapped() -> None:
    with pytest.raises(SettingsError, match="'segmnt', which is not a column of accounts; did you mean 'segment'"):
        features_for({"accounts": ("account_id", "segment")}, AccountSettings(features=("segmnt",)))


def test_an_attribute_without_a_past_must_be_constant() -> None:
    columns = {"accounts": ("account_id", "segment")}
    with pytest.raises(SettingsError, match="'segment', but accounts has no known_at"):
        features_for(columns, AccountSettings(features=("segment",)))
    constant = AccountSettings(features=("segment",), constant=("segment",))
    assert [feature.name for feature in features_for(columns, constant)][-1] == "segment"
    dated = {"accounts": ("account_id", "segment", "known_at")}
    assert features_for(dated, AccountSettings(features=("segment",)))[-1].unit == "category"


@pytest.mark.parametrize("name", ["seats", "account_id"])
def test_an_attribute_must_not_take_the_name_of_a_built_feature(name: str) -> None:
    columns = {
        "accounts": ("account_id", "seats"),
        "subscriptions": ("account_id", "started_at", "mrr", "seats"),
    }
    settings = AccountSettings(features=(name,), constant=(name,))
    with pytest.raises(SettingsError, match=f"'{name}', which is the name of a built feature or a key"):
        features_for(columns, settings)


def test_an_attribute_may_have_the_name_of_a_feature_that_is_not_built() -> None:
    settings = AccountSettings(features=("seats",), constant=("seats",))
    assert features_for({"accounts": ("account_id", "seats")}, settings)[-1].table == "accounts"


def test_an_attribute_is_listed_once() -> None:
    settings = AccountSettings(features=("segment", "segment"), constant=("segment",))
    with pytest.raises(SettingsError, match="names 'segment' twice"):
        features_for({"accounts": ("account_id", "segment")}, settings)


def test_the_digest_follows_the_features_and_their_order() -> None:
    assert catalogue_digest(FEATURES) == catalogue_digest(list(FEATURES))
    assert catalogue_digest(FEATURES) != catalogue_digest(FEATURES[1:])
    assert catalogue_digest(FEATURES) != catalogue_digest(FEATURES[::-1])


def test_distinct_values_have_no_trend_and_no_decay() -> None:
    distinct = Aggregate("kinds", "interactions", "distinct", Words("kind|kinds", "slags"), column="kind")
    with pytest.raises(ValueError, match="kinds: distinct values have no trend"):
        Trend(distinct)
    with pytest.raises(ValueError, match="kinds: only counts, days and sums can be decayed; found 'distinct'"):
        Recent(distinct)


@pytest.mark.parametrize("name", ["name", "account_manager", "team", "parent_id"])
def test_an_attribute_that_names_accounts_or_people_is_refused(name: str) -> None:
    columns = {"accounts": ("account_id", name, "known_at")}
    with pytest.raises(SettingsError, match=f"names '{name}', which names accounts or people"):
        features_for(columns, AccountSettings(features=(name,)))

"""How a config's [targets] become targets, and what a wrong one is told."""

from __future__ import annotations

from typing import Any

import pytest

from models.targets import KINDS, Target, declare
from models.targets.target import exact
from pipeline.errors import SettingsError
from pipeline.settings import Settings, parse
from pipeline.tables import HISTORY_TABLES

BOTH = ("invoices", "subscriptions")


def declared(*tables: str, min_history_days: int = 30, **targets: dict[str, Any]) -> dict[str, Target]:
    data = {
        "name": "test",
        "tables": {table: [{"source": "x"}] for table in tables or BOTH},
        "accounts": {"min_history_days": min_history_days},
        "targets": targets,
        "file": "test.toml",
    }
    return declare(parse(Settings, data, "test.toml"))


@pytest.mark.parametrize(
    ("keys", "tables", "by"),
    [
        ({"kind": "churn"}, BOTH, "contract"),
        ({"kind": "churn"}, ("subscriptions",), "contract"),
        ({"kind": "churn"}, ("invoices",), "inactivity"),
        ({"kind": "churn"}, ("interactions",), "contract"),
        ({"kind": "churn", "by": "inactivity"}, BOTH, "inactivity"),
        ({"kind": "upsell"}, BOTH, "contract"),
        ({"kind": "upsell"}, ("invoices",), "spend"),
        ({"kind": "upsell", "by": "spend"}, BOTH, "spend"),
    ],
)
def test_without_by_contracts_come_first_where_there_are_any(
    keys: dict[str, str], tables: tuple[str, ...], by: str
) -> None:
    target = declared(*tables, target=keys)["target"]
    assert (target.kind, target.by) == (keys["kind"], by)


def test_targets_keep_the_order_of_the_config_and_may_share_a_kind() -> None:
    found = declared(upsell={"kind": "upsell"}, churn_fast={"kind": "churn", "horizon": 30}, churn={"kind": "churn"})
    assert [(name, target.window.horizon) for name, target in found.items()] == [
        ("upsell", 90),
        ("churn_fast", 30),
        ("churn", 90),
    ]


def test_no_targets_are_none() -> None:
    assert declared() == {}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, r"test\.toml: targets\.churn: missing key 'kind'; one of 'churn', 'upsell', 'event'"),
        ({"kind": "chrun"}, r"targets\.churn\.kind: no such kind of target: 'chrun'; did you mean 'churn'\?"),
        ({"kind": "renewal"}, r"present are: 'churn', 'event', 'upsell'"),
        ({"kind": "churn", "by": "contracts"}, r"targets\.churn\.by: .* 'contracts'; did you mean 'contract'\?"),
        ({"kind": "churn", "by": "spend"}, r"churn cannot be judged by 'spend'; present are: 'contract', 'inactivity'"),
        ({"kind": "churn", "by": ["contract"]}, r"churn cannot be judged by \['contract'\]"),
        (
            {"kind": "churn", "horizn": 60},
            r"targets\.churn: unknown key 'horizn'; did you mean 'horizon' or 'horizons'\?",
        ),
        ({"kind": "churn", "ratio": 2}, r"unknown key 'ratio'"),
        ({"kind": "churn", "horizon": 0}, r"horizon: .*greater than or equal to 1 \(found 0\)"),
        ({"kind": "churn", "horizon": "long"}, r"horizon: .*valid integer.* \(found 'long'\)"),
        ({"kind": "churn", "gap": -1}, r"gap: .*greater than or equal to 0"),
        ({"kind": "churn", "settle_days": -1}, r"settle_days: .*greater than or equal to 0"),
        ({"kind": "churn", "min_history_days": -1}, r"min_history_days: .*greater than or equal to 0"),
        ({"kind": "churn", "grace_days": -1}, r"grace_days: .*greater than or equal to 0"),
        ({"kind": "churn", "dated_by": "start"}, r"dated_by: .*'notice' or 'end' \(found 'start'\)"),
        ({"kind": "churn", "by": "inactivity", "active_days": 0}, r"active_days: .*greater than or equal to 1"),
        ({"kind": "upsell", "min_growth": 0}, r"min_growth: .*greater than 0"),
        ({"kind": "upsell", "min_growth": float("nan")}, r"min_growth: .*finite number"),
        ({"kind": "upsell", "by": "spend", "ratio": 1}, r"ratio: .*greater than 1"),
        ({"kind": "upsell", "by": "spend", "ratio": float("inf")}, r"ratio: .*(finite number|less than or equal)"),
    ],
)
def test_a_wrong_target_is_told_the_key_and_what_would_do(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        declared(churn=keys)


@pytest.mark.parametrize("name", ["Churn", "my churn", "../churn", "", "churn:1"])
def test_a_name_that_cannot_name_a_model_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="expected a name of a-z, 0-9, _ and -"):
        declared(**{name: {"kind": "churn"}})


def test_min_history_days_of_a_target_wins_over_that_of_accounts() -> None:
    found = declared(a={"kind": "churn"}, b={"kind": "churn", "min_history_days": 0}, min_history_days=45)
    assert (found["a"].min_history_days, found["b"].min_history_days) == (45, 0)


@pytest.mark.parametrize(
    ("keys", "columns", "reason"),
    [
        ({"kind": "churn", "by": "contract"}, {"subscriptions": ("account_id", "started_at", "mrr")}, None),
        (
            {"kind": "churn", "by": "contract"},
            {"invoices": ("account_id", "issued_at", "amount")},
            "needs the table subscriptions, which is not among the tables present: invoices",
        ),
        (
            {"kind": "upsell", "by": "contract"},
            {"subscriptions": ("account_id", "started_at")},
            "needs subscriptions.mrr, which is not mapped",
        ),
        (
            {"kind": "upsell", "by": "spend"},
            {},
            "needs the table invoices, which is not among the tables present: none",
        ),
        ({"kind": "churn", "by": "inactivity"}, {"invoices": ("account_id", "issued_at", "amount")}, None),
    ],
)
def test_a_target_whose_data_are_absent_says_why(
    keys: dict[str, str], columns: dict[str, tuple[str, ...]], reason: str | None
) -> None:
    assert declared(target=keys)["target"].available(columns) == reason


def test_a_target_tells_its_definition_with_every_default() -> None:
    assert declared(churn={"kind": "churn"})["churn"].plain() == {
        "name": "churn",
        "kind": "churn",
        "by": "contract",
        "horizon": 90,
        "gap": 0,
        "settle_days": 30,
        "min_history_days": 30,
        "grace_days": 30,
        "dated_by": "notice",
        "risk": True,
    }


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"kind": "churn", "by": "inactivity", "horizon": 60},
            {
                "cohort": "a positive invoice in the last 120 days",
                "label": "no positive invoice in the window of 60 days",
                "value": "net spend of the last 120 days x 60 / 120",
            },
        ),
        (
            {"kind": "churn", "by": "contract", "horizon": 60},
            {
                "cohort": "MRR above 0 and no termination known",
                "label": "notice is given or MRR is 0 in the window of 60 days, and no line starts within 30 days of "
                "the end",
                "value": "12 x MRR",
            },
        ),
        (
            {"kind": "upsell", "by": "contract", "horizon": 60},
            {
                "cohort": "MRR above 0 and no termination known",
                "label": "MRR at least 1.1 times as high at the end of the window of 60 days",
                "value": "the expected increment of 12 x MRR given growth",
            },
        ),
        (
            {"kind": "upsell", "by": "spend", "horizon": 60},
            {
                "cohort": "net spend above 0 in the last 60 days",
                "label": "net spend at least 1.5 times as high in the window of 60 days as in the 60 before",
                "value": "the expected increment given growth",
            },
        ),
    ],
)
def test_a_target_says_in_words_what_it_asks(keys: dict[str, Any], words: dict[str, str]) -> None:
    assert dict(declared(target=keys)["target"].words) == words


def test_the_lookback_covers_what_the_cohort_needs() -> None:
    found = declared(
        a={"kind": "churn"},
        b={"kind": "churn", "by": "inactivity", "active_days": 20},
        c={"kind": "churn", "by": "inactivity"},
        d={"kind": "upsell", "by": "spend", "horizon": 60},
    )
    assert [target.lookback for target in found.values()] == [30, 30, 120, 60]


def test_kinds_read_tables_that_are_cut_at_as_of() -> None:
    assert {table for kind in KINDS for table in kind.reads} <= set(HISTORY_TABLES)
    assert len({(kind.kind, kind.by) for kind in KINDS}) == len(KINDS)


def test_numbers_are_read_as_written() -> None:
    assert (exact(1.1).numerator, exact(1.1).denominator) == (11, 10)
    assert (exact(2.0).numerator, exact(2.0).denominator) == (2, 1)
    assert exact(1e-5) * 100_000 == 1

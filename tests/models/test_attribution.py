"""Why a score changed: parts that add up, each with one cause, on three accounts and models made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from math import exp
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.attribution import COLUMNS, PARTS, ScoreChange, in_points, moved_features, score_change
from models.manifest import FittedModel
from models.material import Material
from models.registry import Champion
from pipeline.errors import ModelError
from pipeline.settings import Settings, parse
from pipeline.snapshot import take_snapshot
from pipeline.store import Run, RunRecord, Store, store_url

A, B = date(2025, 3, 1), date(2025, 3, 11)

INVOICES = """\
account_id,issued_at,amount,known_at
quiet,2025-01-01,10,2025-01-01
quiet,2025-02-09,10,2025-02-09
buys,2025-01-01,10,2025-01-01
buys,2025-02-09,10,2025-02-09
buys,2025-03-06,10,2025-03-06
late,2025-01-01,10,2025-01-01
late,2025-02-09,10,2025-02-09
late,2025-02-19,10,2025-03-05
barred,2025-02-09,10,2025-02-09
unseen,2025-03-09,10,2025-03-09
"""


def chance(odds: float) -> float:
    return 1 / (1 + exp(-odds))


@pytest.fixture
def material(tmp_path: Path) -> Material:
    (tmp_path / "invoices.csv").write_text(INVOICES)
    (tmp_path / "exclusions.csv").write_text("account_id,reason\nbarred,objection\n")
    data: dict[str, Any] = {
        "name": "firm",
        "folder": tmp_path,
        "file": "firm.toml",
        "state": "state",
        "tables": {"invoices": [{"source": "invoices.csv"}], "exclusions": [{"source": "exclusions.csv"}]},
        "targets": {"churn": {"kind": "churn", "by": "inactivity", "horizon": 30, "active_days": 90}},
    }
    settings = parse(Settings, data, "firm.toml")
    return Material.of(settings, take_snapshot(settings, B))


Models = dict[str, FittedModel]


@pytest.fixture
def models(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    """Models by digest, which the registry gives; log-odds are straight lines in a feature."""
    kept: Models = {}

    class Registry:
        def __init__(self, settings: Settings) -> None:
            pass

        def version(self, target: str, digest: str) -> Champion:
            if digest not in kept:
                raise ModelError(f"model keepgrow-{target} has no version with digest {digest[:16]}")
            model = kept[digest]
            model.save(tmp_path / digest)
            return Champion(target, 1, digest, "", tmp_path / digest, model.manifest)

    monkeypatch.setattr("models.attribution.Registry", Registry)
    return kept


@pytest.fixture
def model_of(material: Material, models: Models) -> Callable[..., str]:
    """Register the model with these slopes and return its digest."""

    def make(intercept: float = 0.0, target: dict[str, Any] | None = None, **slopes: float) -> str:
        terms = [
            {"feature": name, "knots": [0, 100], "levels": [0, 100 * slope], "missing": 0, "at_mean": 0}
            for name, slope in slopes.items()
        ]
        manifest = {
            "format": 1,
            "target": material.target("churn").plain() | (target or {}),
            "recipe": "logistic",
            "trained_until": "2025-01-01",
            "features": [{"name": name, "type": "number", "typical": 0.0} for name in slopes],
            "members": [{"kind": "additive", "file": "lines.json", "weight": 1.0}],
            "calibration": {"slope": 1.0, "intercept": 0.0},
            "increment": None,
        }
        files = {"lines.json": json.dumps({"intercept": intercept, "terms": terms}).encode()}
        model = FittedModel.of(manifest, files, 1)
        models[model.digest] = model
        return model.digest

    return make


def run_of(material: Material, as_of: date, model: str, scores: dict[str, float], currency: str = "EUR") -> Run:
    """Publish a run with these scores."""
    record = RunRecord(
        as_of=as_of, target="churn", model_name="keepgrow-churn", model_version="1", model_digest=model,
        feature_digest=str(sorted(scores.items())), settings_digest="s", code_version="0", currency=currency,
        created_at=datetime(2025, 3, 11, tzinfo=UTC),
        counts={"scored": len(scores), "listed": 0, "leaving": 0, "too_new": 0},
    )  # fmt: skip
    frame = pd.DataFrame(
        {"account_id": list(scores), "section": "cohort", "probability": list(scores.values()), "value_at_stake": 1.0,
         "expected_value": 1.0}
    )  # fmt: skip
    rows = pd.DataFrame(columns=["account_id", "section", "rank", "account_manager", "probability", "value_at_stake",
                                 "expected_value", "reasons"])  # fmt: skip
    with Store(store_url(material.settings)) as store:
        return store.run(store.publish(record, rows, frame, excluded=()).run_id)


def change(material: Material, before: Run, after: Run, accounts: list[str] | None = None) -> ScoreChange:
    found = score_change(material, material.target("churn"), before, after, accounts)
    assert found.said is None, found.said
    return found


def row(found: ScoreChange, account: str) -> dict[str, float]:
    (only,) = found.parts[found.parts["account_id"] == account].to_dict("records")
    return only


LINES = {"days_since_purchase": 0.02, "purchase_days_all": -0.5}


def test_all_four_causes_at_once_add_up(material: Material, model_of: Callable[..., str]) -> None:
    old, new = model_of(**LINES), model_of(intercept=1.0, **LINES)
    # Bought 20 days before A, on 2 days so far; 30 days before B.
    truly = chance(0.4 - 1.0)
    before = run_of(material, A, old, {"quiet": truly, "buys": 0.9, "late": truly})
    stands = chance(0.6 - 1.0)
    bought, heard = chance(0.1 - 1.5), chance(0.4 - 1.5)  # 5 and 20 days before B, on 3 days
    after = run_of(
        material, B, new, {"quiet": chance(0.6), "buys": chance(0.1 - 0.5), "late": chance(0.4 - 0.5), "unseen": 0.5}
    )
    found = change(material, before, after)
    assert tuple(found.parts.columns) == COLUMNS
    assert found.parts["account_id"].tolist() == ["buys", "late", "quiet", "unseen"]
    assert row(found, "quiet") == pytest.approx(
        {"account_id": "quiet", "before": truly, "rewritten": 0.0, "passing_time": stands - truly, "new_facts": 0.0,
         "new_model": chance(0.6) - stands, "after": chance(0.6)},
        abs=1e-15,
    )  # fmt: skip
    assert row(found, "buys")["rewritten"] == pytest.approx(truly - 0.9, abs=1e-15)
    assert row(found, "buys")["new_facts"] == pytest.approx(bought - stands, abs=1e-15)
    assert row(found, "late")["new_facts"] == pytest.approx(heard - stands, abs=1e-15)
    # Not scored before: there is nothing that changed.
    assert pd.isna([row(found, "unseen")[name] for name in ("before", *PARTS)]).all()
    both = found.parts.dropna()
    sums = both[list(PARTS)].sum(axis=1)
    assert (sums - (both["after"] - both["before"])).abs().max() < 1e-12


def alone(found: ScoreChange, account: str, part: str, expected: float) -> None:
    """All of the change is in one part; the others are 0, exactly."""
    told = row(found, account)
    assert told[part] == pytest.approx(expected, abs=1e-15)
    assert [told[other] for other in PARTS if other != part] == [0.0, 0.0, 0.0]


def test_passing_time_alone(material: Material, model_of: Callable[..., str]) -> None:
    model = model_of(**LINES)
    scores = chance(0.02 * 20 - 1.0), chance(0.02 * 30 - 1.0)
    before, after = (run_of(material, day, model, {"quiet": p}) for day, p in zip((A, B), scores, strict=True))
    alone(change(material, before, after), "quiet", "passing_time", scores[1] - scores[0])


@pytest.mark.parametrize("account", ["buys", "late"])
def test_new_facts_alone(material: Material, model_of: Callable[..., str], account: str) -> None:
    model = model_of(purchase_days_all=-0.5)
    before = run_of(material, A, model, {account: chance(-1.0)})
    after = run_of(material, B, model, {account: chance(-1.5)})
    alone(change(material, before, after), account, "new_facts", chance(-1.5) - chance(-1.0))


def test_a_new_model_alone(material: Material, model_of: Callable[..., str]) -> None:
    before = run_of(material, A, model_of(purchase_days_all=-0.5), {"quiet": chance(-1.0)})
    after = run_of(material, A, model_of(purchase_days_all=0.5), {"quiet": chance(1.0)})
    alone(change(material, before, after), "quiet", "new_model", chance(1.0) - chance(-1.0))


def test_a_rewritten_source_alone(material: Material, model_of: Callable[..., str]) -> None:
    model = model_of(purchase_days_all=-0.5)
    # When it was scored the tables told of three purchases; today they tell of two.
    before, after = (run_of(material, A, model, {"quiet": p}) for p in (chance(-1.5), chance(-1.0)))
    alone(change(material, before, after), "quiet", "rewritten", chance(-1.0) - chance(-1.5))


def test_a_source_rewritten_after_the_later_run_counts_as_rewritten_too(
    material: Material, model_of: Callable[..., str]
) -> None:
    model = model_of(purchase_days_all=-0.5)
    before, after = (run_of(material, A, model, {"quiet": p}) for p in (chance(-1.0), chance(-2.5)))
    alone(change(material, before, after), "quiet", "rewritten", chance(-2.5) - chance(-1.0))


@pytest.mark.parametrize("account", ["unseen", "never"])
def test_an_account_that_todays_tables_do_not_know_then_was_rewritten(
    material: Material, model_of: Callable[..., str], account: str
) -> None:
    model = model_of(purchase_days_all=-0.5)
    before = run_of(material, A, model, {account: 0.2})
    after = run_of(material, B, model, {account: chance(-0.5)})
    found = change(material, before, after)
    alone(found, account, "rewritten", chance(-0.5) - 0.2)
    assert moved_features(found.steps, account) == {"passing_time": [], "new_facts": []}


def test_excluded_accounts_never_appear(material: Material, model_of: Callable[..., str]) -> None:
    model = model_of(**LINES)
    before, after = (run_of(material, day, model, {"barred": 0.5, "quiet": 0.5}) for day in (A, B))
    assert change(material, before, after).parts["account_id"].tolist() == ["quiet"]
    assert change(material, before, after, ["barred"]).parts.empty
    found = change(material, before, after, ["quiet"])
    assert found.steps is not None
    assert found.steps.now.index.tolist() == ["quiet"]


def test_a_few_accounts_get_the_parts_they_get_among_all(material: Material, model_of: Callable[..., str]) -> None:
    model = model_of(**LINES)
    before, after = (run_of(material, day, model, {"quiet": 0.5, "late": 0.4}) for day in (A, B))
    among = change(material, before, after).parts
    own = change(material, before, after, ["late"]).parts
    pd.testing.assert_frame_equal(own, among[among["account_id"] == "late"].reset_index(drop=True))


def test_which_features_moved_and_how_much_that_weighed(material: Material, model_of: Callable[..., str]) -> None:
    model = model_of(**LINES)
    before, after = (run_of(material, day, model, {"buys": 0.5}) for day in (A, B))
    moved = moved_features(change(material, before, after).steps, "buys")
    assert moved["passing_time"] == [
        {"feature": "days_since_purchase", "before": 20.0, "after": 30.0, "contribution": pytest.approx(0.2)}
    ]
    assert moved["new_facts"] == [
        {"feature": "days_since_purchase", "before": 30.0, "after": 5.0, "contribution": pytest.approx(-0.5)},
        {"feature": "purchase_days_all", "before": 2.0, "after": 3.0, "contribution": pytest.approx(-0.5)},
    ]


def said(material: Material, before: Run, after: Run) -> str:
    found = score_change(material, material.target("churn"), before, after)
    assert found.steps is None
    assert found.parts[list(PARTS)].isna().all(axis=None)
    assert found.parts["before"].notna().all()
    return str(found.said)


def test_what_cannot_be_taken_apart_says_why(material: Material, model_of: Callable[..., str]) -> None:
    now = model_of(**LINES)
    after = run_of(material, B, now, {"quiet": 0.5})
    gone = run_of(material, A, "d" * 64, {"quiet": 0.5})
    assert said(material, gone, after) == "model keepgrow-churn has no version with digest dddddddddddddddd"
    other = run_of(material, A, model_of(target={"horizon": 90}, **LINES), {"quiet": 0.5})
    assert "answers another question than [targets.churn] asks: horizon (trained for 90, now 30)" in said(
        material, other, after
    )
    wider = run_of(material, A, model_of(logins_30d=1.0, **LINES), {"quiet": 0.5})
    assert "needs 1 features that today's tables and catalogue do not give, such as 'logins_30d'" in said(
        material, wider, after
    )
    assert "is of a later as_of" in said(material, after, gone)
    dollars = run_of(material, A, now, {"quiet": 0.4}, currency="USD")
    assert f"run {dollars.run_id} is in USD, run {after.run_id} in EUR" in said(material, dollars, after)


def test_a_run_compared_with_itself_did_not_change(material: Material, model_of: Callable[..., str]) -> None:
    run = run_of(material, A, model_of(purchase_days_all=-0.5), {"quiet": chance(-1.0)})
    told = row(change(material, run, replace(run)), "quiet")
    assert [told[part] for part in PARTS] == [0.0] * 4


@pytest.mark.parametrize(
    ("before", "parts", "after", "shown"),
    [
        (0.1, [0.0, 0.05, 0.0, 0.05], 0.2, [0.0, 5.0, 0.0, 5.0]),
        (0.10004, [0.0, 0.0, 0.0001, 0.00042], 0.10056, [0.0, 0.0, 0.0, 0.1]),  # 10.0 to 10.1
        (0.2, [0.0, -0.0333, -0.0333, -0.0334], 0.1, [0.0, -3.3, -3.3, -3.4]),
        (0.3, [0.1234, -0.1234, 0.0, 0.0], 0.3, [12.3, -12.3, 0.0, 0.0]),
        (0.1004, [0.0, 0.0002, 0.0, 0.0], 0.1006, [0.0, 0.1, 0.0, 0.0]),  # 10.0 to 10.1
        (0.5, [0.0, 0.0, 0.0, 0.0], 0.5, [0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_parts_in_points_add_up_to_the_change_as_shown(
    before: float, parts: list[float], after: float, shown: list[float]
) -> None:
    assert in_points(before, parts, after) == shown
    assert sum(shown) == pytest.approx(round(100 * after, 1) - round(100 * before, 1))

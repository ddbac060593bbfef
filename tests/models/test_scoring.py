"""Scoring bucket by bucket: however accounts are dealt, lists, scores and run ids stay the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from models.bucket_scores import score_rows
from models.dataset import Dataset
from models.manifest import FittedModel
from models.material import Material
from models.scoring import Chosen, drafts, score_targets
from models.train import fit
from pipeline.changes import change_since
from pipeline.errors import ModelError
from pipeline.exports import canonical_csv
from pipeline.score_files import Scores
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
from pipeline.store import RunRecord
from pipeline.synthetic import make_company

AS_OF, TRAINED = date(2026, 1, 1), date(2025, 6, 5)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    make_company(folder / "company", 300, 1, truth=False)
    return folder


def material_of(company: Path, root: Path, state: Path, buckets: int) -> Material:
    changes: dict[str, Any] = {"root": str(company), "state": str(state), "engine": {"buckets": buckets}}
    changes |= {"training": {"threads": 1, "min_positives": 5}, "lists": {"capacity": 3}}
    settings = read_settings(root / "configs/demo.toml", **changes)
    return Material.of(settings, take_snapshot(settings, AS_OF))


@pytest.fixture(scope="module")
def models(company: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, FittedModel]:
    material = material_of(company, root, tmp_path_factory.mktemp("state"), 1)
    return {
        name: fit(material.dataset(target, [TRAINED], AS_OF), target, material.features, material.settings, AS_OF)
        for name, target in material.targets.items()
    }


def told(material: Material, models: Mapping[str, FittedModel]) -> dict[str, tuple[str, str, str, dict[str, Any]]]:
    """Return, by target, the run's id, the digests of its canonical CSV and of its scores, and its counts."""
    found = {}
    with drafts(material, {name: Chosen(model, name, "1") for name, model in models.items()}, AS_OF) as made:
        for draft in made:
            made_from = {name: value for name, value in draft.made_from.items() if name != "recipe"}
            record = RunRecord(
                target=draft.target, as_of=AS_OF, created_at=datetime(2026, 1, 1, tzinfo=UTC), **made_from
            )
            listed = canonical_csv(record, change_since(None, draft.rows).rows)
            scores = draft.scores.frame().to_csv().encode()
            digests = (hashlib.sha256(content).hexdigest() for content in (listed, scores))
            found[draft.target] = (record.run_id, *digests, made_from["counts"])
    return found


def test_any_number_of_buckets_gives_the_same_lists_scores_and_run_ids(
    company: Path, root: Path, tmp_path: Path, models: Mapping[str, FittedModel]
) -> None:
    expected = told(material_of(company, root, tmp_path / "1", 1), models)
    assert set(expected) == {"churn", "upsell"}
    assert expected["churn"][3]["listed"] > 5
    assert expected["churn"][3]["over_capacity"] > 10
    for buckets in (7, 64):
        assert told(material_of(company, root, tmp_path / str(buckets), buckets), models) == expected


def test_another_figure_of_one_account_makes_another_run(
    company: Path, root: Path, tmp_path: Path, models: Mapping[str, FittedModel]
) -> None:
    before = told(material_of(company, root, tmp_path / "before", 1), models)
    changed = tmp_path / "changed"
    changed.mkdir()
    (changed / "company").mkdir()
    for file in (company / "company").glob("*.parquet"):
        frame = pd.read_parquet(file)
        if file.stem == "accounts":
            frame.loc[0, "name"] = "another name"
        frame.to_parquet(changed / "company" / file.name)
    after = told(material_of(changed, root, tmp_path / "after", 1), models)
    assert after["churn"][0] != before["churn"][0]
    assert after["churn"][3] == before["churn"][3]


def test_a_target_that_cannot_be_scored_leaves_the_others_their_lists(
    company: Path, root: Path, tmp_path: Path, models: Mapping[str, FittedModel]
) -> None:
    material = material_of(company, root, tmp_path / "state", 2)
    models["upsell"].save(tmp_path / "upsell")
    scored = score_targets(material, {"churn": None, "upsell": str(tmp_path / "upsell")}, AS_OF)
    assert "no champion yet" in scored[0]["error"]
    assert scored[1]["counts"]["scored"] > 0
    assert len(Scores(Path(scored[1]["folder"]) / "scores.parquet")) > scored[1]["counts"]["scored"]
    assert not [*(tmp_path / "state").glob("scoring-*")]


def test_outside_the_cohort_and_excluded_nobody_is_scored(churn_model: FittedModel, data_of: Any) -> None:
    data: Dataset = data_of(accounts=6, dates=1)
    ids = data.rows["account_id"]
    standing = data.rows[["account_id", "base", "value_at_stake"]].assign(
        section=["cohort", "outside", "cohort", "too_new", "cohort", "leaving"], ends_on=pd.NaT
    )
    features = pa.Table.from_pandas(data.features.assign(account_id=ids), preserve_index=False)
    features = features.select(["account_id", *data.features.columns]).take([5, 3, 4, 2, 1, 0])
    scored = score_rows(churn_model, standing, features, {ids[4]}, date(2025, 6, 1))
    expected = churn_model.probability(data.features)
    assert scored["probability"].isna().tolist() == [False, True, False, True, True, True]
    assert scored["probability"][[0, 2]].tolist() == [expected[0], expected[2]]
    assert scored["value_at_stake"].tolist() == standing["value_at_stake"].tolist()
    with pytest.raises(ModelError, match=f"account '{ids[0]}' is to be scored and has no features"):
        score_rows(churn_model, standing, features.slice(0, 5), set(), date(2025, 6, 1))
    nobody = score_rows(churn_model, standing.assign(section="outside"), features, set(), date(2025, 6, 1))
    assert np.isnan(nobody["probability"]).all()

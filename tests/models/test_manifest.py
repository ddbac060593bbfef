"""A saved model comes back as it was, or not at all; and it scores only what and when it may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.spec import Feature
from models.dataset import Dataset
from models.manifest import FittedModel, check_features, check_time, load_model
from pipeline.errors import ModelError


def test_a_saved_model_scores_the_same_bits(
    upsell_model: FittedModel, data_of: Callable[..., Dataset], tmp_path: Path
) -> None:
    test = data_of(accounts=40, dates=1, seed=8)
    digest = upsell_model.save(tmp_path / "new" / "model")
    loaded = load_model(tmp_path / "new" / "model", digest)
    assert loaded.digest == digest == upsell_model.digest
    base = test.rows["base"].to_numpy()
    np.testing.assert_array_equal(loaded.probability(test.features), upsell_model.probability(test.features))
    np.testing.assert_array_equal(
        loaded.expected_value(test.features, base, base), upsell_model.expected_value(test.features, base, base)
    )


def test_saving_again_replaces_the_folder_whole(
    upsell_model: FittedModel, churn_model: FittedModel, tmp_path: Path
) -> None:
    upsell_model.save(tmp_path / "model")
    churn_model.save(tmp_path / "model")
    assert load_model(tmp_path / "model").digest == churn_model.digest
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    assert not (tmp_path / "model" / "increment.json").exists()


def test_a_damaged_model_is_an_error_that_says_what_to_do(upsell_model: FittedModel, tmp_path: Path) -> None:
    upsell_model.save(tmp_path / "model")
    with (tmp_path / "model" / "trees.txt").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelError, match=r"trees\.txt was changed.*Restore the model's folder, or train anew"):
        load_model(tmp_path / "model")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json cannot be read: No such file"):
        load_model(tmp_path / "nowhere")


def test_an_unwritable_folder_is_an_error(upsell_model: FittedModel, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ModelError, match=r"cannot be written to .*taken/model"):
        upsell_model.save(tmp_path / "taken" / "model")


def test_todays_features_must_be_the_models(churn_model: FittedModel, features: tuple[Feature, ...]) -> None:
    check_features(churn_model.manifest, features)
    with pytest.raises(ModelError, match=r"it needs 'segment', which the tables no longer give.*keepgrow train"):
        check_features(churn_model.manifest, features[:4])
    with pytest.raises(ModelError, match="in another order"):
        check_features(churn_model.manifest, features[::-1])
    fewer = {**churn_model.manifest, "features": churn_model.manifest["features"][:4]}
    with pytest.raises(ModelError, match="the tables now give 'segment', which it does not know"):
        check_features(fewer, features)


def test_rows_that_do_not_fit_are_an_error_that_names_the_model(
    churn_model: FittedModel, data_of: Callable[..., Dataset]
) -> None:
    rows = data_of(accounts=2, dates=1).features.drop(columns="segment")
    with pytest.raises(ModelError, match=r"the model 'model' of target 'churn' .* missing 'segment'"):
        churn_model.probability(rows)


def test_a_model_newer_than_the_as_of_is_refused_unless_asked_for(churn_model: FittedModel) -> None:
    check_time(churn_model.manifest, date(2025, 6, 1))
    with pytest.raises(ModelError, match=r"until 2025-06-01; scoring 2025-05-31 .*--retrospective"):
        check_time(churn_model.manifest, date(2025, 5, 31))
    check_time(churn_model.manifest, date(2025, 5, 31), retrospective=True)

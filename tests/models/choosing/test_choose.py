"""Which candidate becomes the model: by signal, by size, and what the manifest and the report say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from features.spec import Feature
from models.choosing.candidates import LOGISTIC, RECENCY, Candidate, Part, Size, candidates_for
from models.choosing.choose import Choice
from models.dataset import Dataset
from models.manifest import FittedModel
from models.targets import Target
from models.train import fit
from pipeline.report.chosen import chosen_section
from pipeline.report.section import About
from pipeline.settings import Settings, TrainingSettings

ABOUT = About("churn", risk=True, currency="EUR")


def shuffled(data: Dataset, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    label = data.rows["label"].to_numpy().copy()
    for rows in data.rows.groupby("as_of").indices.values():
        label[rows] = label[rng.permutation(rows)]
    return Dataset(data.rows.assign(label=label), data.features)


def test_candidates_range_from_a_rule_to_trees(settings: Settings, churn: Target) -> None:
    offered = candidates_for(Size(2400, 300, 300, 5), churn, settings)
    assert offered[:2] == (RECENCY, LOGISTIC)
    assert [each.complexity for each in offered] == [0, 1, 2, 2, 2, 2]
    for each in offered[2:]:
        assert each.boosted
        assert each.name == "started" or sum(part.weight for part in each.parts) == pytest.approx(1)


def test_members_of_the_average_learn_from_a_share_of_the_window_where_rows_know_it(
    settings: Settings, churn: Target
) -> None:
    without, knowing = (
        {each.name: each for each in candidates_for(Size(2400, 300, 300, 5, waited), churn, settings)}
        for waited in (False, True)
    )
    assert not any(each.shares for each in without.values())
    assert [name for name, each in knowing.items() if each.shares] == ["average"]
    parts = knowing["average"].parts
    assert sum(part.weight for part in parts) == pytest.approx(1)
    assert {(part.kind, part.share) for part in parts} == {
        ("trees", 1.0), ("trees", 0.75), ("curves", 1.0), ("curves", 0.75),
    }  # fmt: skip
    # What learns from the whole window is shared with the candidates that do nothing else.
    assert {part.alone for part in parts if part.share == 1} == {part.alone for part in without["average"].parts}


def test_with_many_rows_the_bag_has_larger_trees_and_draws_no_splits_at_random(
    settings: Settings, churn: Target
) -> None:
    trees = candidates_for(Size(30_000, 300, 300, 5), churn, settings)[-1]
    assert sorted(part.style for part in trees.parts) == ["plain", "plain", "shallow"]
    assert len(set(trees.parts)) == 3, "two of a style differ in their seeds"


def test_with_many_rows_curves_have_to_earn_their_place_beside_trees(settings: Settings, churn: Target) -> None:
    offered = candidates_for(Size(30_000, 300, 300, 5), churn, settings)
    complexity = {each.name: each.complexity for each in offered}
    assert complexity == {"recency": 0, "logistic": 1, "trees": 2, "average": 3, "started": 3, "mostly trees": 3}


def test_tuned_trees_are_in_a_large_books_bag_already(settings: Settings, churn: Target) -> None:
    asked = settings.model_copy(update={"training": TrainingSettings(tune_trials=5)})
    size = Size(30_000, 300, 300, 5)
    assert candidates_for(size, churn, asked) == candidates_for(size, churn, settings)


def test_tuned_trees_join_the_bag_only_where_tuning_is_asked_for(settings: Settings, churn: Target) -> None:
    asked = settings.model_copy(update={"training": TrainingSettings(tune_trials=5)})
    size = Size(2400, 300, 300, 5)
    styles = [{part.style for part in candidates_for(size, churn, each)[-1].parts} for each in (settings, asked)]
    assert styles == [{"extra", "shallow"}, {"plain", "extra", "shallow"}]


def test_size_counts_accounts_of_the_rarer_label() -> None:
    label = np.array([1, 1, 0, 0, 0], dtype=np.int8)
    accounts = np.array(["a", "a", "a", "b", "c"], dtype=object)
    assert Size.of(label, accounts, 7) == Size(rows=5, accounts=3, rarer=1, features=7)


def test_with_a_signal_a_model_is_chosen_and_the_manifest_says_why(churn_model: FittedModel) -> None:
    chosen = churn_model.manifest["chosen"]
    by_name = {each["name"]: each for each in chosen["candidates"]}
    assert chosen["chosen"] in {"average", "mostly trees", "trees"}
    assert (chosen["rows"], chosen["accounts"]) == (1200, 300)
    assert by_name["recency"]["behind"] > by_name["recency"]["se"] > 0
    assert chosen["base_rate"]["behind"] > 2 * chosen["base_rate"]["se"] > 0
    assert chosen["signal"] is True
    assert min(each["behind"] for each in chosen["candidates"]) == 0
    assert sum(member["weight"] for member in churn_model.manifest["members"]) == pytest.approx(1)
    assert chosen["tuned"] is None


def test_with_shuffled_labels_the_simplest_is_chosen_and_no_signal_is_said(
    data_of: Callable[..., Dataset], churn: Target, features: Sequence[Feature], settings: Settings
) -> None:
    data = data_of(accounts=400, dates=6)
    for seed in range(4):
        model = fit(shuffled(data, seed), churn, features, settings, date(2025, 6, 1))
        chosen = model.manifest["chosen"]
        assert chosen["chosen"] == "recency"
        assert chosen["note"].startswith("No signal: on 1,600 rows of 400 accounts")
        section = chosen_section({"chosen": chosen}, ABOUT)
        assert section is not None
        assert section.said[1].startswith("No signal")


def test_the_margins_of_a_started_model_add_up(
    data_of: Callable[..., Dataset],
    churn: Target,
    features: Sequence[Feature],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = Candidate("started", 3, (Part("trees", style="shallow", started=True), Part("curves")))
    monkeypatch.setattr("models.train.candidates_for", lambda *_: (started,))
    data, test = data_of(), data_of(seed=2)
    model = fit(data, churn, features, settings, date(2025, 6, 1))
    assert [member["weight"] for member in model.manifest["members"]] == [1.0, 1.0]
    assert model.manifest["chosen"]["rule"] == "the only candidate"
    # The trees repeat nothing that the curves say: probabilities of new rows come out at the rate there is.
    assert model.probability(test.features).mean() == pytest.approx(test.rows["label"].mean(), abs=0.03)
    # One that stands alone in its fold begins from the curves of that fold.
    assert model.manifest["calibration"]["slope"] == pytest.approx(1, abs=0.2)


def chosen_notes(**changes: Any) -> dict[str, Any]:
    candidates = [
        {"name": "recency", "words": "days alone", "complexity": 0, "loss": 0.21, "behind": 0.02, "se": 0.004},
        {"name": "average", "words": "half and half", "complexity": 2, "loss": 0.19, "behind": 0.0, "se": 0.0},
    ]
    known = {"candidates": candidates, "chosen": "average", "rule": "R", "note": "Because.", "rows": 1200}
    return {"chosen": known | {"accounts": 300, "judged_on": "later dates", "tuned": None} | changes}


def test_the_report_shows_who_stood_and_why_one_was_chosen() -> None:
    section = chosen_section(chosen_notes(), ABOUT)
    assert section is not None
    assert section.said[0] == "The model is 'average': half and half."
    assert section.said[1] == "Because."
    assert [row[0] for row in section.folded[0].rows] == ["recency", "average (chosen)"]
    assert section.folded[0].rows[0][2:] == ["0.790", "0.020", "0.004"]
    assert section.folded[0].rows[1][3] == "best"


def test_the_report_says_what_was_tuned_and_nothing_where_nothing_was_compared() -> None:
    assert chosen_section({}, ABOUT) is None
    assert chosen_section({"chosen": None}, ABOUT) is None
    alone = Choice(LOGISTIC).plain(None)
    section = chosen_section({"chosen": alone}, ABOUT)
    assert section is not None
    assert not section.folded
    tuned = chosen_section(chosen_notes(tuned={"words": "9 settings were tried."}), ABOUT)
    assert tuned is not None
    assert "9 settings were tried." in tuned.said

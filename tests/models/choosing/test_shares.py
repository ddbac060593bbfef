"""Members that learn who stays silent for a share of the label's window."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from features.spec import Feature
from models.choosing.candidates import Candidate, Part
from models.choosing.folds import judging
from models.choosing.members import Members
from models.dataset import Dataset
from models.encoding import encode
from models.rows import Encoded
from models.scorer import Additive
from models.targets import Target
from models.train import fit
from pipeline.settings import Settings


def rows(waited: Sequence[float] | None) -> Encoded:
    label = np.array([0, 0, 0, 1], np.int8)
    return Encoded(np.zeros((4, 1)), label, ("x",), {}, waited=None if waited is None else np.array(waited))


def test_labels_of_a_share_are_of_who_was_silent_so_long() -> None:
    some = rows([0.0, 0.5, 0.75, 1.0])
    assert some.label_at(0.75).tolist() == [0, 0, 1, 1]
    assert some.label_at(0.5).tolist() == [0, 1, 1, 1]
    assert some.label_at(1.0) is some.label
    assert some.take(np.array([False, True, False, True])).label_at(0.5).tolist() == [1, 1]


def test_rows_that_know_no_share_have_the_label_at_every_share() -> None:
    assert rows(None).label_at(0.75).tolist() == [0, 0, 0, 1]


def knowing(data: Dataset) -> Dataset:
    """The data, in which those with label 0 bought after 0 to 9 tenths of the window."""
    share = np.random.default_rng(1).integers(0, 10, len(data)) / 10
    return replace(data, rows=data.rows.assign(waited=np.where(data.rows["label"] == 1, 1.0, share)))


def test_curves_of_a_share_expect_more_to_be_silent(
    data_of: Callable[..., Dataset], features: Sequence[Feature]
) -> None:
    _, encoded = encode(knowing(data_of()), features)
    members = Members(encoded, [], 1, 0)
    whole, most = (
        Additive(json.loads(members.curves(None, Part("curves", share=share))), list(encoded.names))
        for share in (1.0, 0.75)
    )
    assert most.margin(encoded.matrix).mean() > whole.margin(encoded.matrix).mean() + 0.1


def test_the_manifest_says_which_members_learnt_another_label(
    data_of: Callable[..., Dataset], features: Sequence[Feature]
) -> None:
    members = Members(encode(knowing(data_of(dates=2)), features)[1], [], 1, 0)
    parts = (Part("curves", 0.5), Part("curves", 0.25, share=0.75), Part("trees", 0.25, share=0.5))
    listed, _ = members.files(Candidate("x", 2, parts))
    assert [member.get("share") for member in listed] == [None, 0.75, 0.5]


def test_a_share_by_which_hardly_anybody_bought_is_not_learnt(
    data_of: Callable[..., Dataset], features: Sequence[Feature], churn: Target, settings: Settings
) -> None:
    """All who stay at the first date buy on its window's last day, as a firm's customers do that is paid once a month;
    the first inner fold learns from that date alone."""
    data = knowing(data_of(accounts=300, dates=8))
    first = data.rows["as_of"] == data.rows["as_of"].min()
    data.rows.loc[first & (data.rows["label"] == 0), "waited"] = 0.9
    _, encoded = encode(data, features)
    folds = [fold.rows for fold in judging(data, encoded, churn.window, 0).folds]
    members = Members(encoded, folds, 1, 0)
    assert [members.can_learn(share) for share in (1.0, 0.75)] == [True, False]
    assert Members(encoded, folds[-1:], 1, 0).can_learn(0.75)
    chosen = fit(data, churn, features, settings, date(2025, 6, 1)).manifest
    assert not any("share" in member for member in chosen["members"])


def test_where_no_row_knows_its_share_none_is_learnt(
    data_of: Callable[..., Dataset], features: Sequence[Feature]
) -> None:
    assert not Members(encode(data_of(dates=2), features)[1], [], 1, 0).can_learn(1.0)


def test_a_mixture_of_shares_keeps_the_level_where_nothing_calibrates_it(
    data_of: Callable[..., Dataset],
    features: Sequence[Feature],
    churn: Target,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = (Part("curves", 0.5), Part("curves", 0.5, share=0.5))
    monkeypatch.setattr("models.train.candidates_for", lambda *_: (Candidate("shares", 1, parts),))
    data = knowing(data_of(dates=2))
    model = fit(data, churn, features, settings, date(2025, 6, 1))
    calibration = model.manifest["calibration"]
    assert (calibration["kind"], calibration["slope"]) == ("identity", 1.0)
    assert "to the rate of the rows chosen on" in calibration["note"]
    assert calibration["intercept"] < -0.1  # more are silent for half of the window than for all of it
    rate = data.rows["label"].mean()
    assert model.probability(data.features).mean() == pytest.approx(rate, abs=0.02)


def test_labels_made_otherwise_have_no_shares(data_of: Callable[..., Dataset], features: Sequence[Feature]) -> None:
    data = knowing(data_of(dates=2))
    data.rows["label"] = 1 - data.rows["label"]
    assert encode(data, features)[1].waited is None


@pytest.mark.parametrize("missing", [True, False])
def test_shares_are_used_only_where_every_row_knows_its_own(
    data_of: Callable[..., Dataset], features: Sequence[Feature], missing: bool
) -> None:
    data = knowing(data_of(dates=2))
    data.rows.loc[data.rows["label"] == 0, "waited"] *= np.nan if missing else 0.5
    assert (encode(data, features)[1].waited is None) == missing

"""`keepgrow monitor` from the outside: quiet, drift, and what it refuses."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models.material import Material
from models.scoring import score_target
from models.training import train_target
from pipeline.publishing import publish_list
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot

DAY = date(2025, 5, 31)


@pytest.fixture(scope="module")
def one_morning(make_tiny, tmp_path_factory, quick_schema) -> Path:
    """The folder of a tiny firm whose model is trained and whose first list is published."""
    tiny = make_tiny(tmp_path_factory.mktemp("monitored"))
    settings = read_settings(tiny.config)
    material = Material.of(settings, take_snapshot(settings, DAY))
    train_target(material, material.target("churn"), DAY)
    score_target(material, material.target("churn"), DAY)
    publish_list(settings, "churn", DAY, datetime(2025, 5, 31, 5, tzinfo=UTC))
    return tiny.config.parent


@pytest.fixture
def watched(one_morning, tiny):
    """A copy of it; its models stay where they are."""
    shutil.copytree(one_morning, tiny.config.parent, dirs_exist_ok=True)
    return tiny


def test_what_is_as_in_training_is_quiet(watched, inside, tmp_path):
    said = inside(
        "monitor", "--config", watched.config, "--as-of", DAY, "--fail-on-drift", "--json", tmp_path / "m.json"
    )
    assert said.code == 0, said.err
    told = json.loads((tmp_path / "m.json").read_text())
    churn = told["targets"]["churn"]
    assert (told["found"], churn["drift"]["moved"], len(churn["past"])) == (False, [], 1)
    assert "drift at 2025-05-31" in " ".join(said.out.split())


def test_drift_ends_with_3_where_it_is_asked_for(watched, inside, tmp_path):
    head, *lines = watched.lines()
    parts = [line.split(",") for line in lines]
    watched.write([head, *(f"{account},{at},{float(amount) * 50}" for account, at, amount in parts)])
    arguments = ("monitor", "--config", watched.config, "--as-of", DAY, "--json", tmp_path / "m.json")
    told = inside(*arguments)
    assert told.code == 0, told.err
    assert json.loads((tmp_path / "m.json").read_text())["found"]
    assert "spread as never in training" in " ".join(told.out.split())
    assert inside(*arguments, "--fail-on-drift").code == 3


@pytest.mark.parametrize(
    ("target", "part"), [("chrun", "there is no target 'chrun'"), ("churn", "has no champion yet")]
)
def test_what_cannot_be_watched_ends_with_2(tiny, inside, target, part):
    said = inside("monitor", "--config", tiny.config, "--as-of", DAY, "--target", target)
    assert said.code == 2
    assert "Traceback" not in said.err
    assert part in " ".join(said.err.split())

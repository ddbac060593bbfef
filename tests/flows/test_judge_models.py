"""The backtest as a flow: the document of the command, written whole, without a command around it."""

from __future__ import annotations

import json

import pytest

from flows.judge_models import judge_models
from pipeline.errors import SinkError, TrainingRefused


@pytest.fixture
def server(prefect_url):
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def test_the_flow_writes_what_the_command_says(tiny, inside, server, tmp_path):
    judged = judge_models(str(tiny.config), as_of="2025-06-01", out="backtest.json")
    file = tiny.config.parent / "backtest.json"
    assert json.loads(file.read_text()) == json.loads(json.dumps(judged, default=str))
    done = inside("backtest", "--config", tiny.config, "--as-of", "2025-06-01", "--json", tmp_path / "command.json")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "command.json").read_text()) == json.loads(file.read_text())
    churn = judged["targets"]["churn"]
    assert churn["verdict"] in ("signal", "hardly any signal", "no signal shown", "not enough data to rank")
    for warning in churn["warnings"]:
        assert f"warning: {warning}" in done.out


def test_a_file_in_a_folder_that_is_not_there_is_refused_before_the_work(tiny, server):
    with pytest.raises(SinkError, match="there is no folder"):
        judge_models(str(tiny.config), as_of="2025-06-01", out="nowhere/backtest.json")
    assert not (tiny.config.parent / "state" / "snapshots").exists()


def test_targets_that_are_all_refused_write_nothing(tiny, server):
    tiny.edit("min_positives = 20", "min_positives = 100000")
    with pytest.raises(TrainingRefused, match="at least 100000 are needed"):
        judge_models(str(tiny.config), as_of="2025-06-01", out="backtest.json")
    assert not (tiny.config.parent / "backtest.json").exists()


def test_the_command_judges_at_other_dates_with_age_and_without_each_family(tiny, inside, tmp_path):
    told = tmp_path / "told.json"
    asked = ("--config", tiny.config, "--as-of", "2025-06-01", "--folds", "2", "--ageing", "--families", "--json", told)
    done = inside("backtest", *asked)
    assert done.code == 0, done.err
    churn = json.loads(told.read_text())["targets"]["churn"]
    assert [fold["as_of"] for fold in churn["folds"]] == ["2025-03-03", "2025-03-31"]
    (aged,) = churn["ageing"]
    assert (aged["months"], aged["dates"]) == (1, 1)
    families = churn["families"]
    assert (families["folds"], families["n"]) == (["2025-03-03", "2025-03-31"], churn["pooled"]["n"])
    assert {"recency", "volume", "trend"} <= {part["family"] for part in families["families"]}
    assert sum(part["cost"] for part in families["families"]) == pytest.approx(1)
    assert any(part["auc"]["value"] != 0 for part in families["families"])
    assert "churn: As a model ages" in done.out
    assert "churn: What each family of features earns" in done.out


@pytest.mark.parametrize("folds", ["0", "1000"])
def test_folds_that_cannot_be_are_refused_before_the_work(tiny, inside, folds):
    done = inside("backtest", "--config", tiny.config, "--as-of", "2025-06-01", "--folds", folds)
    assert done.code == 2
    assert "folds" in done.err
    assert "Traceback" not in done.err

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

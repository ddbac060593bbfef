"""The files that a team deploys with name what is there: flows, their parameters, paths, versions."""

from __future__ import annotations

import fnmatch
import inspect
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

DEPLOYMENTS = ("every-morning", "weekly-retraining", "nightly-scores", "monthly-backtest")


@pytest.fixture(scope="module")
def deployments(root: Path) -> dict:
    read = yaml.safe_load((root / "prefect.yaml").read_text(encoding="utf-8"))
    return {deployment["name"]: deployment for deployment in read["deployments"]}


def test_there_is_a_deployment_for_each_occasion(deployments):
    assert tuple(deployments) == DEPLOYMENTS


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_names_a_flow_and_its_parameters(deployments, name):
    deployment = deployments[name]
    module, _, function = deployment["entrypoint"].rpartition(".")
    flow = getattr(import_module(module), function)
    assert isinstance(flow, Flow)
    inspect.signature(flow.fn).bind(**deployment["parameters"])
    assert (deployment["parameters"]["config"], deployment["parameters"]["as_of"]) == ("keepgrow.toml", None)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_has_a_schedule_a_pool_and_runs_one_at_a_time(deployments, name):
    deployment = deployments[name]
    (schedule,) = deployment["schedules"]
    assert CronSchedule(**schedule).timezone == "Europe/Copenhagen"
    assert deployment["work_pool"]["name"] == "keepgrow"
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert deployment["work_pool"]["job_variables"]["env"] == {
        "OMP_WAIT_POLICY": "PASSIVE",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
    }


def test_only_the_weekly_run_trains_anew(deployments):
    assert [name for name in DEPLOYMENTS if deployments[name]["parameters"].get("retrain")] == ["weekly-retraining"]


def instructions(root: Path) -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines joined and comments left out."""
    lines = (root / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]


def test_the_image_copies_what_is_there_and_what_is_not_ignored(root):
    ignored = [line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert ignored[0] == "*"
    allowed = [line.removeprefix("!").rstrip("/") for line in ignored if line.startswith("!")]
    copied = [path for word, rest in instructions(root) if word == "COPY" for path in shlex.split(rest)[:-1]]
    assert copied
    for path in copied:
        assert (root / path).exists(), path
        assert any(fnmatch.fnmatch(path.rstrip("/"), pattern) for pattern in allowed), path


def test_the_image_holds_everything_the_wheel_is_made_of(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {*project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], project["project"]["readme"]}
    copied = {
        path.rstrip("/") for word, rest in instructions(root) if word == "COPY" for path in shlex.split(rest)[:-1]
    }
    assert needed | {"pyproject.toml", "uv.lock"} == copied


def test_the_image_runs_keepgrow_on_a_supported_python_and_not_as_root(root):
    words = dict(instructions(root))
    assert words["FROM"] == "python:3.12-slim"
    assert words["USER"] == "keepgrow"
    assert words["ENTRYPOINT"] == '["keepgrow"]'
    assert (words["WORKDIR"], words["VOLUME"]) == ("/firm", "/firm")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"keepgrow": "flows.cli:main"}
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    runs = [rest for word, rest in instructions(root) if word == "RUN"]
    assert all("uv sync --locked --no-dev" in run for run in runs if "uv sync" in run)
    assert any("libgomp1" in run for run in runs)

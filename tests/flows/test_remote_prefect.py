"""A team's own Prefect server, a real one: runs appear on it, deployments are run by a worker."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.store import Store

STEPS = ("keepgrow-build", "keepgrow-publish", "keepgrow-run", "keepgrow-score", "keepgrow-train")


@dataclass(frozen=True)
class Server:
    """A Prefect server, asked over its API."""

    url: str
    home: Path

    def ask(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=30) as answer:
            return json.load(answer)

    def prefect(self, *arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run Prefect's own command line against the server."""
        surroundings = {**os.environ, "PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.home / "client")}
        surroundings |= {"PREFECT_LOGGING_TO_API_ENABLED": "true", "PREFECT_LOGGING_LEVEL": "WARNING"}
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=cwd, env=surroundings | env, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`prefect server start` with a home and a port of its own."""
    home = tmp_path_factory.mktemp("server")
    surroundings = {key: value for key, value in os.environ.items() if key != "PREFECT_API_URL"}
    for _ in range(3):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui", "--no-services"],
            env=surroundings | {"PREFECT_HOME": str(home / "server")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if answers(process, f"http://127.0.0.1:{port}/api/health"):
                yield Server(f"http://127.0.0.1:{port}/api", home)
                return
        finally:
            process.terminate()
            process.wait(60)
    pytest.fail("the server ended three times instead of starting")


def answers(process: subprocess.Popen[bytes], url: str) -> bool:
    """Whether the server came up; False where it ended, as when somebody took its port before it could."""
    deadline = time.monotonic() + 180
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
    return False


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, make_tiny, server: Server):
    """A firm whose config names the server."""
    tiny = make_tiny(tmp_path_factory.mktemp("team") / "tiny")
    tiny.edit("every_days = 28", "every_days = 28\nmax_dates = 5")
    tiny.edit("[training]", f'wait_seconds = 200\n\n[prefect]\napi_url = "{server.url}"\n\n[training]')
    return tiny


def published(tiny) -> str:
    with Store(f"sqlite:///{tiny.config.parent / 'state' / 'store.db'}") as store:
        run = store.published("churn")
        return "" if run is None else str(run.as_of)


@pytest.fixture(scope="module")
def first(server: Server, team, keepgrow) -> dict[str, Any]:
    """The firm's first run, and what the server knows of it before anything else happens there."""
    # The session's other server stands in PREFECT_API_URL: the config's word wins.
    done = keepgrow("run", "--config", team.config, "--as-of", "2025-05-30", PREFECT_LOGGING_TO_API_ENABLED="true")
    assert done.returncode == 0, done.stderr
    return {
        "published": published(team),
        "names": {flow["id"]: flow["name"] for flow in server.ask("flows/filter")},
        "runs": server.ask("flow_runs/filter"),
        "tables": server.ask("artifacts/latest/filter"),
        "said": [line["message"] for line in server.ask("logs/filter", limit=200)],
    }


def test_runs_appear_on_the_server_that_the_config_names(first):
    assert first["published"] == "2025-05-30"
    ended = sorted((first["names"][run["flow_id"]], run["state_type"]) for run in first["runs"])
    assert ended == [(name, "COMPLETED") for name in STEPS]
    (table,) = first["tables"]
    assert (table["key"], table["type"]) == ("keepgrow-churn", "table")
    assert len(json.loads(table["data"])) == 20
    assert [line for line in first["said"] if line.startswith("publish  churn")]
    assert [line for line in first["said"] if line.startswith("score    churn")]


def test_a_worker_runs_a_deployment_of_the_shipped_file(first, server, team, root, tmp_path):
    """The steps of the README: a work pool, `prefect deploy --all`, a worker; then the morning's run is asked for."""
    folder = team.config.parent
    shipped = (root / "prefect.yaml").read_text(encoding="utf-8")
    assert shipped.count("config: keepgrow.toml") == 4
    edited = shipped.replace("config: keepgrow.toml", f"config: {team.config.name}")
    (folder / "prefect.yaml").write_text(edited, encoding="utf-8")
    server.ask("work_pools/", name="keepgrow", type="process")
    server.prefect("deploy", "--all", cwd=folder, KEEPGROW_FOLDER=str(folder))
    deployments = {deployment["name"]: deployment for deployment in server.ask("deployments/filter")}
    assert sorted(deployments) == ["every-morning", "monthly-backtest", "nightly-scores", "weekly-retraining"]
    for deployment in deployments.values():
        (schedule,) = deployment["schedules"]
        assert schedule["schedule"]["timezone"] == "Europe/Copenhagen"
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["parameters"]["as_of"] is None
    before = published(team)
    morning = deployments["every-morning"]["id"]
    asked = server.ask(f"deployments/{morning}/create_flow_run", state={"type": "SCHEDULED"})
    server.prefect("worker", "start", "--pool", "keepgrow", "--run-once", "--limit", "1", cwd=tmp_path)
    ended = server.get(f"flow_runs/{asked['id']}")["state"]
    assert ended["type"] == "COMPLETED", ended["message"]
    assert (before, published(team)) == ("2025-05-30", "2025-06-01")  # [run] as_of: the deployment names no day
    said = [line["message"] for line in server.ask("logs/filter", limit=200)]
    assert [line for line in said if line.startswith("publish  churn: churn of 2025-06-01 is published")]


def test_a_server_that_does_not_answer_is_one_clear_error(team, keepgrow, make_tiny, tmp_path):
    tiny = make_tiny(tmp_path / "tiny")
    tiny.edit("[training]", '[prefect]\napi_url = "http://127.0.0.1:9/api"\n\n[training]')
    done = keepgrow("run", "--config", tiny.config)
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
    assert "http://127.0.0.1:9/api does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tiny.config.parent / "lists").exists()

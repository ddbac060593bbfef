"""What all tests share: quiet surroundings, the real data, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples each time: a failure in CI is a failure at home.
settings.register_profile("keepgrow", derandomize=True, deadline=None)
settings.load_profile("keepgrow")

# Before anything imports LightGBM, MLflow or Prefect.
os.environ.update(
    OMP_WAIT_POLICY="PASSIVE",
    DO_NOT_TRACK="1",
    MLFLOW_DISABLE_TELEMETRY="true",
    PREFECT_LOGGING_LEVEL="CRITICAL",
    PREFECT_LOGGING_TO_API_ENABLED="false",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
)

LONGEST = (
    "tests/flows/test_main_job.py",
    "tests/flows/test_batch.py",
    "tests/flows/test_reporting.py",
    "tests/flows/test_report_page.py",
    "tests/flows/test_remote_prefect.py",
    "tests/pipeline/test_store_kill.py",
    "tests/flows/test_kill_run.py",
    "tests/flows/test_bad_input.py",
)
"""Files begun before all others but Spark's, so that no worker is left alone with one of them at the end."""

MASTER = "local-cluster[2,1,1024]"
"""Two workers of a core and a GB each."""

QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java compiles little where nothing runs for long."""

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def invoice_lines() -> Path:
    """The real invoice lines of Online Retail (UCI 352)."""
    file = DATA / "online_retail" / "invoice_lines.parquet"
    if not file.exists():
        pytest.skip(f"needs the Online Retail data beside the project: {file.name} is absent")
    return file


@pytest.fixture(scope="session")
def ravenstack() -> Path:
    """The folder of RavenStack's five tables, a made-up SaaS firm (River @ Rivalytics)."""
    folder = DATA / "ravenstack"
    if not folder.exists():
        pytest.skip("needs the RavenStack data beside the project: the folder is absent")
    return folder


@pytest.fixture(scope="session")
def java() -> str:
    """The path of Java; without it Spark's tests are skipped, which CI does not allow."""
    found = shutil.which("java")
    if found is None:
        pytest.skip("needs Java: apt-get install openjdk-17-jre-headless")
    return found


@pytest.fixture(scope="session")
def cluster(java: str) -> dict[str, Any]:
    """What `[engine]` says of Spark as a cluster of two processes on this machine, started once for all tests."""
    options = {f"spark.{part}.extraJavaOptions": QUICK for part in ("driver", "executor")}
    return {"kind": "spark", "master": MASTER, "options": options}


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's schema and nothing in it: making the schema takes seconds, copying it does not."""
    from models.registry import Registry
    from pipeline.settings import Settings

    folder = tmp_path_factory.mktemp("migrated")
    given = {"name": "firm", "state": str(folder), "tables": {"invoices": [{"source": "invoices.csv"}]}}
    Registry(Settings.model_validate(given)).prepare()
    return folder / "mlflow" / "mlflow.db"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    return _program("chromium", "apt-get install chromium")


@pytest.fixture(scope="session")
def soffice() -> str:
    """The path of LibreOffice."""
    return _program("soffice", "apt-get install libreoffice-calc-nogui")


def _program(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}: {remedy}")
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with Spark's files, then the longest others: last, because the order is drawn before.

    It takes `--dist loadfile --no-loadscope-reorder`, so that a file's tests run on one worker, in this order.
    """
    on_spark = {item.path for item in items if "cluster" in getattr(item, "fixturenames", ())}
    places = {ROOT / file: place for place, file in enumerate(LONGEST)} | dict.fromkeys(on_spark, -1)
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where skipping is not allowed, a skipped test fails the session."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("KEEPGROW_TESTS_MAY_SKIP") == "0" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

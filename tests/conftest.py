"""What all tests share: quiet surroundings, the real data, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

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
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where skipping is not allowed, a skipped test fails the session."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("KEEPGROW_TESTS_MAY_SKIP") == "0" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

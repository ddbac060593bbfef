"""Spark as a cluster of two worker processes on this machine, started once for all tests."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

MASTER = "local-cluster[2,1,1024]"
"""Two workers of a core and a GB each."""

QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java compiles little where nothing runs for long."""


@pytest.fixture(scope="session")
def java() -> str:
    """The path of Java; without it Spark's tests are skipped, which CI does not allow."""
    found = shutil.which("java")
    if found is None:
        pytest.skip("needs Java: apt-get install openjdk-17-jre-headless")
    return found


@pytest.fixture(scope="session")
def cluster(java: str) -> dict[str, Any]:
    """What `[engine]` says of the cluster."""
    options = {f"spark.{part}.extraJavaOptions": QUICK for part in ("driver", "executor")}
    return {"kind": "spark", "master": MASTER, "options": options}

"""What must hold before Spark is used: Java is there, the master answers, and it is not reached by Spark Connect."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import Any

from pipeline.errors import EngineError
from pipeline.settings import Settings

REACHABLE_SECONDS = 10
"""A standalone master that does not answer for so long is taken for absent."""


def check_java(settings: Settings) -> None:
    """Raise EngineError where there is no Java: Spark's own words for it fill a page."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found is None:
        where = f"in JAVA_HOME, {home}" if home else "on the PATH"
        raise EngineError(
            f"{settings.file}: Spark needs Java 17 or later; there is no `java` {where}. Install it, for example "
            "apt-get install openjdk-17-jre-headless, or set JAVA_HOME."
        )


def check_reachable(settings: Settings, master: str) -> None:
    """Raise EngineError unless one of a standalone master's addresses answers: Spark itself would try for minutes."""
    scheme, found, addresses = master.partition("://")
    if not found or scheme != "spark":
        return
    faults = []
    for address in addresses.split(","):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), REACHABLE_SECONDS).close()
        except (OSError, ValueError) as error:
            faults.append(f"{address}: {error}")
        else:
            return
    raise EngineError(
        f"{settings.file}: [engine] master {master} does not answer ({'; '.join(faults)}). "
        "Check the address and that the master runs."
    )


def check_classic(settings: Settings) -> None:
    """Raise EngineError where PySpark would open a session of Spark Connect, which has no context to run tasks by."""
    from pyspark.sql.utils import is_remote  # noqa: PLC0415 - an extra

    engine = settings.engine
    if (
        is_remote()
        or "SPARK_REMOTE" in os.environ
        or "spark.remote" in engine.options
        or (engine.master or "").startswith("sc://")
    ):
        raise _refused(settings)


def check_session(session: Any, settings: Settings) -> None:
    """Raise EngineError for a session of Spark Connect."""
    if type(session).__module__.startswith("pyspark.sql.connect."):
        raise _refused(settings)


def _refused(settings: Settings) -> EngineError:
    # The address is not told: it may hold a token.
    return EngineError(
        f"{settings.file}: Spark is reached by Spark Connect (sc://, SPARK_REMOTE), where keepgrow cannot run: it "
        "needs a classic session. Unset SPARK_REMOTE and name the cluster itself, for example [engine] master = "
        '"spark://HOST:7077", or start by spark-submit; on Databricks, take a cluster with dedicated access.'
    )

"""The Spark session: started here, or taken over from spark-submit or the platform that runs the driver."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import EngineError
from pipeline.settings import Settings
from pipeline.spark.faults import first_line
from pipeline.spark.needs import check_classic, check_java, check_reachable, check_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOG = logging.getLogger("keepgrow")

READY_SECONDS = 180
"""A cluster that gives no executor for so long has none to give."""

BATCH_BYTES = 64 << 20
"""Rows go between Java and Python in batches of at most so many bytes: a row may hold megabytes here."""

SETTINGS = {
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # Threads that wait must not spin beside other tasks, and nothing on a worker calls home.
    "spark.executorEnv.OMP_WAIT_POLICY": "PASSIVE",
    "spark.executorEnv.DO_NOT_TRACK": "1",
    "spark.executorEnv.MLFLOW_DISABLE_TELEMETRY": "true",
}
"""What keepgrow asks of Spark, unless `[engine] options` says otherwise."""

_ON_ONE_MACHINE = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}

_starting = threading.Lock()
_running: list[SparkSession] = []


def spark_session(settings: Settings) -> SparkSession:
    """Return the session of this process, started at the first call by what `[engine]` says.

    Under spark-submit, or on a platform that has started Spark already, that session is taken. Raises EngineError when
    Spark or Java is missing, the master cannot be reached or has no executor to give, or Spark Connect leads to it.
    """
    with _starting, quiet():
        try:
            import pyspark.sql  # noqa: F401, PLC0415 - an extra
        except ImportError:
            raise EngineError(
                f'{settings.file}: [engine] kind = "spark" needs Spark, which is not installed: '
                'run pip install "keepgrow[spark]", or set kind = "embedded".'
            ) from None
        check_classic(settings)
        if not _running or _running[0].sparkContext._jsc is None:  # the second: somebody has stopped it
            # What Spark calls the active session is that of a thread, and flows run in several.
            _running[:] = [_active(settings) or _taken_over(settings) or _started(settings)]
        return _running[0]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the one warning that PySpark gives where pandas is 3 or later; only its Arrow paths are used here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


def _active(settings: Settings) -> SparkSession | None:
    """Return the session that this thread has already, set as far as one that runs can be; None where there is none."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    session = SparkSession.getActiveSession()
    if session is None:
        return None
    check_session(session, settings)
    for key, value in settings.engine.options.items():
        if session.conf.isModifiable(key):
            session.conf.set(key, value)
    return _checked(session, settings, ours=False)


def _taken_over(settings: Settings) -> SparkSession | None:
    """Return the session of spark-submit or of the platform; None where there is neither."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    if "PYSPARK_GATEWAY_PORT" not in os.environ and "DATABRICKS_RUNTIME_VERSION" not in os.environ:
        return None
    builder = SparkSession.builder.appName(f"keepgrow {settings.name}")
    for key, value in {**SETTINGS, **settings.engine.options}.items():
        builder = builder.config(key, value)
    if settings.engine.master is not None:
        builder = builder.master(settings.engine.master)
    try:
        session = builder.getOrCreate()
        check_session(session, settings)
        submitted = "PYSPARK_GATEWAY_PORT" in os.environ
        _checked(session, settings, ours=submitted)
        if submitted:
            atexit.register(_stop, session)  # or its executors would only learn of the end by being cut off
        return session
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(f"{settings.file}: Spark cannot be started: {first_line(error)}") from None


def _started(settings: Settings) -> SparkSession:
    """Start Spark's driver beside this process, its log in the state folder, and end it with the process."""
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    check_java(settings)
    master = settings.engine.master
    given = dict(SETTINGS)
    if master is not None:
        given["spark.master"] = master
        check_reachable(settings, master)
    if master is not None and master.startswith("local"):
        given |= _ON_ONE_MACHINE
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if master is not None and master.startswith("local-cluster"):
        os.environ.setdefault("SPARK_HOME", str(_home_of_its_own()))
    given["spark.app.name"] = f"keepgrow {settings.name}"
    conf = SparkConf(loadDefaults=False).setAll(list({**given, **settings.engine.options}.items()))
    file = settings.state_folder / "logs" / f"spark-{os.getpid()}.log"
    gateway = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as log:
            gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
        context = SparkContext(conf=conf, gateway=gateway)
    except Exception as error:
        LOG.debug("Spark did not start", exc_info=True)
        if gateway is not None:
            _shut(gateway)
        named = "" if master is not None else " Name [engine] master, or start by spark-submit."
        raise EngineError(
            f"{settings.file}: Spark cannot be started: {first_line(error)}.{named} Its own log is {file}."
        ) from None
    session = SparkSession(context)
    atexit.register(_shut, gateway)
    atexit.register(_stop, session)  # before the gateway: what is registered last is run first
    return _checked(session, settings, ours=True)


def _checked(session: SparkSession, settings: Settings, *, ours: bool) -> SparkSession:
    """Return the session once an executor has answered; raise EngineError when none does in time.

    Only a session of `ours` is stopped then: others may go on with theirs.
    """
    session.conf.set("spark.sql.execution.arrow.maxBytesPerBatch", str(BATCH_BYTES))
    late = threading.Event()
    tag = "keepgrow-ready"

    def give_up() -> None:
        late.set()
        session.interruptTag(tag)

    timer = threading.Timer(READY_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    session.addTag(tag)
    try:
        session.range(1).count()
    except Exception as error:
        LOG.debug("no executor answered", exc_info=True)
        if ours:
            _stop(session)
        said = f"gave no executor within {READY_SECONDS} s" if late.is_set() else f"failed: {first_line(error)}"
        raise EngineError(
            f"{settings.file}: Spark's master {settings.engine.master or 'of the platform'} {said}. Check that its "
            "workers run and have cores and memory free for what [engine] options ask."
        ) from None
    finally:
        timer.cancel()
        with suppress(Exception):  # Java may be gone
            session.removeTag(tag)
    return session


def _home_of_its_own() -> Path:
    """Return a folder that stands for the package's: a local cluster writes its workers' files beside Spark's own."""
    import pyspark  # noqa: PLC0415

    room = Path(tempfile.mkdtemp(prefix="keepgrow-spark-"))
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    for entry in Path(str(pyspark.__file__)).parent.iterdir():
        if entry.name != "work":
            (room / entry.name).symlink_to(entry)
    return room


def _stop(session: SparkSession) -> None:
    with quiet():
        try:
            session.stop()
        except Exception:  # Java may be gone already
            LOG.debug("Spark was gone before it was stopped", exc_info=True)


def _shut(gateway: Any) -> None:
    """End the Java process behind a gateway."""
    with suppress(Exception):
        gateway.shutdown()
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(20)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()

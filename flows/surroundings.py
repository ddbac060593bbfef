"""What must stand in the environment before Prefect, MLflow and LightGBM are imported, so that users need not know."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.settings import Settings


def quiet() -> None:
    """Turn telemetry off and keep LightGBM's threads from spinning; what the user has set stays."""
    for name, value in {
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }.items():
        os.environ.setdefault(name, value)


def state_folder(settings: Settings) -> Path:
    """Return the state folder, made where there is none; raise StoreError when it cannot be written."""
    state = settings.state_folder
    try:
        (state / "prefect").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the state folder {state} cannot be written: {error.strerror}. "
            "Choose another with `state` in the config, or mend its permissions."
        ) from None
    return state


def local_state(settings: Settings, verbose: bool = False) -> Path:
    """Point Prefect at the project's own state folder, or at the configured server; return the state folder.

    Raises StoreError when the folder cannot be written.
    """
    state = state_folder(settings)
    if settings.prefect.api_url:
        os.environ["PREFECT_API_URL"] = settings.prefect.api_url
    for name, value in {
        "PREFECT_HOME": str(state / "prefect"),
        "PREFECT_LOGGING_LEVEL": "INFO" if verbose else "CRITICAL",
        # A cold start of the embedded server on a busy machine outlasts the usual 20 s.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_TO_API_ENABLED": "true" if "PREFECT_API_URL" in os.environ else "false",
    }.items():
        os.environ.setdefault(name, value)
    return state

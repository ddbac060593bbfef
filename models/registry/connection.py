"""The way to MLflow: its address, its client, and what its errors become."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from models.registry.versions import model_name
from pipeline.errors import StoreError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SURROUNDINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Without it, the pyproject.toml and uv.lock of the working folder are copied into every model.
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # a bar for files of a few kilobytes
    # MLflow's own are 7 retries of 120 s each: an hour of silence before a wrong address is reported.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}

_MADE_FOR = {
    # Otherwise MLflow's pages take the experiment for one of language models and hide models and metrics.
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": "One run per training, a refused one too; the tag `decision` tells what came of it.",
}

_BENEATH = ("mlflow", "sqlalchemy", "alembic", "requests", "urllib3")
"""Packages whose errors mean that the registry cannot be used."""


class Connection:
    """MLflow of the settings: `[mlflow] tracking_uri`, else SQLite in the state folder, opened when first needed."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.state_folder / "mlflow"
        self.local = settings.mlflow.tracking_uri is None
        self.prefix = settings.mlflow.prefix
        self.config = settings.name
        self.uri = settings.mlflow.tracking_uri or f"sqlite:///{self.folder / 'mlflow.db'}"
        self._opened: MlflowClient | None = None

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self.without_secret(self.uri)

    def without_secret(self, text: str) -> str:
        """Return a text in which the address's password, where it has one, is blanked."""
        secret = urlsplit(self.uri).password
        return text.replace(secret, "***") if secret else text

    @property
    def unused(self) -> bool:
        """Whether nothing can have been recorded yet: asking would create a database to find it empty."""
        return self.local and not (self.folder / "mlflow.db").exists()

    def client(self) -> MlflowClient:
        """Return MLflow's client; raises StoreError, naming the address, when it cannot be had."""
        if self._opened is None:
            for name, value in _SURROUNDINGS.items():
                os.environ.setdefault(name, value)
            with self.speaking(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # MLflow warns about its own type hints when imported
                from mlflow import MlflowClient  # noqa: PLC0415

                for name in ("mlflow", "alembic", "urllib3"):  # importing mlflow sets levels of its own
                    logging.getLogger(name).setLevel(logging.ERROR)
                if self.local:
                    self.folder.mkdir(parents=True, exist_ok=True)
                self._opened = MlflowClient(self.uri, self.uri)
        return self._opened

    def experiment(self, target: str) -> str:
        """Return the id of the target's experiment, made where there is none."""
        client = self.client()
        name = model_name(target, self.prefix)
        found = client.get_experiment_by_name(name)
        if found is not None:
            return found.experiment_id
        location = (self.folder / "artifacts").as_uri() if self.local else None
        return client.create_experiment(name, artifact_location=location, tags=_MADE_FOR)

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn what MLflow and the database beneath it raise into one StoreError that names the address."""
        try:
            yield
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _BENEATH and not isinstance(error, OSError):
                raise
            said = self.without_secret(f"the model registry at {self.uri} cannot be used: {first_line(error)}")
            # With a password in the address MLflow's own words may hold it, and a log shows an error with its causes.
            raise StoreError(
                f"{said} Check [mlflow] tracking_uri and that the server "
                "runs; without the key, models are kept in the state folder."
            ) from (None if urlsplit(self.uri).password else error)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, as a sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = lines[0][:300]
    return line if line.endswith(".") else f"{line}."

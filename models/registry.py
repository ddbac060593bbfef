"""Where trainings are recorded and models kept: the only module that talks to MLflow.

Per target an experiment and a registered model `keepgrow-<target>`, whose alias `champion` is the model that scores and
`challenger` the latest one trained. A logged model is text and JSON behind models-from-code: nothing is pickled.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from models.scorer import DIGEST, MANIFEST, DamagedModel, manifest_bytes, read_model
from pipeline.errors import ModelError, StoreError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

    from models.promote import Decision
    from models.record import Record

Alias = Literal["champion", "challenger"]

PINNED = ("lightgbm", "mlflow", "numpy", "pandas")
"""What the logged model needs to be loaded."""

_SURROUNDINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Without it, the pyproject.toml and uv.lock of the working folder are copied into every model.
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # MLflow's own are 7 retries of 120 s each: an hour of silence before a wrong address is reported.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}

_BENEATH = ("mlflow", "sqlalchemy", "alembic", "requests", "urllib3")
"""Packages whose errors mean that the registry cannot be used."""

_BATCH = 900
"""A tracking server takes at most 1,000 metrics in one request."""


@dataclass(frozen=True)
class Version:
    """A registered model: its name and number at the registry, the SHA-256 of its manifest, and its training's run."""

    target: str
    number: int
    digest: str
    run_id: str

    @property
    def name(self) -> str:
        return model_name(self.target)


@dataclass(frozen=True)
class Champion(Version):
    """A registered model with its files at hand, checked: `folder` holds the manifest and what it lists."""

    folder: Path
    manifest: Mapping[str, Any]


def model_name(target: str) -> str:
    """Return the name of the target's experiment and registered model."""
    return f"keepgrow-{target}"


class Registry:
    """The tracking server and model registry of the settings: `[mlflow] tracking_uri`, else SQLite in the state folder.

    Every method raises StoreError, naming the address, when it cannot be reached, read or written.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.state_folder / "mlflow"
        self._local = settings.mlflow.tracking_uri is None
        self.uri = settings.mlflow.tracking_uri or f"sqlite:///{self._folder / 'mlflow.db'}"
        self._opened: MlflowClient | None = None

    def log_training(self, target: str, folder: Path, record: Record) -> Version:
        """Record a training with its model folder, register the model and make it the challenger.

        Parameters and dates become MLflow parameters, digests tags, counts and evaluation metrics (see
        `Record.figures`). Raises ModelError for a folder that is not a whole model.
        """
        manifest, files = _checked(folder, None, "the trained model")
        client = self._client()
        with self._speaking():
            experiment = self._experiment(client, target)
            until = manifest.get("trained_until", "")
            run_id = client.create_run(experiment, run_name=f"{target} until {until}").info.run_id
            try:
                _log(client, run_id, record)
                logged = client.create_logged_model(experiment, name="model", source_run_id=run_id)
                digest = _keep(client, logged, run_id, manifest, files)
                version = _register(client, target, logged, run_id, digest)
            except BaseException:
                client.set_terminated(run_id, "FAILED")
                raise
            client.set_terminated(run_id)
        self.set_alias(version, "challenger")
        return version

    def set_alias(self, version: Version, alias: Alias) -> None:
        """Let the alias point to this version from now on."""
        with self._speaking():
            self._client().set_registered_model_alias(version.name, alias, str(version.number))

    def settle(self, version: Version, decision: Decision) -> None:
        """Write down what was decided about a challenger, and make it champion where that was the decision."""
        client = self._client()
        with self._speaking():
            for key, value in (("decision", decision.rule), ("decision_reason", decision.reason)):
                client.set_model_version_tag(version.name, str(version.number), key, value)
                client.set_tag(version.run_id, key, value)
            if decision.promote:
                client.set_registered_model_alias(version.name, "champion", str(version.number))
                client.delete_registered_model_alias(version.name, "challenger")

    def prepare(self) -> None:
        """Read MLflow and create a local registry's tables now, while something else is being waited for."""
        if self._local:
            client = self._client()
            with self._speaking():
                import mlflow.pyfunc  # noqa: F401, PLC0415

                client.search_experiments(max_results=1)

    def champion(self, target: str) -> Champion | None:
        """Return the target's champion, its files fetched and checked, or None when there is none yet.

        Raises ModelError for a file that is missing or differs by a byte from what was registered.
        """
        return self.aliased(target, "champion")

    def aliased(self, target: str, alias: Alias) -> Champion | None:
        """Return the model an alias points to, as `champion` does."""
        if self._local and not (self._folder / "mlflow.db").exists():
            return None  # spares creating a database to find it empty
        client = self._client()
        name = model_name(target)
        with self._speaking():
            from mlflow.exceptions import MlflowException  # noqa: PLC0415

            try:
                number = client.get_registered_model(name).aliases.get(alias)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return None
            if number is None:
                return None
            found = client.get_model_version(name, number)
            digest = found.tags.get("digest")
            if digest is None:
                raise ModelError(
                    f"model {name} version {number} ({alias}) was not registered by keepgrow: it has no tag 'digest'. "
                    "Point the alias to one that was, or train again."
                )
            folder = self._fetch(client, name, number)
        manifest, _ = _checked(folder, digest, f"model {name} version {number} ({alias})")
        return Champion(target, int(number), digest, found.run_id or "", folder, manifest)

    def _fetch(self, client: MlflowClient, name: str, number: str) -> Path:
        """Return where the version's model folder lies: in place for a local store, else downloaded."""
        import mlflow.artifacts  # noqa: PLC0415
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        uri = f"{client.get_model_version_download_uri(name, number).rstrip('/')}/artifacts/model"
        destination = None
        if urlsplit(uri).scheme not in ("", "file"):
            kept = self._folder / "downloads" / name / number
            kept.mkdir(parents=True, exist_ok=True)
            destination = str(kept)
        try:
            return Path(mlflow.artifacts.download_artifacts(uri, dst_path=destination, tracking_uri=self.uri))
        except (MlflowException, OSError) as error:
            raise ModelError(
                f"the files of model {name} version {number} cannot be fetched from {uri}: {_first_line(error)} "
                "Restore them, or train again."
            ) from None

    def _experiment(self, client: MlflowClient, target: str) -> str:
        found = client.get_experiment_by_name(model_name(target))
        if found is not None:
            return found.experiment_id
        location = (self._folder / "artifacts").as_uri() if self._local else None
        return client.create_experiment(model_name(target), artifact_location=location)

    def _client(self) -> MlflowClient:
        if self._opened is None:
            for name, value in _SURROUNDINGS.items():
                os.environ.setdefault(name, value)
            with self._speaking(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # MLflow warns about its own type hints when imported
                from mlflow import MlflowClient  # noqa: PLC0415

                for name in ("mlflow", "alembic", "urllib3"):  # importing mlflow sets levels of its own
                    logging.getLogger(name).setLevel(logging.ERROR)
                if self._local:
                    self._folder.mkdir(parents=True, exist_ok=True)
                self._opened = MlflowClient(self.uri, self.uri)
        return self._opened

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what MLflow and the database beneath it raise into one StoreError that names the address."""
        try:
            yield
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _BENEATH and not isinstance(error, OSError):
                raise
            said = f"the model registry at {self.uri} cannot be used: {_first_line(error)}"
            secret = urlsplit(self.uri).password
            raise StoreError(
                f"{said.replace(secret, '***') if secret else said} Check [mlflow] tracking_uri and that the server "
                "runs; without the key, models are kept in the state folder."
            ) from error


def _log(client: MlflowClient, run_id: str, record: Record) -> None:
    from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415

    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in record.texts().items()],
        tags=[RunTag(name, value) for name, value in record.tags().items()],
    )
    metrics = [Metric(*figure) for figure in record.figures()]
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
    if record.evaluation:
        client.log_dict(run_id, dict(record.evaluation), "backtest.json")


def _keep(
    client: MlflowClient, logged: LoggedModel, run_id: str, manifest: Mapping[str, Any], files: Mapping[str, bytes]
) -> str:
    """Upload the model: its folder, scorer.py, the code that loads them, signature, requirements. Return its digest."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as scratch:
        warnings.simplefilter("ignore")  # it asks for an example of the input, which would be a customer's data
        import mlflow.pyfunc  # noqa: PLC0415
        from mlflow.models import Model, ModelSignature  # noqa: PLC0415
        from mlflow.types import ColSpec, Schema  # noqa: PLC0415

        content = manifest_bytes(manifest)
        digest = hashlib.sha256(content).hexdigest()
        staged, saved, here = Path(scratch) / "model", Path(scratch) / "saved", Path(__file__).parent
        staged.mkdir()
        for name, part in {**files, MANIFEST: content, DIGEST: f"{digest}\n".encode()}.items():
            (staged / name).write_bytes(part)
        types = [("string" if each["type"] == "category" else "double", each["name"]) for each in manifest["features"]]
        mlflow.pyfunc.save_model(
            saved,
            python_model=str(here / "pyfunc_model.py"),
            artifacts={"model": str(staged), "scorer": str(here / "scorer.py")},
            model_config={"digest": digest},
            signature=ModelSignature(Schema([ColSpec(*each) for each in types]), Schema([ColSpec("double")])),
            pip_requirements=[f"{package}=={installed(package)}" for package in PINNED],
            mlflow_model=Model(logged.artifact_location, run_id, model_uuid=logged.model_id, model_id=logged.model_id),
        )
        client.log_model_artifacts(logged.model_id, str(saved))
    client.finalize_logged_model(logged.model_id, "READY")
    return digest


def _register(client: MlflowClient, target: str, logged: LoggedModel, run_id: str, digest: str) -> Version:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    name = model_name(target)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        name, logged.artifact_location, run_id, tags={"digest": digest}, model_id=logged.model_id
    )
    return Version(target, int(made.version), digest, run_id)


def _checked(folder: Path, digest: str | None, what: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        return read_model(folder, digest)
    except DamagedModel as error:
        raise ModelError(f"{what} is damaged and was not loaded: {error}. Restore the file, or train again.") from None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = lines[0][:300]
    return line if line.endswith(".") else f"{line}."

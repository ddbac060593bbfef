"""A model's files on their way to the registry and back: uploaded with the code that loads them, fetched, checked."""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from collections.abc import Mapping
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from models.registry.connection import Connection, first_line
from models.scorer import DIGEST, MANIFEST, DamagedModel, manifest_bytes, read_model
from pipeline.errors import ModelError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

PINNED = ("lightgbm", "mlflow", "numpy", "pandas")
"""What the logged model needs to be loaded."""


def keep(
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
        staged, saved, code = Path(scratch) / "model", Path(scratch) / "saved", Path(__file__).parents[1]
        staged.mkdir()
        for name, part in {**files, MANIFEST: content, DIGEST: f"{digest}\n".encode()}.items():
            (staged / name).write_bytes(part)
        types = [("string" if each["type"] == "category" else "double", each["name"]) for each in manifest["features"]]
        mlflow.pyfunc.save_model(
            saved,
            python_model=str(code / "pyfunc_model.py"),
            artifacts={"model": str(staged), "scorer": str(code / "scorer.py")},
            model_config={"digest": digest},
            signature=ModelSignature(Schema([ColSpec(*each) for each in types]), Schema([ColSpec("double")])),
            pip_requirements=[f"{package}=={installed(package)}" for package in PINNED],
            mlflow_model=Model(logged.artifact_location, run_id, model_uuid=logged.model_id, model_id=logged.model_id),
        )
        client.log_model_artifacts(logged.model_id, str(saved))
    client.finalize_logged_model(logged.model_id, "READY")
    return digest


def fetch(connection: Connection, name: str, number: str) -> Path:
    """Return where the version's model folder lies: in place for a local store, else downloaded.

    Raises ModelError, naming the address, when the files of a local store are gone. What is missing at a server is
    missing from the folder returned.
    """
    import mlflow.artifacts  # noqa: PLC0415
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    uri = f"{connection.client().get_model_version_download_uri(name, number).rstrip('/')}/artifacts/model"
    destination = None
    remote = urlsplit(uri).scheme not in ("", "file")
    if remote:
        kept = connection.folder / "downloads" / name / number
        kept.mkdir(parents=True, exist_ok=True)
        destination = str(kept)
    try:
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=destination, tracking_uri=connection.uri))
    except (MlflowException, OSError) as error:
        if remote:
            raise  # a server that does not answer says nothing about the model: see Connection.speaking
        raise ModelError(
            f"the files of model {name} version {number} cannot be fetched from {uri}: {first_line(error)} "
            "Restore them, or train again."
        ) from None


def checked(folder: Path, digest: str | None, what: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest and files of a model folder; raises ModelError when a byte is not what was registered."""
    try:
        return read_model(folder, digest)
    except DamagedModel as error:
        raise ModelError(f"{what} is damaged and was not loaded: {error}. Restore the file, or train again.") from None

"""The registry: record a training, decide its alias, and get a champion or an older model back."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.record import Record
from models.registry.connection import Connection
from models.registry.model_files import checked, fetch, keep
from models.registry.runs import NOTES, as_json, decision_tags, log_decision, log_record, log_texts, run_tags
from models.registry.versions import Alias, Champion, Version, model_name
from pipeline.errors import ModelError, SettingsError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

    from models.promote import Decision

log = logging.getLogger("keepgrow")


class Registry:
    """The tracking server and model registry of the settings: `[mlflow] tracking_uri`, else SQLite in the state folder.

    Every method raises StoreError, naming the address, when it cannot be reached, read or written.
    """

    def __init__(self, settings: Settings) -> None:
        self._connection = Connection(settings)
        self.uri = self._connection.uri

    def log_training(self, target: str, folder: Path, record: Record) -> Version:
        """Record a training with its model folder, register the model and make it the challenger.

        Parameters and dates become MLflow parameters, digests and labels tags, counts and evaluation metrics (see
        `Record.figures`), charts, folds and notes artifacts, the data digests only. Raises ModelError for a folder that
        is not a whole model.
        """
        manifest, files = checked(folder, None, "the trained model")
        client = self._client()
        with self._connection.speaking():
            experiment = self._connection.experiment(target)
            recipe = manifest.get("recipe", "model")
            name = f"{target} until {manifest.get('trained_until', '')}" + ("" if recipe == "model" else f" ({recipe})")
            tags = run_tags(record.tags(), record.summary)
            run_id = client.create_run(experiment, tags=tags, run_name=name).info.run_id
            try:
                logged = client.create_logged_model(
                    experiment, name="model", source_run_id=run_id, tags=dict(record.labels), params=record.texts()
                )
                log_record(client, run_id, record, logged.model_id)
                digest = keep(client, logged, run_id, manifest, files)
                version = Version(target, 0, digest, run_id, prefix=self._connection.prefix)
                version = _register(client, version, logged, record, self._connection.config)
            except BaseException:
                client.set_terminated(run_id, "FAILED")
                raise
            client.set_terminated(run_id)
        self.set_alias(version, "challenger")
        return version

    def set_alias(self, version: Version, alias: Alias) -> None:
        """Let the alias point to this version from now on."""
        with self._connection.speaking():
            self._client().set_registered_model_alias(version.name, alias, str(version.number))

    def settle(self, version: Version, decision: Decision) -> None:
        """Write down what was decided about a challenger, and make it champion where that was the decision."""
        client = self._client()
        with self._connection.speaking():
            log_decision(client, version.run_id, decision)
            for key, value in decision_tags(decision).items():
                client.set_model_version_tag(version.name, str(version.number), key, value)
            if decision.promote:
                client.set_registered_model_alias(version.name, "champion", str(version.number))
                client.delete_registered_model_alias(version.name, "challenger")

    def log_refusal(self, target: str, decision: Decision, notes: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        """Record a training that was refused as a run without a model; the same refusal of the same data only once.

        `notes` become its training.json, `labels` its tags.
        """
        client = self._client()
        with self._connection.speaking():
            experiment = self._connection.experiment(target)
            same = hashlib.sha256(json.dumps(notes, sort_keys=True).encode()).hexdigest()
            if client.search_runs([experiment], f"tags.`digest.refusal` = '{same}'", max_results=1):
                return
            tags = run_tags({**labels, "digest.refusal": same}, f"**Refused.** {decision.reason}")
            name = f"{target} until {notes['trained_until']}: refused"
            run_id = client.create_run(experiment, tags=tags, run_name=name).info.run_id
            log_decision(client, run_id, decision)
            log_texts(client, run_id, {NOTES: as_json(notes)})
            client.set_terminated(run_id)

    def prepare(self) -> None:
        """Read MLflow and create a local registry's tables now, while something else is being waited for."""
        if self._connection.local:
            client = self._client()
            with self._connection.speaking(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # MLflow warns about its own type hints when imported
                import mlflow.pyfunc  # noqa: F401, PLC0415

                client.search_experiments(max_results=1)

    def champion(self, target: str) -> Champion | None:
        """Return the target's champion, its files fetched and checked, or None when there is none yet.

        Raises ModelError for a file that is missing or differs by a byte from what was registered.
        """
        return self.aliased(target, "champion")

    def aliased(self, target: str, alias: Alias) -> Champion | None:
        """Return the model an alias points to, as `champion` does."""
        if self._connection.unused:
            return None
        client = self._client()
        name = model_name(target, self._connection.prefix)
        with self._connection.speaking():
            model = _registered(client, name)
            if model is None:
                return None
            self._check_owner(model)
            number = model.aliases.get(alias)
            if number is None:
                return None
            return self._opened(target, client.get_model_version(name, number), f" ({alias})")

    def version(self, target: str, wanted: int | str) -> Champion:
        """Return a registered model by its number (7 or "7") or its digest, checked as `champion` does.

        Where a digest was registered more than once, the latest. Raises ModelError naming what is missing: the model,
        the version, or its files.
        """
        name = model_name(target, self._connection.prefix)
        number = str(wanted) if isinstance(wanted, int) or (wanted.isdigit() and len(wanted) < 12) else None
        asked = f"version {number}" if number else f"version with digest {str(wanted)[:16]}"
        gone = f"model {name} has no {asked} at {self._connection.shown}"
        if self._connection.unused:
            raise ModelError(f"{gone}: nothing was registered there yet. {RESTORE}")
        client = self._client()
        with self._connection.speaking():
            known = client.search_model_versions(f"name = '{name}'", max_results=1000)
            # A version's number is text at a server and a whole number in SQLite.
            found = [each for each in known if (str(each.version) == number if number else _digest(each) == wanted)]
            if not found:
                there = ", ".join(str(each) for each in sorted(int(each.version) for each in known)) or "none"
                raise ModelError(f"{gone}; versions there: {there}. {RESTORE}")
            return self._opened(target, max(found, key=lambda each: int(each.version)), "")

    def training_notes(self, version: Version) -> dict[str, Any]:
        """Return what was noted at the version's training: evaluation, curves, cohorts, importance, decision, digests.

        {} for a model trained before keepgrow wrote notes; the reason is then logged.
        """
        client = self._client()
        with self._connection.speaking(), tempfile.TemporaryDirectory() as scratch:
            if not any(file.path == NOTES for file in client.list_artifacts(version.run_id)):
                log.info(
                    "%s version %d was trained before notes were kept: its run has no %s",
                    version.name, version.number, NOTES,
                )  # fmt: skip
                return {}
            file = Path(client.download_artifacts(version.run_id, NOTES, scratch))
            notes: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return notes

    def _opened(self, target: str, found: ModelVersion, known_as: str) -> Champion:
        name = model_name(target, self._connection.prefix)
        said = f"model {name} version {found.version}{known_as}"
        digest = _digest(found)
        if digest is None:
            raise ModelError(
                f"{said} was not registered by keepgrow: it has no tag 'digest'. "
                "Point the alias to one that was, or train again."
            )
        folder = fetch(self._connection, name, str(found.version))
        manifest, _ = checked(folder, digest, said)
        prefix = self._connection.prefix
        return Champion(target, int(found.version), digest, found.run_id or "", folder, manifest, prefix=prefix)

    def _check_owner(self, model: RegisteredModel) -> None:
        """Check that the model is not another config's, whose lists would then be scored with ours."""
        owner = model.tags.get(OWNER)
        if self._connection.local or owner in (None, self._connection.config):
            return
        raise SettingsError(
            f"the registered model {model.name} at {self._connection.shown} belongs to the config '{owner}', and this "
            f"one is '{self._connection.config}'. Give this config names of its own with [mlflow] prefix, for example "
            f'prefix = "keepgrow-{self._connection.config}".'
        )

    def _client(self) -> MlflowClient:
        return self._connection.client()


OWNER = "keepgrow.config"
"""The tag that names the config whose model it is."""

RESTORE = "Restore the registry's database from a backup, or name a version that is there."


def _digest(found: ModelVersion) -> str | None:
    return found.tags.get("digest")


def _registered(client: MlflowClient, name: str) -> RegisteredModel | None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def _register(client: MlflowClient, version: Version, logged: LoggedModel, record: Record, config: str) -> Version:
    """Return the version with the number it got."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        client.create_registered_model(version.name, tags={OWNER: config}, description=record.question)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        version.name,
        logged.artifact_location,
        version.run_id,
        tags={"digest": version.digest, **record.labels},
        description=record.headline,
        model_id=logged.model_id,
    )
    return replace(version, number=int(made.version))

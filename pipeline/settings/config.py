"""The config file: TOML read once into frozen models. Unknown keys are errors that name the nearest known one."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from pipeline.errors import SettingsError, nearest
from pipeline.parsing import Section, parse, with_environment, without_secrets
from pipeline.settings.learning import EvaluateSettings, TrainingSettings
from pipeline.settings.results import (
    ListSettings,
    MlflowSettings,
    Play,
    PrefectSettings,
    SinkSettings,
    StoreSettings,
)
from pipeline.settings.running import AccountSettings, EngineSettings, MoneySettings, RunSettings, TimeSettings
from pipeline.settings.sources import TableSource
from pipeline.settings.texts import TextSettings
from pipeline.tables import TABLES


class Settings(Section):
    """The whole config. Paths are resolved against `folder`, the config's `root`."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    root: str = "."
    """Where relative paths start, itself relative to the config file."""
    state: str | None = None
    """Folder for everything keepgrow writes; default `.keepgrow/NAME`."""
    time: TimeSettings = TimeSettings()
    run: RunSettings = RunSettings()
    engine: EngineSettings = EngineSettings()
    money: MoneySettings = MoneySettings()
    accounts: AccountSettings = AccountSettings()
    texts: TextSettings = TextSettings()
    tables: Mapping[str, tuple[TableSource, ...]]
    targets: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Target name -> its keys; read by the kind of target (models/targets)."""
    training: TrainingSettings = TrainingSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    lists: ListSettings = ListSettings()
    plays: Mapping[str, Play] = Field(default_factory=dict)
    """Target name -> play; a target without one gets a neutral play named after it."""
    sinks: tuple[SinkSettings, ...] = ()
    store: StoreSettings = StoreSettings()
    mlflow: MlflowSettings = MlflowSettings()
    prefect: PrefectSettings = PrefectSettings()
    folder: Path = Field(Path("."), exclude=True)
    file: str = Field("the config", exclude=True)

    @model_validator(mode="after")
    def _known_names(self) -> Settings:
        for table, mappings in self.tables.items():
            if table not in TABLES:
                raise ValueError(f"tables.{table}: no such table in the contract; {nearest(table, TABLES)}")
            if not mappings:
                raise ValueError(f"tables.{table}: expected at least one source, for example [[tables.{table}]]")
            contract = TABLES[table]
            for number, mapping in enumerate(mappings):
                if mapping in mappings[:number]:
                    first = mappings.index(mapping) + 1
                    raise ValueError(
                        f"tables.{table}: entries {first} and {number + 1} are the same source, whose rows would count "
                        "twice; take one out"
                    )
            for mapping in mappings:
                for column in (*mapping.columns, *mapping.late):
                    given = [each.name for each in contract.given]
                    if column not in given and not contract.more_attributes:
                        raise ValueError(
                            f"tables.{table}.columns.{column}: no such column in the contract; {nearest(column, given)}"
                        )
        if not self.tables:
            raise ValueError("tables: expected at least one table, for example [[tables.invoices]]")
        for name in self.plays if self.targets else ():
            if name not in self.targets:
                raise ValueError(f"plays.{name}: no target has this name; {nearest(name, self.targets)}")
        return self

    @model_validator(mode="after")
    def _paths(self) -> Settings:
        named = {"root": self.root, "state": self.state or "."}
        for number, sink in enumerate(self.sinks):
            named |= {f"sinks.{number}.{key}": text for key in ("folder", "file") if (text := getattr(sink, key))}
        for key, text in named.items():
            try:
                self.path(text)
            except SettingsError as error:
                raise ValueError(f"{key}: {error}") from None
        return self

    def __getstate__(self) -> dict[Any, Any]:
        """Give another process the same places, whatever its working folder and its user's home are."""
        state = super().__getstate__()
        places = {"folder": self.folder.resolve(), "state": str(self.state_folder)}
        return {**state, "__dict__": {**state["__dict__"], **places}}

    @property
    def state_folder(self) -> Path:
        return self.path(self.state or f".keepgrow/{self.name}")

    def path(self, text: str) -> Path:
        """Return the path that `text` names, relative ones against the config's root.

        Raises SettingsError for what cannot be a path: the home of a user there is not, a NUL character.
        """
        try:
            return (self.folder / Path(text).expanduser()).resolve()
        except (RuntimeError, ValueError, OSError) as error:
            raise SettingsError(f"expected a path that can exist; found {text!r}: {error}") from None

    def digest(self) -> str:
        """Return the SHA-256 of the settings that affect a list's rows."""
        parts = {"time", "run", "money", "accounts", "tables", "targets", "training", "evaluate", "lists", "plays"}
        data = self.model_dump(mode="json", include=parts)
        for operational in ("as_of", "wait_seconds", "rows_per_bucket", "memory_gb", "workers"):
            data["run"].pop(operational)
        if self.texts.competitors:
            data["texts"] = {"competitors": sorted(self.texts.competitors)}
        if self.accounts.peers is None:
            data["accounts"].pop("peers")
        if self.training.max_rows is None:
            data["training"].pop("max_rows")  # what it changes, the model's own digest of its rows tells
        if not self.training.trusted:
            data["training"].pop("trusted")
        if not self.training.tune_trials:
            for key in ("tune_trials", "tune_seconds"):
                data["training"].pop(key)
        if self.training.monotone:
            data["training"].pop("monotone")
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def read_settings(file: Path | str, **changes: Any) -> Settings:
    """Read a config file; `changes` replace top-level keys (a command's options win over the file).

    Raises SettingsError with the file, the key, what was expected and what was found.
    """
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        siblings = [str(other.name) for other in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        raise SettingsError(f"config file {path} does not exist; {nearest(path.name, siblings)}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"config file {path} cannot be read: {error}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"config file {path} is not valid TOML: {error}") from None
    data = with_environment(data, path.name) | changes
    folder = path.parent / str(data.get("root", "."))
    try:
        return parse(Settings, data | {"folder": folder, "file": path.name}, path.name)
    except SettingsError as error:
        raise SettingsError(without_secrets(str(error), text)) from None

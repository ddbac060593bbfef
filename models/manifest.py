"""A fitted model as data: the manifest, its files, and the checks before it scores anything."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.spec import Feature
from models.hazard.curve import HazardCurve
from models.scorer import DIGEST, MANIFEST, DamagedModel, Scorer, WrongFrame, manifest_bytes, read_model
from models.targets import Target
from pipeline.errors import ModelError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FittedModel:
    """A model in memory: what `save` writes and `load` reads. It scores the same bits before and after."""

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]
    threads: int = 2

    @classmethod
    def of(cls, manifest: Mapping[str, Any], files: Mapping[str, bytes], threads: int) -> FittedModel:
        """Return the model of a manifest that does not list its files' SHA-256 yet."""
        listed = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
        return cls({**manifest, "files": listed}, files, threads)

    def __getstate__(self) -> dict[str, Any]:
        # Another process loads its own trees.
        return {name: value for name, value in vars(self).items() if name not in ("scorer", "curve")}

    @cached_property
    def scorer(self) -> Scorer:
        return Scorer(self.manifest, self.files, self.threads)

    @cached_property
    def curve(self) -> HazardCurve | None:
        """What tells when the event comes; None for a model that only tells whether."""
        entry = self.manifest.get("horizons")
        return None if entry is None else HazardCurve(entry, self.files, self.scorer.features)

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, which holds those of all files: equal models have equal digests."""
        return hashlib.sha256(manifest_bytes(self.manifest)).hexdigest()

    @property
    def risk(self) -> bool:
        return bool(self.manifest["target"]["risk"])

    @property
    def trained_until(self) -> date:
        return date.fromisoformat(self.manifest["trained_until"])

    def encode(self, features: pd.DataFrame) -> Floats:
        """Return the feature columns as the scorer's matrix; raises ModelError when they do not fit."""
        try:
            return self.scorer.encode(features)
        except WrongFrame as error:
            raise self._cannot_score(error) from None

    def _cannot_score(self, error: WrongFrame) -> ModelError:
        return ModelError(f"{_named(self.manifest)} cannot score these rows: {error}. {RETRAIN}")

    def probability(self, features: pd.DataFrame) -> Floats:
        """Return the calibrated probability of label 1, one per row."""
        return self.scorer.probability(self.encode(features))

    def value(self, features: pd.DataFrame, base: Floats, value_at_stake: Floats) -> Floats:
        """Return what is at stake per row in the reporting currency: as given, or the expected increment of growth."""
        if self.manifest["increment"] is None:
            return np.asarray(value_at_stake, float)
        return self.scorer.increment(self.encode(features), np.asarray(base, float))

    def score(
        self, features: pa.Table, base: Floats, value_at_stake: Floats, rows: NDArray[np.intp] | None = None
    ) -> tuple[Floats, Floats, Floats | None]:
        """Return what `probability` and `value` do, from an Arrow table of the feature columns; raises as `encode`.

        `rows` are the positions of those wanted, which `base` and `value_at_stake` are of; without it, all. Last comes,
        for a model with a curve, the probability before the end of each of its steps: (steps, rows).
        """
        try:
            matrix = self.scorer.encode_arrow(features, rows)
        except WrongFrame as error:
            raise self._cannot_score(error) from None
        value = np.asarray(value_at_stake, float)
        if self.manifest["increment"] is not None:
            value = self.scorer.increment(matrix, np.asarray(base, float))
        probability = self.scorer.probability(matrix)
        return probability, value, None if self.curve is None else self.curve.cumulative(matrix, probability)

    def expected_value(self, features: pd.DataFrame, base: Floats, value_at_stake: Floats) -> Floats:
        """Return probability x value per row, in the reporting currency."""
        return self.probability(features) * self.value(features, base, value_at_stake)

    def save(self, folder: Path) -> str:
        """Write the model's files into `folder`, whole or not at all; return its digest."""
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
            for name, content in self.files.items():
                (partial / name).write_bytes(content)
            (partial / MANIFEST).write_bytes(manifest_bytes(self.manifest))
            (partial / DIGEST).write_text(self.digest + "\n")
            if folder.exists():
                shutil.rmtree(folder)
            partial.rename(folder)
        except OSError as error:
            raise ModelError(
                f"the model cannot be written to {folder}: {error.strerror}. Check its permissions."
            ) from None
        return self.digest


RETRAIN = "Train it anew with `keepgrow train`."


def load_model(folder: Path, digest: str | None = None, threads: int = 2) -> FittedModel:
    """Return the model in `folder`; every file's SHA-256 is checked before LightGBM sees it.

    `digest` is the model's as known elsewhere, for example in the registry. Raises ModelError naming the damaged file.
    """
    try:
        manifest, files = read_model(folder, digest)
    except DamagedModel as error:
        raise ModelError(f"{error}. Restore the model's folder, or train anew with `keepgrow train`.") from None
    return FittedModel(manifest, files, threads)


def check_features(manifest: Mapping[str, Any], features: Sequence[Feature]) -> None:
    """Check that the catalogue's features are exactly, and in the order, those the model was trained on.

    Raises ModelError naming what is missing and what is new.
    """
    trained, found = [feature["name"] for feature in manifest["features"]], [feature.name for feature in features]
    if trained == found:
        return
    missing = [name for name in trained if name not in set(found)]
    new = [name for name in found if name not in set(trained)]
    parts = []
    if missing:
        parts.append(f"it needs {_some(missing)}, which the tables no longer give")
    if new:
        parts.append(f"the tables now give {_some(new)}, which it does not know")
    if not parts:
        parts.append("they come in another order")
    raise ModelError(f"{_named(manifest)} does not fit the features of today: {'; '.join(parts)}. {RETRAIN}")


def differences(manifest: Mapping[str, Any], target: Target) -> list[str]:
    """Return the keys in which the target a model was trained for differs from `target`, each with both values."""
    trained, asked = manifest["target"], target.plain()
    return [
        f"{name} (trained for {trained.get(name)!r}, now {asked.get(name)!r})"
        for name in sorted({*trained, *asked})
        if trained.get(name) != asked.get(name)
    ]


def check_target(manifest: Mapping[str, Any], target: Target) -> None:
    """Check that the model answers the question that the target asks today; raise ModelError naming what differs."""
    differing = differences(manifest, target)
    if differing:
        raise ModelError(
            f"{_named(manifest)} answers another question than [targets.{target.name}] asks: {', '.join(differing)}. "
            f"{RETRAIN}"
        )


def check_time(manifest: Mapping[str, Any], as_of: date, retrospective: bool = False) -> None:
    """Check that the model was trained with nothing that was unknown at `as_of`.

    Raises ModelError for a model that is newer than `as_of`, unless `retrospective`.
    """
    until = date.fromisoformat(manifest["trained_until"])
    if as_of >= until or retrospective:
        return
    raise ModelError(
        f"{_named(manifest)} was trained with what was known until {until}; scoring {as_of} with it would use what "
        f"nobody knew then. Train at --as-of {as_of}, or add --retrospective: the scores are then marked and never "
        "published."
    )


def _named(manifest: Mapping[str, Any]) -> str:
    return f"the model '{manifest['recipe']}' of target '{manifest['target']['name']}' ({manifest['trained_until']})"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"

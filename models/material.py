"""What training and scoring read: one snapshot of the firm's tables and the features built from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from features.built import BuiltFeatures, References, build_to_disk
from features.catalogue import facts_for, features_for
from features.engine import build_features
from features.spec import Feature
from models.dataset import Dataset
from models.gathering import Asked, gather_dataset, gather_judged, gather_log_odds
from models.manifest import FittedModel
from models.sampling import room_for
from models.targets import Target, cohort, declare
from pipeline.asof import LATEST
from pipeline.errors import SettingsError, nearest
from pipeline.history import History
from pipeline.memory import plan
from pipeline.progress import track
from pipeline.settings import Settings
from pipeline.snapshot import Snapshot
from pipeline.workers import BucketFunction, Workers, share, workers_for


@dataclass(frozen=True)
class Material:
    """A snapshot with the features and targets that its tables allow."""

    settings: Settings
    snapshot: Snapshot
    features: tuple[Feature, ...]
    targets: Mapping[str, Target]
    left_out: Mapping[str, str]
    """Target -> why the firm's tables do not allow it."""

    @classmethod
    def of(cls, settings: Settings, snapshot: Snapshot) -> Material:
        """Return the material of a snapshot; raise SettingsError when no target is left."""
        targets, left_out = {}, {}
        for name, target in declare(settings).items():
            reason = target.available(snapshot.columns)
            if reason is None:
                targets[name] = target
            else:
                left_out[name] = reason
        if not targets:
            said = "; ".join(f"{name} {reason}" for name, reason in left_out.items())
            raise SettingsError(
                f"{settings.file}: no target can be made from these tables"
                + (f": {said}. Map what is missing." if said else "; declare one, for example [targets.churn].")
            )
        return cls(settings, snapshot, features_for(snapshot.columns, settings.accounts), targets, left_out)

    def target(self, name: str) -> Target:
        """Return one target; raise SettingsError for one that is not declared or was left out."""
        if name in self.left_out:
            raise SettingsError(f"target '{name}' {self.left_out[name]}")
        if name not in self.targets:
            raise SettingsError(f"there is no target '{name}'; {nearest(name, self.targets)}")
        return self.targets[name]

    def histories(self) -> Iterator[History]:
        """Yield the history of each bucket in turn."""
        for bucket in range(self.snapshot.buckets):
            yield self.snapshot.history(bucket)

    @cached_property
    def workers(self) -> Workers:
        """Whoever works on the buckets; SettingsError when the config asks for what is not installed."""
        return workers_for(self.settings)

    @property
    def threads(self) -> int:
        """LightGBM's threads for one bucket: buckets worked on side by side share `[training] threads`."""
        return max(1, self.settings.training.threads // self.workers.count)

    def map(
        self, function: BucketFunction, doing: str = "", buckets: Sequence[int] | None = None
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield every bucket, or those given, with what `function` returns for it, in order; see `pipeline.workers`.

        `doing` labels a progress bar.
        """
        share(self.snapshot)
        chosen = range(self.snapshot.buckets) if buckets is None else buckets
        yield from track(self.workers.map(function, chosen), doing, len(chosen) if doing else 0)

    @property
    def features_folder(self) -> Path:
        """Where features are kept."""
        return self.settings.state_folder / "features"

    def build(self, as_ofs: Sequence[date]) -> BuiltFeatures:
        """Build the features at these dates, where they are not on disk yet."""
        room = plan(self.settings).values_bytes
        return build_to_disk(self.snapshot, as_ofs, self.features, self.features_folder, self.workers, room)

    @cached_property
    def references(self) -> References:
        """The whole book's figures that features look at beside their account's own rows."""
        return References.of(self.snapshot, self.features, self.features_folder)

    def features_at(self, as_ofs: Sequence[date]) -> pd.DataFrame:
        """Return account_id, as_of and every feature, one row per as_of and account seen, in that order."""
        built = self.build(as_ofs)
        return pd.concat([built.read(as_of) for as_of in sorted(set(as_ofs))], ignore_index=True)

    def with_facts(self, rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
        """Return rows of features, indexed by account_id, with the facts that their phrases show beside them.

        The facts are built by the same engine from the same snapshot at `as_of`.
        """
        facts = facts_for(self.features)
        if rows.empty or not facts:
            return rows.assign(**{fact.name: np.nan for fact in facts})
        built = build_features(self.snapshot.history_of(rows.index), [as_of], facts, self.references.at([as_of]))
        return rows.join(built.set_index("account_id").drop(columns="as_of"))

    def dataset(self, target: Target, as_ofs: Sequence[date], known_by: date) -> Dataset:
        """Return the target's cohort at these dates with features visible then and labels known by `known_by`.

        Accounts excluded on that day, or for good, are not profiled, so they are not learnt from either. Where there
        are more rows than fit (see `models.sampling.room_for`), they are sampled, and the dataset says how.
        Raises AsOfError as `models.targets.label` does, TrainingRefused as `models.dataset.check_cohort` does.
        """
        self.build(as_ofs)
        asked = self._asked(target, as_ofs, known_by)
        room = room_for(self.settings, len(self.features))
        return gather_dataset(self.map, asked, self.features, self.features_folder, room, self.settings.run.seed)

    def judged(self, target: Target, as_of: date, known_by: date, models: Mapping[str, FittedModel]) -> pd.DataFrame:
        """Return the whole cohort at `as_of` with labels known by `known_by` and what each model says of it.

        The columns of `Dataset.rows`, segment, country and tenure (see `models.groups`), then per model its
        probability and expected value (see `models.evaluate`); one row per account, by account_id. Nobody is left
        out but as in `dataset`, and nothing is sampled; raises as it.
        """
        asked = self._asked(target, [as_of], known_by)
        # A model that takes all cores for each bucket would have threads wait for each other.
        sharing = {name: replace(model, threads=self.threads) for name, model in models.items()}
        return gather_judged(self.map, asked, self.features, self.features_folder, sharing)

    def log_odds(self, target: Target, as_of: date, model: FittedModel) -> np.ndarray:
        """Return the model's log-odds of the cohort at `as_of`, in no particular order; labels are not looked at."""
        self.build([as_of])
        asked = self._asked(target, [as_of], as_of)
        sharing = replace(model, threads=self.threads)
        return gather_log_odds(self.map, asked, self.features, self.features_folder, sharing)

    @property
    def attributes(self) -> str:
        """Which day the segment and country in `judged` are of."""
        known = "known_at" in self.snapshot.columns.get("accounts", ())
        return "as known at each test date" if known else "as they are today"

    def _asked(self, target: Target, as_ofs: Sequence[date], known_by: date) -> Asked:
        barred = {*self.snapshot.excluded(known_by)["account_id"], *self.snapshot.excluded(LATEST)["account_id"]}
        days = tuple(sorted(set(as_ofs)))
        return Asked(self.snapshot.folder, target, days, known_by, frozenset(barred))

    def standing(self, target: Target, as_of: date) -> pd.DataFrame:
        """Return how every account seen at `as_of` stands (see `models.targets.cohort`), by account_id."""
        parts = [cohort(target, history.upto(as_of)) for history in self.histories()]
        return pd.concat(parts, ignore_index=True).sort_values("account_id", ignore_index=True)

    def first_day(self, target: Target) -> date:
        """Return the first day of the tables that the target reads."""
        return self.snapshot.first_day(target.reads)

    def data_until(self, target: Target, today: date) -> date:
        """Return the day up to which all tables that the target reads are complete."""
        return self.snapshot.data_until(target.reads, today)

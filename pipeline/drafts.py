"""A scored list before it is published: rows, scores and what they were made from, a folder per target and as_of."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import StoreError
from pipeline.score_files import Scores
from pipeline.settings import Settings


@dataclass(frozen=True)
class Draft:
    """What scoring hands to publishing.

    `rows` has `pipeline.store.frames.ROW_COLUMNS` but `change` and `previous_probability`, which publishing fills;
    `scores` are those of all accounts, in a file; `made_from` the digests, versions and counts of the run record;
    `excluded` the accounts that must appear in neither.
    """

    target: str
    as_of: date
    rows: pd.DataFrame
    scores: Scores
    excluded: tuple[str, ...]
    made_from: dict[str, Any]
    watched: dict[str, Any] = field(default_factory=dict, compare=False)
    """What watching the scored rows found (see `models.drift`); told after scoring, and not saved."""

    def save(self, settings: Settings, rehearsal: bool = False) -> Path:
        """Write the draft, replacing an earlier one of the same target and as_of whole; return its folder.

        A dry run's draft (`rehearsal`) lies apart, so that it is never published by accident.

        Raises StoreError when the state folder cannot be written.
        """
        folder = draft_folder(settings, self.target, self.as_of, rehearsal)
        fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            rows = self.rows.assign(
                reasons=[json.dumps(reasons, ensure_ascii=False) for reasons in self.rows["reasons"]]
            )
            rows.to_parquet(fresh / "rows.parquet", index=False)
            shutil.copyfile(self.scores.file, fresh / "scores.parquet")
            record = {"made_from": self.made_from, "excluded": self.excluded}
            (fresh / "draft.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
        except OSError as error:
            raise StoreError(f"the scored list cannot be written to {folder}: {error.strerror or error}") from None
        return folder

    @classmethod
    def open(cls, settings: Settings, target: str, as_of: date, rehearsal: bool = False) -> Draft:
        """Return the scored list of a target and as_of; raise StoreError when there is none."""
        folder = draft_folder(settings, target, as_of, rehearsal)
        if not (folder / "draft.json").exists():
            raise StoreError(
                f"there is no scored list of '{target}' for {as_of}; expected one in {folder}. "
                f"Run `keepgrow score --as-of {as_of}` first, or `keepgrow run`, which does both."
            )
        record = json.loads((folder / "draft.json").read_text(encoding="utf-8"))
        rows = pd.read_parquet(folder / "rows.parquet")
        rows["reasons"] = [json.loads(text) for text in rows["reasons"]]
        scores = Scores(folder / "scores.parquet")
        return cls(target, as_of, rows, scores, tuple(record["excluded"]), record["made_from"])


def draft_folder(settings: Settings, target: str, as_of: date, rehearsal: bool = False) -> Path:
    return settings.state_folder / ("scored-dry-run" if rehearsal else "scored") / target / str(as_of)

"""Exports a case, fold by fold, as Parquet that contenders in any environment can read; see `quality.fold`.

What a contender may look at lies in the fold's folder: training rows with their labels, test rows without. Labels of
the test rows, and what the made-up company's truth says, lie in `judge/`, which only the judge opens, and in `latent/`,
which only the contenders that are told the truth open.
"""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from engine.child import run

from features.built import content_digest
from models.dataset import Dataset
from models.split import Fold
from models.train import fit_recipes
from quality.cases import CASES, LATENT_STATE, Case
from quality.digests import digest_of
from quality.visible import visible

TRAIN = ["account_id", "as_of", "label", "base", "value_at_stake", "realised"]
TEST = ["account_id", "as_of", "base", "value_at_stake"]


def export(work: Path, name: str, quick: bool = False, final: bool = False) -> list[dict[str, Any]]:
    """Write every fold of a case under `work` and return what each is: see `fold.json`, with its `folder`."""
    case = CASES[name](work, quick, final)
    every = [day for folds in case.folds.values() for fold in folds for day in (*fold.train, fold.test)]
    case.material.build(sorted(set(every)))
    exported = []
    for target, folds in case.folds.items():
        for fold in folds:
            seen = _seen(case, fold.test, work / "visible")
            exported.append(_fold(case, name, target, fold, work, seen))
    return exported


def _seen(case: Case, test: date, into: Path) -> dict[str, Any]:
    """Write the raw rows seen by a test date, once for all targets; return their folder and digest."""
    folder = into / test.isoformat()
    known = folder / "digest.json"
    tables = [name for name in case.material.snapshot.columns if name in ("accounts", *_read(case))]
    asked = digest_of(case.material.snapshot.digest, test.isoformat(), tables)
    if known.exists() and (said := json.loads(known.read_text(encoding="utf-8")))["asked"] == asked:
        return said
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    digests = {}
    for name, frame in sorted(visible(case.material.histories(), test).items()):
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        digests[name] = content_digest(frame)
    said = {"asked": asked, "folder": str(folder), "digest": digest_of(digests)}
    known.write_text(json.dumps(said), encoding="utf-8")
    return said


def _read(case: Case) -> set[str]:
    return {table for target in case.material.targets.values() for table in target.reads} | {"interactions"}


def _fold(case: Case, name: str, target_name: str, fold: Fold, work: Path, seen: dict[str, Any]) -> dict[str, Any]:
    material, target = case.material, case.material.target(target_name)
    train = material.dataset(target, fold.train, known_by=fold.test)
    test = material.dataset(target, [fold.test], known_by=case.known_by)
    if train.sampled is not None or test.sampled is not None:
        raise ValueError(f"{name}: rows were sampled; raise [run] memory_gb of its config, so that all learn from all")
    # Every contender that says nothing about values gets these, so that rankings by value differ by probability only.
    values = fit_recipes(("recency",), train, target, material.features, material.settings, fold.test)["recency"]
    rows = test.rows[TEST].copy()
    rows["value"] = values.value(test.features, *(test.rows[c].to_numpy() for c in ("base", "value_at_stake")))
    folder = work / target_name / fold.test.isoformat()
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("", "judge", "latent"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    frames = {
        "train_rows": train.rows[TRAIN],
        "train_features": train.features,
        "test_rows": rows,
        "test_features": test.features,
    }
    judged = test.rows[["account_id", "as_of", "label", "realised"]].copy()
    if case.truth is not None:
        latent = _latent(case, train, test)
        judged["exact"] = latent["test"][f"p_{target_name}"].to_numpy()
        for part, frame in latent.items():
            frames[f"latent/{part}"] = frame[list(LATENT_STATE)].assign(exact=frame[f"p_{target_name}"])
    # Digests as a rerun will find them: of the values, whatever the files' bytes.
    digests = {part: content_digest(frame) for part, frame in frames.items()}
    for part, frame in (frames | {"judge/rows": judged}).items():
        frame.to_parquet(folder / f"{part}.parquet", index=False)
    plain = {
        "case": name,
        "target": target_name,
        "test": fold.test.isoformat(),
        "train": [day.isoformat() for day in train.dates],
        "final": fold.final,
        "definition": target.plain(),
        "categories": [feature.name for feature in material.features if feature.unit == "category"],
        "visible": seen["folder"],
        "settings": material.settings.digest(),
        "rows": {"train": len(train), "test": len(test), "train_accounts": int(train.rows["account_id"].nunique())},
        "rates": {"train": _rate(train), "test": _rate(test)},
        "digest": digest_of(digests, target.plain(), content_digest(judged)),
        "visible_digest": seen["digest"],
    }
    (folder / "fold.json").write_text(json.dumps(plain, indent=1), encoding="utf-8")
    return plain | {"folder": str(folder)}


def _latent(case: Case, train: Dataset, test: Dataset) -> dict[str, pd.DataFrame]:
    assert case.truth is not None
    return {"train": case.truth(train.rows), "test": case.truth(test.rows)}


def _rate(data: Dataset) -> float:
    return float(np.mean(data.rows["label"].to_numpy()))


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Export the case of a job."""
    work = Path(job["work"])
    work.mkdir(parents=True, exist_ok=True)
    return {"folds": export(work, job["case"], job["quick"], job["final"])}


if __name__ == "__main__":
    run(measure)

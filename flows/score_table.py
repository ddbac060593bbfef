"""Scores of all accounts as a DataFrame, from a notebook or another job: the Python call, without Prefect.

from flows.score_table import score_table

scores = score_table("acme.toml", "2026-01-01")
churn = scores[scores["target"] == "churn"].set_index("account_id")["probability"]
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from flows.outermost import day_asked
from flows.surroundings import quiet, state_folder
from pipeline.scores_file import scores_table
from pipeline.settings import read_settings


def score_table(
    config: str | Path,
    as_of: date | str | None = None,
    *,
    targets: Sequence[str] | None = None,
    retrospective: bool = False,
) -> pd.DataFrame:
    """Return the champions' scores of all accounts at `as_of`; see `pipeline.scores_file.scores_table`.

    Without `as_of` the day is `[run] as_of`, else today; without `targets` all that the tables allow are scored.
    `retrospective` allows a champion that has learnt from what came after `as_of`; its rows are marked. Nothing is
    published, and no draft is left for `keepgrow publish`.

    Raises a KeepgrowError (pipeline.errors) with one clear sentence: for the config, the tables, or a missing champion.
    """
    quiet()  # before LightGBM is imported
    settings = read_settings(config)
    day = day_asked(settings, as_of)
    state_folder(settings)

    from models.material import Material
    from models.scoring import choose, drafts
    from pipeline.engines import take_snapshot
    from pipeline.snapshot import check_as_of

    snapshot = take_snapshot(settings, day)
    check_as_of(snapshot, day)
    material = Material.of(settings, snapshot)
    asked = [material.target(name) for name in targets or material.targets]
    chosen = {target.name: choose(material, target, day, retrospective=retrospective) for target in asked}
    with drafts(material, chosen, day) as made:
        return scores_table(made)

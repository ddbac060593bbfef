"""getML's FastProp, community edition: aggregates of its own choice over the last 365 days, so none is compared.

Its engine is a program of its own, started by a launcher that talks to its maker's servers; where the engine does not
come up, this says so, and does nothing to get round the launcher. It has one time per row, and so the same rows as
Featuretools. What follows the launch was written from its documentation and never seen to run.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import getml
import pandas as pd

from engine.child import Stopwatch, run

PATIENCE = 45
"""Seconds until the engine must have come up."""


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Start the engine, learn 80 features and compute them at all as_of dates."""
    home = tempfile.mkdtemp(prefix="getml-", dir=Path(job["table"]).parent)
    try:
        getml.engine.launch(home_directory=home, launch_browser=False, allow_push_notifications=False)
        waited = time.perf_counter()
        while not getml.engine.is_alive():
            if time.perf_counter() - waited > PATIENCE:
                raise RuntimeError(
                    f"getML {getml.__version__} was installed and its launcher started, but its engine did not answer "
                    f"within {PATIENCE} s; the launcher gave no reason"
                )
            time.sleep(0.5)
        return fastprop(job)
    finally:
        end_all_of(home)


def fastprop(job: dict[str, Any]) -> dict[str, Any]:
    """Fit FastProp on a constant target and compute its features."""
    getml.engine.set_project("benchmark")
    rows = pd.read_parquet(job["file"], columns=["account_id", "occurred_at", "kind", "quantity", "contact_id"])
    days = [pd.Timestamp(day) for day in job["task"]["as_ofs"]]
    accounts = rows["account_id"].astype(str).unique()
    population = pd.concat([pd.DataFrame({"account_id": accounts, "as_of": day}) for day in days], ignore_index=True)
    population["target"] = (population.index % 2).astype(float)
    watch = Stopwatch()
    with watch.part("features"):
        star = getml.data.StarSchema(
            population=getml.DataFrame.from_pandas(
                population,
                "population",
                getml.data.Roles(join_key=["account_id"], time_stamp=["as_of"], target=["target"]),
            )
        )
        star.join(
            getml.DataFrame.from_pandas(
                rows.astype({"account_id": str, "kind": str, "contact_id": str}),
                "interactions",
                getml.data.Roles(
                    join_key=["account_id"],
                    time_stamp=["occurred_at"],
                    categorical=["kind", "contact_id"],
                    numerical=["quantity"],
                ),
            ),
            on="account_id",
            time_stamps=("as_of", "occurred_at"),
            memory=getml.data.time.days(365),
        )
        learner = getml.feature_learning.FastProp(
            loss_function=getml.feature_learning.loss_functions.SquareLoss, num_features=80, num_threads=job["workers"]
        )
        pipeline = getml.Pipeline(data_model=star.data_model, feature_learners=[learner])
        pipeline.fit(star.population, star.peripheral, check=False)
        found = pipeline.transform(star.population, star.peripheral)
    return watch.parts["features"] | {"version": f"getML {getml.__version__}", "columns": int(found.shape[1])}


def end_all_of(home: str) -> None:
    """End the processes that were started for `home`, which the launcher leaves running."""
    for folder in Path("/proc").iterdir():
        try:
            own = folder.name.isdigit() and home.encode() in (folder / "cmdline").read_bytes()
            if own and int(folder.name) != os.getpid():
                os.kill(int(folder.name), signal.SIGTERM)
        except OSError:
            continue


if __name__ == "__main__":
    run(measure)

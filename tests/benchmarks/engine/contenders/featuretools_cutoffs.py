"""Featuretools with cutoff times: one feature matrix per window (`training_window`), cutoff times at the as_of dates.

It has one time per row: what is after the cutoff is not there. That time cannot be both when a row became known, which
decides what is visible, and when it occurred, which windows count by; nor can a row be corrected. So it runs on the
rows as last corrected, taken as known when they occurred, and ours runs on the same rows for the comparison. It
computes
what its primitives express over one window: counts, sums, distinct values and distinct days.

Its own window is `(cutoff - window, cutoff]`; with `include_cutoff_time=False` it is `[cutoff - window, cutoff)`, as
ours. Without `add_last_time_indexes()` accounts whose own time index (here none) lies outside the window give zeros.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

os.environ["FEATURETOOLS_ES_PLUGINS_ENABLED"] = "false"
warnings.simplefilter("ignore")

import featuretools as ft  # noqa: E402
import pandas as pd  # noqa: E402
from featuretools.primitives import Count, NumUnique, Sum  # noqa: E402

from engine.child import Stopwatch, run  # noqa: E402

COLUMNS = ["interaction_id", "account_id", "occurred_at", "kind", "quantity", "contact_id"]


def possible(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the features it can compute: those over one window that ends at as_of, of primitives that it has."""
    plain = ("count", "sum", "distinct", "days")
    return {
        name: part
        for name, part in task["features"].items()
        if part["is"] in plain and part["window"] and not part["back"] and not part["open"]
    }


def declared(es: ft.EntitySet, part: dict[str, Any]) -> ft.FeatureBase:
    """Return a feature as Featuretools declares it."""
    rows = "interactions"
    where = ft.Feature(es[rows].ww["kind"]) == part["kind"] if part["kind"] else None
    column = {"count": "interaction_id", "sum": part["column"], "days": "day", "distinct": part["column"]}[part["is"]]
    primitive = {"count": Count, "sum": Sum, "days": NumUnique, "distinct": NumUnique}[part["is"]]
    return ft.Feature(es[rows].ww[column], parent_dataframe_name="accounts", where=where, primitive=primitive)


def build(rows: pd.DataFrame, task: dict[str, Any]) -> pd.DataFrame:
    """Return account_id, as_of and the possible features."""
    rows = rows.assign(day=rows["occurred_at"].dt.floor("D").astype("int64").astype(str))
    first = rows.groupby("account_id", observed=True)["occurred_at"].min()
    es = ft.EntitySet("firm")
    accounts = pd.DataFrame({"account_id": first.index.astype(str)})
    es.add_dataframe(dataframe=accounts, dataframe_name="accounts", index="account_id")
    es.add_dataframe(
        dataframe=rows.astype({"account_id": str}),
        dataframe_name="interactions",
        index="interaction_id",
        time_index="occurred_at",
        logical_types={"kind": "Categorical", "contact_id": "Categorical", "day": "Categorical"},
    )
    es.add_relationship("accounts", "account_id", "interactions", "account_id")
    es.add_last_time_indexes()
    days = [pd.Timestamp(day) for day in task["as_ofs"]]
    cutoffs = pd.concat(
        [pd.DataFrame({"account_id": first.index[first < day].astype(str), "time": day}) for day in days],
        ignore_index=True,
    )
    chosen = possible(task)
    matrices = []
    for window in sorted({part["window"] for part in chosen.values()}):
        names = [name for name, part in chosen.items() if part["window"] == window]
        matrix = ft.calculate_feature_matrix(
            [declared(es, chosen[name]) for name in names],
            es,
            cutoff_time=cutoffs,
            cutoff_time_in_index=True,
            training_window=f"{window} days",
            include_cutoff_time=False,
        )
        matrices.append(matrix.set_axis(names, axis=1).astype(float).fillna(0.0))
    frame = pd.concat(matrices, axis=1)[list(chosen)].reset_index()
    return frame.rename(columns={"time": "as_of"})


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Read the file and build the features."""
    watch = Stopwatch()
    with watch.part("features"):
        rows = pd.read_parquet(job["file"], columns=COLUMNS)
        frame = build(rows, job["task"])
    frame.to_parquet(job["table"])
    version = f"Featuretools {ft.__version__}, pandas {pd.__version__}"
    return watch.parts["features"] | {"version": version, "compared": list(possible(job["task"]))}


if __name__ == "__main__":
    run(measure)

"""Featuretools: deep feature synthesis over the rows that each as_of sees, then LightGBM.

Each as_of has an entity set of its own with exactly the rows visible then, so that neither what became known later nor
a later correction is in it; windows count by when rows occurred, `[as_of - window, as_of)`, by `training_window`, which
without `add_last_time_indexes()` would give zeros. Tables are accounts and their rows; lines of one account with one
time are an order, so that statistics of orders are there too. Its own environment needs featuretools, pandas before 3,
setuptools before 80, lightgbm and pyarrow.
"""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path

os.environ["FEATURETOOLS_ES_PLUGINS_ENABLED"] = "false"
warnings.simplefilter("ignore")

import featuretools as ft  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from engine.child import run  # noqa: E402
from lightgbm import LGBMClassifier  # noqa: E402

from quality.fold import Fold, Predicted, at, each_fold  # noqa: E402

OCCURRED = {"interactions": "occurred_at", "invoices": "issued_at", "subscriptions": "started_at"}
WINDOWS = ("30 days", "90 days", "180 days", None)
AGGREGATES = ["count", "sum", "mean", "std", "min", "max", "skew", "num_unique", "time_since_last"]
SETTINGS = {"n_estimators": 200, "learning_rate": 0.03, "num_leaves": 15, "min_child_samples": 40}
WORDS = "Categorical"
IDS = ("line_id", "interaction_id", "subscription_id")


def predict(fold: Fold) -> Predicted:
    """Make the features at every as_of of the fold and fit LightGBM, with the baseline's settings."""
    rows, asked = fold.rows("train"), fold.rows("test")
    train = pd.concat([features(fold, day, part["account_id"]) for day, part in rows.groupby("as_of", sort=True)])
    train = train.loc[:, train.nunique(dropna=False) > 1]
    test = features(fold, pd.Timestamp(fold.plain["test"]), asked["account_id"]).reindex(columns=train.columns)
    model = LGBMClassifier(**SETTINGS, n_jobs=fold.threads, random_state=0, deterministic=True, verbose=-1)
    # The training rows come by as_of and account, as the features were put together.
    model.fit(train.to_numpy(float), rows["label"])
    return Predicted(
        model.predict_proba(test.to_numpy(float))[:, 1], rows=len(train), note=f"{train.shape[1]} features"
    )


MADE: dict[tuple[pd.Timestamp, int], pd.DataFrame] = {}
"""Features of as_ofs that earlier folds of the same job asked for: what an as_of sees is the same in all of them."""


def features(fold: Fold, as_of: pd.Timestamp, accounts: pd.Series) -> pd.DataFrame:
    """Return the features of these accounts at one as_of, in their order: one column per primitive path and window."""
    key = as_of, hash(tuple(accounts))
    if key not in MADE:
        MADE[key] = synthesised(fold, as_of, accounts)
    return MADE[key]


def synthesised(fold: Fold, as_of: pd.Timestamp, accounts: pd.Series) -> pd.DataFrame:
    """See `features`."""
    es = entity_set(fold, as_of, accounts)
    cutoff = pd.DataFrame({"account_id": accounts.astype(str), "time": as_of})
    parts = []
    for window in WINDOWS:
        made, _ = ft.dfs(
            entityset=es,
            target_dataframe_name="firms",
            cutoff_time=cutoff,
            training_window=window,
            include_cutoff_time=False,
            agg_primitives=AGGREGATES,
            trans_primitives=[],
            where_primitives=["count"],
            # Of lines within an order it would be computed order by order, and always be the order's own time.
            primitive_options={"time_since_last": {"include_dataframes": _beneath(es)}},
            max_depth=2,
        )
        numbers = made.select_dtypes(["number", "bool"]).astype(float).replace([np.inf, -np.inf], np.nan)
        numbers.index = numbers.index.astype(str)
        parts.append(numbers.reindex(accounts.astype(str)).add_suffix(f" {window or 'all'}"))
    made = pd.concat(parts, axis=1)
    return made.loc[:, ~made.columns.duplicated()]


def entity_set(fold: Fold, as_of: pd.Timestamp, accounts: pd.Series) -> ft.EntitySet:
    """Return the firm as `as_of` sees it."""
    es = ft.EntitySet("firm")
    ids = accounts.astype(str).to_numpy()
    firms = pd.DataFrame({"account_id": ids})
    # Left to itself it takes ids written in digits for numbers.
    es.add_dataframe(dataframe=firms, dataframe_name="firms", index="account_id", logical_types={"account_id": WORDS})
    for table, occurred in OCCURRED.items():
        if table not in fold.tables():
            continue
        rows = at(_raw(fold.plain["visible"], table), as_of)
        rows = rows[rows["account_id"].isin(ids) & (rows[occurred] < as_of)]
        rows = rows.drop(columns=[name for name in rows if _useless(rows, name)]).reset_index(drop=True)
        rows = rows.assign(row=np.arange(len(rows)))
        ordered = table == "invoices" and "invoice_id" not in rows
        if ordered:
            rows["order"] = rows.groupby(["account_id", "issued_at"], sort=True).ngroup()
        texts = dict.fromkeys((name for name in rows if _told_in_words(rows[name])), WORDS)
        es.add_dataframe(dataframe=rows, dataframe_name=table, index="row", time_index=occurred, logical_types=texts)
        if ordered:
            orders = rows.groupby("order", as_index=False)[["account_id", "issued_at"]].first()
            es.add_dataframe(
                dataframe=orders,
                dataframe_name="orders",
                index="order",
                time_index="issued_at",
                logical_types={"account_id": WORDS},
            )
            es.add_relationship("orders", "order", table, "order")
        es.add_relationship("firms", "account_id", "orders" if ordered else table, "account_id")
        if "kind" in rows:
            es.add_interesting_values(dataframe_name=table, values={"kind": sorted(rows["kind"].dropna().unique())})
    es.add_last_time_indexes()
    return es


def _beneath(es: ft.EntitySet) -> list[str]:
    """Return the tables whose rows belong to accounts directly."""
    return [each.child_dataframe.ww.name for each in es.relationships if each.parent_dataframe.ww.name == "firms"]


def _told_in_words(column: pd.Series) -> bool:
    kinds = pd.api.types
    return not (kinds.is_numeric_dtype(column.dtype) or kinds.is_datetime64_any_dtype(column.dtype))


def _useless(rows: pd.DataFrame, name: str) -> bool:
    """Whether a column names its row alone, or says nothing."""
    return name in IDS or rows[name].isna().all()


@lru_cache(maxsize=1)
def _folder(folder: str) -> dict[str, pd.DataFrame]:
    return {file.stem: pd.read_parquet(file) for file in sorted(Path(folder).glob("*.parquet"))}


def _raw(folder: str, table: str) -> pd.DataFrame:
    return _folder(folder)[table]


if __name__ == "__main__":
    run(each_fold(f"Featuretools {ft.__version__}, pandas {pd.__version__}", predict))

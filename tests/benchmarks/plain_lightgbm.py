"""Plain LightGBM on Online Retail with hand-made features: the peer that keepgrow's model is compared with.

It shares no code with the packages. It reads the invoice lines, makes its features with pandas, trains LightGBM per
fold and target, prints each fold's AUC, and writes the test predictions (target, account_id, as_of, label,
probability) to a Parquet file:

    uv run python tests/benchmarks/plain_lightgbm.py [--lines invoice_lines.parquet] [--out predictions.parquet]
        [--min-history-days 0]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.metrics import roc_auc_score

LINES = Path(__file__).parents[3] / "shared/data/online_retail/invoice_lines.parquet"
ACTIVE_DAYS = 120
HORIZON = 60
RATIO = 1.5
TRAINING = pd.date_range("2011-03-01", "2011-08-02", freq="14D")
EARLIER_FOLDS = ("2011-06-07", "2011-07-05", "2011-08-02")
FINAL_FOLD = "2011-10-10"
WINDOWS = (30, 60, 90, 180)
SETTINGS = {"n_estimators": 200, "learning_rate": 0.03, "num_leaves": 15, "min_child_samples": 40}


def days(number: int) -> pd.Timedelta:
    return pd.Timedelta(days=number)


def read_lines(file: Path) -> pd.DataFrame:
    """Return one row per invoice line with a customer: account_id, at, invoice, product, quantity, amount."""
    lines = pd.read_parquet(file).dropna(subset="customer_id")
    return pd.DataFrame(
        {
            "account_id": lines["customer_id"].astype(int).astype(str),
            "at": lines["invoice_ts"],
            "invoice": lines["invoice_no"],
            "product": lines["stock_code"],
            "quantity": lines["quantity"],
            # In cents, so that "half as much again" is decided exactly.
            "cents": (lines["quantity"] * (lines["unit_price"] * 100)).round().astype(int),
            "domestic": lines["country"].eq("United Kingdom").astype(float),
        }
    )


def hand_made_features(lines: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return one row per account with lines before `as_of`; windows are [as_of - window, as_of)."""
    past = lines[lines["at"] < as_of]
    paid = past[past["cents"] > 0]
    accounts = past.groupby("account_id")
    made: dict[str, pd.Series] = {}
    for window in WINDOWS:
        recent = past[past["at"] >= as_of - days(window)].groupby("account_id")
        bought = paid[paid["at"] >= as_of - days(window)].groupby("account_id")
        made[f"invoices_{window}d"] = bought["invoice"].nunique()
        made[f"spend_{window}d"] = recent["cents"].sum()
        made[f"lines_{window}d"] = bought.size()
        made[f"products_{window}d"] = bought["product"].nunique()
    made["spend"] = accounts["cents"].sum()
    made["invoices"] = paid.groupby("account_id")["invoice"].nunique()
    made["products"] = paid.groupby("account_id")["product"].nunique()
    made["credits"] = past[past["cents"] < 0].groupby("account_id")["invoice"].nunique()
    frame = pd.DataFrame(made, index=pd.Index(sorted(past["account_id"].unique()), name="account_id")).fillna(0.0)

    invoices = paid.groupby(["account_id", "invoice"]).agg(at=("at", "min"), cents=("cents", "sum"))
    invoices = invoices.sort_values(["account_id", "at"])
    gaps = invoices.groupby("account_id")["at"].diff() / days(1)
    frame["days_since_invoice"] = (as_of - invoices.groupby("account_id")["at"].max()) / days(1)
    frame["tenure_days"] = (as_of - accounts["at"].min()) / days(1)
    frame["mean_gap"] = gaps.groupby("account_id").mean()
    frame["longest_gap"] = gaps.groupby("account_id").max()
    frame["gap_deviation"] = gaps.groupby("account_id").std()
    frame["recency_over_gap"] = frame["days_since_invoice"] / frame["mean_gap"].clip(lower=1)
    frame["mean_invoice"] = invoices.groupby("account_id")["cents"].mean()
    frame["last_invoice"] = invoices.groupby("account_id")["cents"].last()
    frame["mean_quantity"] = paid.groupby("account_id")["quantity"].mean()
    frame["domestic"] = accounts["domestic"].last()
    frame["trend_60d"] = frame["spend_60d"] / frame["spend_180d"].clip(lower=1)
    return frame.astype(float)


def labelled(lines: pd.DataFrame, as_of: pd.Timestamp, target: str, min_history_days: int) -> pd.Series:
    """Return the label of each account in the target's cohort, indexed by account_id; younger accounts are left out."""
    past = lines[lines["at"] < as_of]
    old_enough = past.groupby("account_id")["at"].min() <= as_of - days(min_history_days)
    ahead = lines[(lines["at"] >= as_of) & (lines["at"] < as_of + days(HORIZON))]
    if target == "churn":
        recent = past[(past["cents"] > 0) & (past["at"] >= as_of - days(ACTIVE_DAYS))]
        cohort = np.sort(recent["account_id"].unique())
        label = ~pd.Series(cohort, cohort).isin(ahead.loc[ahead["cents"] > 0, "account_id"])
    else:
        base = past[past["at"] >= as_of - days(HORIZON)].groupby("account_id")["cents"].sum()
        base = base[base > 0]
        label = ahead.groupby("account_id")["cents"].sum().reindex(base.index, fill_value=0) >= RATIO * base
    return label[old_enough.reindex(label.index)].astype(int).rename("label").rename_axis("account_id")


def predictions(lines: pd.DataFrame, min_history_days: int = 0) -> pd.DataFrame:
    """Return the test rows of every target and fold with the probability given by a model trained before the fold."""
    tests = [pd.Timestamp(fold) for fold in (*EARLIER_FOLDS, FINAL_FOLD)]
    features = {as_of: hand_made_features(lines, as_of) for as_of in sorted({*TRAINING, *tests})}
    parts = []
    for target in ("churn", "upsell"):
        labels = {as_of: labelled(lines, as_of, target, min_history_days) for as_of in features}
        for test in tests:
            dates = [as_of for as_of in TRAINING if as_of + days(HORIZON) <= test]
            model = LGBMClassifier(**SETTINGS, n_jobs=2, random_state=0, deterministic=True, verbose=-1)
            model.fit(
                pd.concat([features[as_of].loc[labels[as_of].index] for as_of in dates]),
                pd.concat([labels[as_of] for as_of in dates]),
            )
            rows = labels[test].reset_index().assign(target=target, as_of=test)
            rows["probability"] = model.predict_proba(features[test].loc[labels[test].index])[:, 1]
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)[["target", "account_id", "as_of", "label", "probability"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=Path, default=LINES)
    parser.add_argument("--out", type=Path, default=Path("plain_lightgbm.parquet"))
    parser.add_argument("--min-history-days", type=int, default=0)
    arguments = parser.parse_args()
    predicted = predictions(read_lines(arguments.lines), arguments.min_history_days)
    for (target, as_of), rows in predicted.groupby(["target", "as_of"]):
        auc, rate = roc_auc_score(rows["label"], rows["probability"]), rows["label"].mean()
        print(f"{target:<7} {as_of:%Y-%m-%d}  accounts {len(rows):5d}  rate {rate:.3f}  AUC {auc:.4f}")  # noqa: T201
    predicted.to_parquet(arguments.out, index=False)
    print(f"written to {arguments.out}")  # noqa: T201


if __name__ == "__main__":
    main()

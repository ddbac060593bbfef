"""Small hand-typed histories for targets, datasets and folds, and toy rows with a known signal to fit models to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.measures import Since
from features.spec import Aggregate, Derived, Feature, expand
from features.words import Words
from models.dataset import Dataset
from models.manifest import FittedModel
from models.targets import Target, declare
from models.train import fit
from pipeline.history import History
from pipeline.settings import Settings, parse
from pipeline.tables import SCALE, TABLES, known_column

Make = Callable[..., History]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def known(text: str) -> datetime:
    """Return when a value so written is known: a timestamp at once, a day at the next midnight."""
    return moment(text) if "T" in text else moment(text) + timedelta(days=1)


def arrow(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    contract = TABLES[name]
    present = {"account_id", *(column for row in rows for column in row)} - {"known_at"}
    data: dict[str, pa.Array] = {}
    for column in (column for column in contract.columns if column.name in present):
        values = [row.get(column.name, "a" if column.name == "account_id" else None) for row in rows]
        if column.kind == "time":
            data[column.name] = pa.array([v and moment(v) for v in values], pa.timestamp("us"))
        elif column.kind in ("money", "number"):
            data[column.name] = pa.array([None if v is None else round(v * SCALE) for v in values], pa.int64())
        else:
            data[column.name] = pa.array(values, pa.string())
        if column.late:
            tells = [next((row[by] for by in column.late if row.get(by)), None) for row in rows]
            data[known_column(column.name)] = pa.array([v and known(v) for v in tells], pa.timestamp("us"))
    occurred = contract.occurred or ""
    data["known_at"] = pa.array(
        [moment(row["known_at"]) if "known_at" in row else row.get(occurred) and known(row[occurred]) for row in rows],
        pa.timestamp("us"),
    )
    return pa.table(data)


@pytest.fixture(scope="session")
def history_of() -> Make:
    """Make a history of contract rows: `history_of(invoices=[{"issued_at": "2025-03-01", "amount": 10.0}])`.

    `account_id` is "a" unless given. Days are written 2025-03-01 and known at the next midnight, instants
    2025-03-01T10:00 and known at once, unless `known_at` says otherwise.
    """
    return lambda **tables: History({name: arrow(name, rows) for name, rows in tables.items()})


SEGMENTS = np.array(["retail", "trade", "public"], dtype=object)


def toy_features() -> tuple[Feature, ...]:
    """Five features of four families: volume, value, recency and profile."""
    calls = Aggregate(
        "calls", "interactions", "count", Words("call|calls", "opkald"), windows=(30, 90), topic="contact"
    )
    spend = Aggregate(
        "spend",
        "invoices",
        "sum",
        Words("net spend", "nettokøb"),
        column="amount",
        windows=(90,),
        unit="money",
        family="value",
        topic="spend",
    )
    since = Derived(
        "days_since_purchase",
        Since("invoices", "last"),
        Words("{value} {day|days} since the last purchase", "{value} {dag|dage} siden seneste køb"),
        unit="days",
        family="recency",
        unknown=Words("no purchases on record", "ingen køb registreret"),
    )
    segment = Derived(
        "segment",
        Since("accounts", "last"),
        Words("segment {value}", "segment {value}"),
        unit="category",
        family="profile",
        topic="attributes",
    )
    return expand((calls, spend, since, segment))


def toy_data(accounts: int = 300, dates: int = 8, seed: int = 1, signal: float = 1.0) -> Dataset:
    """Rows 14 days apart from 2025-01-01 whose log-odds rise with days since the last purchase and fall with calls.

    Growth given label 1 is about half of `base`. Some days_since_purchase are NaN, and `tiny` is a rare segment.
    """
    rng = np.random.default_rng(seed)
    count = accounts * dates
    calls = rng.poisson(4, count).astype(float)
    since = rng.exponential(40, count).round()
    spend = rng.lognormal(6, 1, count).round(2)
    segment = SEGMENTS[rng.integers(0, 3, count)]
    segment[:3] = "tiny"
    odds = signal * (0.02 * (since - 40) - 0.4 * (calls - 4) + 2.0 * (segment == "trade") * (since > 30)) - 0.5
    label = (rng.random(count) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    base = rng.lognormal(5, 1, count)
    features = pd.DataFrame(
        {
            "calls_30d": np.floor(calls / 3),
            "calls_90d": calls,
            "spend_90d": spend,
            "days_since_purchase": np.where(rng.random(count) < 0.05, np.nan, since),
            "segment": segment,
        }
    )
    rows = pd.DataFrame(
        {
            "account_id": [f"kunde-{number:04d}" for number in np.tile(np.arange(accounts), dates)],
            "as_of": np.repeat(
                pd.date_range("2025-01-01", periods=dates, freq="14D").astype("datetime64[us]"), accounts
            ),
            "label": label,
            "base": base,
            "value_at_stake": base / 2,
            "realised": np.where(label == 1, base * rng.lognormal(-0.7, 0.3, count), 0.0),
        }
    )
    return Dataset(rows, features)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Churn by inactivity and upsell by spend, horizon 28 days."""
    return parse(
        Settings,
        {
            "name": "toy",
            "tables": {"invoices": [{"source": "invoices.csv"}]},
            "targets": {
                "churn": {"kind": "churn", "by": "inactivity", "horizon": 28, "horizons": []},
                "upsell": {"kind": "upsell", "by": "spend", "horizon": 28},
            },
            "training": {"threads": 1},
        },
        "toy.toml",
    )


@pytest.fixture(scope="session")
def features() -> tuple[Feature, ...]:
    return toy_features()


@pytest.fixture(scope="session")
def data_of() -> Callable[..., Dataset]:
    return toy_data


@pytest.fixture(scope="session")
def churn(settings: Settings) -> Target:
    return declare(settings)["churn"]


@pytest.fixture(scope="session")
def upsell(settings: Settings) -> Target:
    return declare(settings)["upsell"]


@pytest.fixture(scope="session")
def churn_model(settings: Settings, features: tuple[Feature, ...], churn: Target) -> FittedModel:
    """The champion's recipe on 2,400 rows of eight dates."""
    return fit(toy_data(), churn, features, settings, date(2025, 6, 1))


@pytest.fixture(scope="session")
def upsell_model(settings: Settings, features: tuple[Feature, ...], upsell: Target) -> FittedModel:
    return fit(toy_data(), upsell, features, settings, date(2025, 6, 1))

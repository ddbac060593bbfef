"""The five laws that features keep, each as a function that returns what breaks it (None: nothing does)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
from random_histories import KNOWN, Raw, Row, arrow_table, columns_of, history_of, midnight

from features.catalogue import features_for
from features.engine import build_features
from features.spec import Feature
from pipeline.asof import MISSING
from pipeline.history import History, first_day_steps
from pipeline.settings import AccountSettings
from pipeline.tables import TABLES


def built(
    raw: Raw, as_ofs: Sequence[date], like: Raw | None = None, kind: type[History] = History, **more
) -> pd.DataFrame:
    """Return the features that the columns of `like` allow, built from `raw`."""
    features = features_for(columns_of(like or raw), AccountSettings())
    tables = {name: rows for name, rows in raw.items() if rows}
    return build_features(history_of(tables, kind=kind, **more), as_ofs, features)


def unknown_rows_change_nothing(raw: Raw, as_of: date, kind: type[History] = History) -> str | None:
    """Compare with the rows known before as_of alone, late values that came later taken out."""
    now = midnight(as_of)
    kept: Raw = {}
    for table, rows in raw.items():
        kept[table] = [as_known(row, now) for row in rows if known_before(row, now)]
    if not all(kept.values()):
        return None  # an empty table has no columns to build the same features from
    return difference(built(raw, [as_of], kind=kind), built(kept, [as_of], raw, kind=kind))


def known_before(row: Row, now: datetime) -> bool:
    known = row["known_at" if "known_at" in row else "opened_at"]
    return known is None or known < now


def as_known(row: Row, now: datetime) -> Row:
    """Return the row without the late values that were not known before `now`."""
    hidden = {name for name, value in row.items() if name.endswith(KNOWN) and value is not None and value >= now}
    blank = hidden | {name.removesuffix(KNOWN) for name in hidden}
    return {name: None if name in blank else value for name, value in row.items()}


def row_order_changes_nothing(raw: Raw, as_ofs: Sequence[date], seed: int, kind: type[History] = History) -> str | None:
    random = Random(seed)
    shuffled = {table: random.sample(rows, len(rows)) for table, rows in raw.items()}
    return difference(built(raw, as_ofs, kind=kind), built(shuffled, as_ofs, kind=kind))


def other_accounts_change_nothing(raw: Raw, as_ofs: Sequence[date], kind: type[History] = History) -> str | None:
    """Compare each account with a history of its rows alone; the tables' first days are those of all."""
    first = {name: steps(name, rows) for name, rows in raw.items()}
    together = built(raw, as_ofs, kind=kind, first_days=first)
    for account in sorted({row["account_id"] for rows in raw.values() for row in rows}):
        own = {table: [row for row in rows if row["account_id"] == account] for table, rows in raw.items()}
        if not all(own.values()):
            continue
        alone = built(own, as_ofs, raw, kind=kind, first_days=first)
        among = together[together["account_id"] == account].reset_index(drop=True)
        if broken := difference(among, alone):
            return f"{account}: {broken}"
    return None


def steps(table: str, rows: list[Row]) -> list[tuple[int, int]]:
    arrow = arrow_table(table, rows)
    occurred = _instants(arrow, TABLES[table].occurred or "")
    return first_day_steps(_instants(arrow, "known_at" if "known_at" in arrow.column_names else "opened_at"), occurred)


def _instants(arrow: pa.Table, name: str) -> np.ndarray:
    if name not in arrow.column_names:
        return np.full(len(arrow), MISSING)
    return arrow.column(name).cast("int64").fill_null(MISSING).to_numpy()


def wider_windows_never_count_less(raw: Raw, as_ofs: Sequence[date], kind: type[History] = History) -> str | None:
    features = features_for(columns_of(raw), AccountSettings())
    return counts_less(build_features(history_of(raw, kind=kind), as_ofs, features), features)


def counts_less(frame: pd.DataFrame, features: Sequence[Feature]) -> str | None:
    """Compare counts over the windows of one family; windows from before the table's first day are left out."""
    families: dict[str, list[Feature]] = {}
    for feature in features:
        ending = "all" if feature.window is None else f"{feature.window}d"
        if feature.unit == "count" and feature.name.endswith(f"_{ending}"):
            families.setdefault(feature.name.removesuffix(ending), []).append(feature)
    for family in families.values():
        ordered = sorted(family, key=lambda feature: feature.window or 10**6)
        for narrow, wide in pairwise(ordered):
            both = frame[frame[wide.name].notna() & frame[narrow.name].notna()]
            if not (both[wide.name] >= both[narrow.name]).all():
                return f"{wide.name} counts less than {narrow.name}"
    return None


def dates_together_or_alone_agree(raw: Raw, as_ofs: Sequence[date], kind: type[History] = History) -> str | None:
    """Compare the dates built in one go with each built alone."""
    together = built(raw, as_ofs, kind=kind)
    for as_of in as_ofs:
        among = together[together["as_of"] == pd.Timestamp(as_of)].reset_index(drop=True)
        if broken := difference(among, built(raw, [as_of], kind=kind)):
            return f"{as_of}: {broken}"
    return None


def difference(one: pd.DataFrame, other: pd.DataFrame) -> str | None:
    """Return where two frames differ, bit for bit (NaN equals NaN)."""
    if list(one["account_id"]) != list(other["account_id"]) or list(one["as_of"]) != list(other["as_of"]):
        return f"rows differ: {list(one['account_id'])} and {list(other['account_id'])}"
    for name in one.columns:
        if not one[name].equals(other[name]):
            return f"{name}: {one[name].tolist()} and {other[name].tolist()}"
    return None

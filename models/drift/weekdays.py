"""Rows of some accounts on other weekdays than those a model learnt from.

Training dates are usually whole weeks apart, so all of one weekday, while lists are made on any: days since the last
order, or the reports in the last 30 days, then differ for everybody though nothing has changed. What is ordinary is
therefore looked up on the other weekdays too, on a few dates and accounts, without labels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.engine import build_features, peers_in
from models.material import Material
from models.targets import COHORT, Target, cohort

ACCOUNTS = 600
"""Accounts that are looked at, by their ids alone: the same ones however the book lies in buckets."""

OFFSETS = (3, 6, 2, 5, 1, 4)
"""Days after a training date, in an order that gives neighbours in the year different weekdays."""


def other_weekdays(material: Material, target: Target, dates: Sequence[date], until: date) -> pd.DataFrame:
    """Return account_id, as_of and features of some accounts of the cohort on the weekdays after training `dates`.

    One date per offset, spread over the training dates, before `until`. Features that look at the whole book are left
    out.
    """
    last = len(dates) - 1
    days = [dates[round(place * last / (len(OFFSETS) - 1))] + timedelta(offset) for place, offset in enumerate(OFFSETS)]
    days = sorted({day for day in days if day < until} - set(dates))
    features = [feature for feature in material.features if not peers_in([feature])]
    snapshot = material.snapshot
    ids = [account for bucket in range(snapshot.buckets) for account in snapshot.ids(bucket).to_pylist()]
    if not ids:
        return pd.DataFrame({"account_id": [], "as_of": pd.DatetimeIndex([])})
    barred = {*snapshot.excluded(until)["account_id"]}
    chosen = sorted((account for account in ids if account not in barred), key=lambda each: (_lot(each), each))
    drawn = set(chosen[:ACCOUNTS])
    # What a small book's training holds in memory anyway is quicker looked at than the accounts drawn are read again.
    whole = snapshot.buckets == 1 and len(ids) <= 2 * ACCOUNTS
    history = snapshot.history(0) if whole else snapshot.history_of(drawn)
    rows = build_features(history, days, features)
    stamps, account = rows["as_of"].to_numpy(), rows["account_id"]
    wanted = np.zeros(len(rows), dtype=bool)
    for day in days:
        standing = cohort(target, history.upto(day))
        asked = drawn.intersection(standing["account_id"][standing["section"] == COHORT])
        wanted |= (stamps == np.datetime64(day)) & account.isin(asked).to_numpy()
    return rows[wanted].reset_index(drop=True)


def _lot(account: str) -> int:
    return zlib.crc32(account.encode())

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.accounts import attributes
from features.billing import SPEND
from features.catalogue import FEATURES
from features.engine import build_features
from features.spec import Aggregate, expand
from features.where import kind
from features.words import Words

SPEND_ALL = expand([SPEND])[-1:]
INVOICES = [
    {"account_id": "b", "issued_at": "2025-01-01T00:00", "amount": 5},
    {"account_id": "a", "issued_at": "2025-02-01T00:00", "amount": 7},
]


def test_one_row_per_account_seen_sorted_by_as_of_then_account(make_history: Any) -> None:
    history = make_history(invoices=INVOICES)
    frame = build_features(history, [date(2025, 3, 1), date(2025, 1, 15), date(2025, 3, 1)], SPEND_ALL)
    expected = pd.DataFrame(
        {
            "account_id": pd.Series(["b", "a", "b"], dtype="str"),
            "as_of": np.array(["2025-01-15", "2025-03-01", "2025-03-01"], dtype="datetime64[us]"),
            "spend_all": [5.0, 7.0, 5.0],
        }
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_no_dates_and_nobody_seen_give_an_empty_frame_of_the_same_columns(make_history: Any) -> None:
    history = make_history(invoices=INVOICES)
    wanted = (*SPEND_ALL, *attributes(("segment",)))
    for dates in ([], [date(2020, 1, 1)]):
        frame = build_features(history, dates, SPEND_ALL)
        assert list(frame.columns) == ["account_id", "as_of", "spend_all"]
        assert frame["spend_all"].dtype == np.float64
    empty = build_features(history, [], wanted)
    assert [str(empty[name].dtype) for name in empty.columns] == ["str", "datetime64[us]", "float64", "object"]


def test_dates_built_together_or_alone_agree(make_history: Any) -> None:
    history = make_history(invoices=INVOICES)
    features = [feature for feature in FEATURES if feature.table == "invoices" and set(feature.reads) <= READS]
    together = build_features(history, [date(2025, 1, 15), date(2025, 3, 1)], features)
    alone = [build_features(history, [day], features) for day in (date(2025, 1, 15), date(2025, 3, 1))]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))


READS = {("invoices", "account_id"), ("invoices", "amount")}


def test_one_line_declares_a_family_over_its_windows(make_history: Any) -> None:
    demos = Aggregate(
        "demos", "interactions", "count", Words("demo|demos", "demo|demoer"), where=kind("demo"), windows=(7, 30)
    )
    rows = [{"occurred_at": f"2025-03-{day:02}T10:00", "kind": "demo"} for day in (1, 20, 30)]
    rows.append({"occurred_at": "2025-01-01T10:00", "kind": "call"})
    frame = build_features(make_history(interactions=rows), [date(2025, 3, 31)], expand([demos]))
    assert frame.drop(columns=["account_id", "as_of"]).to_dict("records") == [{"demos_7d": 1.0, "demos_30d": 3.0}]

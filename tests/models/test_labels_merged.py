"""Accounts that were merged are labelled as the one they became, through a snapshot of real files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from models.targets import declare, label
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot

AS_OF = date(2025, 3, 1)

CONFIG = """
name = "merged"
[[tables.invoices]]
source = "invoices.csv"
[[tables.subscriptions]]
source = "subscriptions.csv"
{links}
[targets.churn]
kind = "churn"
horizon = 31
[targets.idle]
kind = "churn"
by = "inactivity"
horizon = 31
[targets.upsell]
kind = "upsell"
by = "spend"
horizon = 31
"""

INVOICES = """account_id,issued_at,amount
old,2025-02-05,100.00
new,2025-02-10,50.00
new,2025-03-10,230.00
"""

SUBSCRIPTIONS = """account_id,product,started_at,mrr,ended_at
old,desk,2024-01-01,80.00,2025-03-10
new,desk,2025-03-20,90.00,
"""


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        (
            "",
            {
                "churn old": ("cohort", 80.0, 1.0),
                "idle new": ("too_new", 50.0, None),
                "idle old": ("cohort", 100.0, 1.0),
                "upsell new": ("too_new", 50.0, None),
                "upsell old": ("cohort", 100.0, 0.0),
            },
        ),
        # One account, old enough: it goes on under its new id within the grace, buys, and 230 is over 1.5 x 150.
        (
            '[[tables.account_links]]\nsource = "links.csv"',
            {
                "churn new": ("cohort", 80.0, 0.0),
                "idle new": ("cohort", 150.0, 0.0),
                "upsell new": ("cohort", 150.0, 1.0),
            },
        ),
    ],
)
def test_merged_accounts_are_one(
    links: str, expected: dict[str, tuple[str, float, float | None]], tmp_path: Path
) -> None:
    (tmp_path / "invoices.csv").write_text(INVOICES)
    (tmp_path / "subscriptions.csv").write_text(SUBSCRIPTIONS)
    (tmp_path / "links.csv").write_text("old_id,new_id\nold,new\n")
    (tmp_path / "merged.toml").write_text(CONFIG.format(links=links))
    settings = read_settings(tmp_path / "merged.toml")
    snapshot = take_snapshot(settings, date(2025, 7, 1))
    found = {}
    for name, target in declare(settings).items():
        assert target.available(snapshot.columns) is None
        for bucket in range(snapshot.buckets):
            labels = label(target, snapshot.history(bucket), [AS_OF], date(2025, 7, 1))
            for row in labels[labels["section"] != "outside"].itertuples():
                found[f"{name} {row.account_id}"] = (row.section, row.base, None if np.isnan(row.label) else row.label)
    assert found == expected

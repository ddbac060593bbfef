"""What is ordinary on other weekdays is of the same accounts however the book lies in buckets."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import models.drift.weekdays as weekdays
from models.material import Material
from pipeline.settings import Settings, parse
from pipeline.snapshot import take_snapshot

UNTIL = date(2025, 6, 1)


def material_of(folder: Path, buckets: int) -> Material:
    data: dict[str, Any] = {
        "name": "firm",
        "folder": folder,
        "file": "firm.toml",
        "state": f"state{buckets}",
        "engine": {"buckets": buckets},
        "tables": {"invoices": [{"source": "invoices.csv"}]},
        "targets": {"churn": {"kind": "churn", "by": "inactivity", "horizon": 30, "active_days": 90}},
    }
    settings = parse(Settings, data, "firm.toml")
    return Material.of(settings, take_snapshot(settings, UNTIL))


def test_as_many_accounts_are_looked_at_whatever_the_buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weekdays, "ACCOUNTS", 5)
    bought = [f"a{account},{date(2025, 1, 1) + timedelta(days=20 * step + account)},{10 + account}"
              for account in range(8) for step in range(6)]  # fmt: skip
    (tmp_path / "invoices.csv").write_text("\n".join(["account_id,issued_at,amount", *bought]) + "\n")
    dates = [date(2025, 3, 6), date(2025, 4, 3)]
    found = []
    for buckets in (1, 3):
        material = material_of(tmp_path, buckets)
        assert material.snapshot.buckets == buckets
        found.append(weekdays.other_weekdays(material, material.target("churn"), dates, UNTIL))
    assert found[0].equals(found[1])
    assert found[0]["account_id"].nunique() == 5
    assert not set(found[0]["as_of"].dt.date) & set(dates)

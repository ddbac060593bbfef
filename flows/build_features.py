"""Read the firm's tables into a snapshot and build features at the as_of."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.command import step
from models.material import Material
from pipeline.engines import take_snapshot
from pipeline.memory import plan
from pipeline.report.attention import STALE_DAYS
from pipeline.settings import read_settings
from pipeline.snapshot import check_as_of, open_snapshot


def read_tables(config: str, as_of: date) -> str:
    """Take a snapshot of the firm's tables and return its folder."""
    settings = read_settings(config)
    snapshot = take_snapshot(settings, as_of)
    check_as_of(snapshot, as_of)
    for table, counts in snapshot.counts.items():
        lost = "".join(f", {number:,} rejected ({rule})" for rule, number in counts.rejected.items() if number)
        lost += f", {counts.left_out_by_where:,} left out by where" if counts.left_out_by_where else ""
        step(f"read     {table}: {counts.rows_in:,} rows in, {counts.rows_used:,} used{lost}")
    step(f"write    {_counted(snapshot.parts_written)} written, {snapshot.parts_kept:,} kept")
    return str(snapshot.folder)


def _counted(parts: int) -> str:
    return f"{parts:,} part{'s' if parts != 1 else ''} of the snapshot"


def build_at(config: str, as_of: date, snapshot: str) -> dict[str, Any]:
    """Build the features at `as_of` and return what there is: accounts, features, targets."""
    material = material_of(config, snapshot)
    built = material.build([as_of])
    accounts = built.accounts(as_of)
    step(f"memory   {plan(material.settings).said(material.snapshot.rows, material.snapshot.buckets)}")
    absent = [name for name in EVENTS if name not in material.snapshot.columns]
    if absent:
        step(f"features of {', '.join(absent)} are left out: no such table is mapped")
    for name, reason in material.left_out.items():
        step(f"target   {name} is left out: it {reason}")
    last = material.snapshot.last_day()
    if (as_of - last).days > STALE_DAYS:
        step(
            f"warning  the tables end on {last}, {(as_of - last).days} days before the lists: what happened since looks"
            " like silence to the model. Bring them up to date, or name an earlier --as-of."
        )
    step(f"features {accounts:,} accounts x {len(material.features)} features at {as_of}: {built.said}")
    return {
        "snapshot": snapshot,
        "as_of": str(as_of),
        "accounts": accounts,
        "features": len(material.features),
        "targets": list(material.targets),
        "left_out": dict(material.left_out),
    }


EVENTS = ("interactions", "invoices", "subscriptions")


def material_of(config: str, snapshot: str) -> Material:
    """Return the material in a snapshot's folder."""
    return Material.of(read_settings(config), open_snapshot(Path(snapshot)))


@flow(name="keepgrow-build", validate_parameters=False)
def build(config: str, as_of: date) -> dict[str, Any]:
    """Snapshot and features at `as_of`; both are replaced whole, so running it again changes nothing."""
    snapshot = task(read_tables, cache_policy=NO_CACHE)(config, as_of)
    return task(build_at, cache_policy=NO_CACHE)(config, as_of, snapshot)

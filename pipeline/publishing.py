"""From a scored draft to a published list: compare with the run before, publish, then export; and the way back."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd

from pipeline.changes import change_since
from pipeline.drafts import Draft
from pipeline.exports import canonical_csv, configured_sinks, export
from pipeline.settings import Settings
from pipeline.store import ExportStatus, Hold, PublishResult, RunRecord, Store
from pipeline.store.frames import SCORE_COLUMNS
from pipeline.store.publish import hold_ended
from pipeline.store.store import store_url


def publish_list(
    settings: Settings, target: str, as_of: date, now: datetime, *, dry_run: bool = False
) -> dict[str, Any]:
    """Publish the target's draft of `as_of`; `export_list` exports it.

    Returns target, run_id, new, moved, said (a sentence), left (accounts no longer called, but for those that must not
    be listed), top (the rows to call as plain records), sinks (none yet), hold: None, or run_id, by, at and said of the
    rollback that keeps the list from being shown; and hold_ended: None, or a sentence that says that such a rollback
    ended, because the held list names an account that is excluded at `as_of`. So no sink holds one after the export.
    A dry run opens the store but writes nothing to it.

    Raises StoreError when there is no draft, or it does not pass the audit.
    """
    configured_sinks(settings)
    draft = Draft.open(settings, target, as_of, rehearsal=dry_run)
    with Store(store_url(settings)) as store:
        made_from = {name: value for name, value in draft.made_from.items() if name != "recipe"}
        record = RunRecord(target=target, as_of=as_of, created_at=now, **made_from)
        previous = store.previous(target, as_of)
        if dry_run:
            return _rehearsed(record, draft, store)
        if previous is not None and previous.run_id == record.run_id:
            changes = change_since(None, draft.rows)  # published already: the store keeps what it has
        else:
            changes = change_since(store.rows(previous.run_id) if previous else None, draft.rows)
        record = RunRecord(
            target=target, as_of=as_of, created_at=now,
            previous_run=previous.run_id if previous and previous.run_id != record.run_id else None,
            feedback_until=store.feedback_until(), **made_from,
        )  # fmt: skip
        record = replace(record, rows_digest=hashlib.sha256(canonical_csv(record, changes.rows)).hexdigest())
        left = changes.left[~changes.left["account_id"].isin(draft.excluded)]
        # What scores tell of other horizons stays in their file.
        scores = (part[list(SCORE_COLUMNS)] for part in draft.scores.frames())
        result = store.publish(record, changes.rows, scores, excluded=draft.excluded)
        return {
            "target": target,
            "as_of": str(as_of),
            "run_id": result.run_id,
            "new": result.new,
            "moved": result.moved,
            "said": result.said,
            "hold": held(result.hold),
            "hold_ended": result.hold_ended,
            "left": left.to_dict("records") if result.new else [],
            "top": _top(store.rows(result.run_id)),
            "counts": store.run(result.run_id).counts,
            "model": draft.made_from["model_name"] + " version " + draft.made_from["model_version"],
            "recipe": draft.made_from["recipe"],
            "sinks": [],
        }


def export_list(settings: Settings, target: str, now: datetime) -> list[dict[str, Any]]:
    """Export the list that readers of `target` see to the configured sinks.

    Returns sink, status (done or failed), error (why it failed) and said (a sentence) of each.
    With several targets, publish all of them first: a workbook shows them side by side, and is then written once.
    A sink that fails is only reported.
    """
    with Store(store_url(settings)) as store:
        return _told(export(store, target, configured_sinks(settings), now))


def roll_back(
    settings: Settings, target: str, run: str, author: str, now: datetime, *, excluded: Collection[str]
) -> dict[str, Any]:
    """Show readers of `target` an earlier run again (see `Store.rollback`), and export it to the sinks.

    `run` is a run's id or the beginning of one; `excluded` are the accounts that must not be listed now.
    Returns target, run_id, moved, said, hold and sinks as `publish_list` does. Done again after a kill it exports what
    is missing. To be called under the run lock.
    """
    sinks = configured_sinks(settings)
    with Store(store_url(settings)) as store:
        result = store.rollback(target, store.named(run, target).run_id, author, now, excluded=excluded)
        return _moved(target, result, export(store, target, sinks, now))


def release(
    settings: Settings, target: str, author: str, now: datetime, *, excluded: Collection[str]
) -> dict[str, Any]:
    """Let later runs of `target` be shown again (see `Store.release`), and export as `roll_back` does."""
    sinks = configured_sinks(settings)
    with Store(store_url(settings)) as store:
        result = store.release(target, author, now, excluded=excluded)
        return _moved(target, result, export(store, target, sinks, now))


def _moved(target: str, result: PublishResult, statuses: list[ExportStatus]) -> dict[str, Any]:
    return {
        "target": target,
        "run_id": result.run_id,
        "moved": result.moved,
        "said": result.said,
        "hold": held(result.hold),
        "sinks": _told(statuses),
    }


def held(hold: Hold | None) -> dict[str, Any] | None:
    """Return a hold as plain data."""
    return None if hold is None else {"run_id": hold.run_id, "by": hold.by, "at": hold.at, "said": hold.said}


def _told(statuses: list[ExportStatus]) -> list[dict[str, Any]]:
    return [
        {
            "sink": status.sink,
            "status": status.status,
            "error": status.error if status.status == "failed" else None,
            # A sink that is done may have something to tell: that a list was too long for it.
            "said": f"{status.sink} done: {status.error}" if _has_note(status) else f"{status.sink} {status.status}",
        }
        for status in statuses
    ]


def _has_note(status: ExportStatus) -> bool:
    return status.status == "done" and bool(status.error)


def _rehearsed(record: RunRecord, draft: Draft, store: Store) -> dict[str, Any]:
    known = store.find(record)
    shown = store.published(record.target)
    hold = None if shown is None else shown.hold
    said = "would change nothing: this list is in the store already" if known else "would be a new run"
    ended = None
    if shown is not None and hold is not None and record.as_of >= shown.as_of and shown.run_id != record.run_id:
        barred = {*store.rows(shown.run_id)["account_id"]} & {*draft.excluded}
        ended = hold_ended(record.target, shown.run_id, len(barred)) if barred else None
    if ended is not None:
        hold, said = None, f"would be published: {ended}"
    elif hold is not None and not known:
        said = f"would be kept and not shown: {hold.said}"
    return {
        "target": record.target,
        "as_of": str(record.as_of),
        "run_id": record.run_id,
        "new": False,
        "moved": False,
        "said": f"dry run: {said}",
        "hold": held(hold),
        "hold_ended": ended,
        "left": [],
        "top": _top(draft.rows),
        "counts": draft.made_from["counts"],
        "model": record.model_name + " version " + record.model_version,
        "recipe": draft.made_from["recipe"],
        "sinks": [],
    }


TOP = 100
"""Rows that are handed on for printing; the store holds all of them."""


def _top(rows: pd.DataFrame) -> list[dict[str, Any]]:
    called = rows[rows["section"] == "call"].head(TOP)
    columns = ["rank", "account_id", "name", "account_manager", "probability", "likely_month", "band", "value_at_stake",
               "expected_value", "play", "reasons"]  # fmt: skip
    records = called[columns].astype(object).where(called[columns].notna(), None).to_dict("records")
    return [
        {str(name): value for name, value in record.items()}
        | {"reasons": "; ".join(reason["text"] for reason in record["reasons"])}
        for record in records
    ]

"""What the run's report tells, gathered from the job's result, the snapshot, the store and the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from features.phrases import topic_words
from flows.report_lists import listing_of
from models.material import Material
from models.registry import Registry
from models.targets import Target
from pipeline.errors import AsOfError, KeepgrowError
from pipeline.report import DataRead, FindingTold, Report, TableRead, TargetTold, Training
from pipeline.settings import Settings
from pipeline.snapshot import Snapshot, open_snapshot
from pipeline.store import Store, store_url

_EPOCH = date(1970, 1, 1)


def gather(
    settings: Settings, config: str, as_of: date, result: Mapping[str, Any], now: datetime, dry_run: bool
) -> Report:
    """Return the report of a run of the main job; `result` is what the job returns.

    Notes of a training that cannot be read are told as absent.
    """
    built = result["built"]
    material = Material.of(settings, open_snapshot(Path(built["snapshot"])))
    published = {each["target"]: each for each in result["published"]}
    failed = {each["target"]: each["error"] for each in result["scored"] if "error" in each}
    parts = ("drift", "estimate")
    scored = {each["target"]: {part: each[part] for part in parts if part in each} for each in result["scored"]}
    told = []
    with Store(store_url(settings)) as store:
        for trained in result["trained"]:
            name = trained["target"]
            target = material.target(name)
            training = _training(settings, name, trained)
            training = replace(training, notes={**training.notes, **scored.get(name, {})})
            listing = None
            if name in published:
                listing = listing_of(material, target, store, published[name], training.trained_until, dry_run)
            told.append(_target(material, target, trained, training, as_of, listing, failed.get(name, "")))
    return Report(
        name=settings.name,
        config=config,
        as_of=as_of,
        made_at=now,
        code_version=version("keepgrow"),
        dry_run=dry_run,
        currency=settings.money.currency,
        language=settings.lists.language,
        data=_data(material.snapshot, built),
        targets=told,
        left_out=dict(built["left_out"]),
    )


def _target(
    material: Material, target: Target, trained: Mapping[str, Any], training: Training, as_of: date, listing: Any,
    failure: str,
) -> TargetTold:  # fmt: skip
    return TargetTold(
        name=target.name,
        words=dict(target.words),
        horizon=target.window.horizon,
        gap=target.window.gap,
        risk=target.risk,
        outcome=trained["outcome"],
        reason=trained["reason"],
        training=training,
        listing=listing,
        no_list="" if listing is not None else failure or trained["reason"],
        data_until=material.data_until(target, as_of),
    )


def _data(snapshot: Snapshot, built: Mapping[str, Any]) -> DataRead:
    tables = [
        TableRead(
            name, counts.rows_in, counts.rows_used, counts.rejected, counts.left_out_by_where, counts.repeats_dropped,
            _first_day(snapshot, name), _last_day(snapshot, name),
        )
        for name, counts in snapshot.counts.items()
    ]  # fmt: skip
    findings = [
        FindingTold(each.level, each.table, each.rule, each.count, each.of, each.share, each.example, each.action)
        for each in snapshot.findings.rows
    ]
    return DataRead(tables, findings, built["accounts"], built["features"], snapshot.digest)


def _first_day(snapshot: Snapshot, table: str) -> date | None:
    try:
        return snapshot.first_day([table])
    except AsOfError:  # a table without times, such as exclusions
        return None


def _last_day(snapshot: Snapshot, table: str) -> date | None:
    days = snapshot.known_days.get(table)
    return _EPOCH + timedelta(days=days[-1][1]) if days else None


def _training(settings: Settings, target: str, trained: Mapping[str, Any]) -> Training:
    """Return the notes of today's training, where it came to figures, else those of the champion's."""
    if trained.get("cohorts"):
        until = trained["trained_until"]
        which = "the training of this run" + (", of the challenger" if trained["outcome"] == "kept" else "")
        own = _told(trained, f"{which}, on what was known by {until}", trained["decision"])
        return own if trained["outcome"] != "kept" else _serving(settings, target, own)
    if trained["outcome"] in ("refused", "failed"):
        return Training(decision=trained.get("decision") or {}, warnings=trained.get("warnings", ()))
    decision = trained.get("decision")
    try:
        registry = Registry(settings)
        champion = registry.champion(target)
        notes = registry.training_notes(champion) if champion else {}
    except KeepgrowError as error:
        return Training(decision=decision or {}, absent=f"The notes of its training cannot be read: {error}")
    until = str(champion.manifest["trained_until"]) if champion else ""
    if champion is None or not notes:
        return Training(
            decision=decision or {}, trained_until=until,
            absent="The model was trained before notes were kept; the next training leaves some.",
        )  # fmt: skip
    said = f"the training of {champion.name} version {champion.number}, on what was known by {until}"
    return _told(notes, said, decision or notes["decision"], until)


def _serving(settings: Settings, target: str, challenger: Training) -> Training:
    """Return the challenger's figures, with the day until which the champion, which serves on, was trained."""
    try:
        champion = Registry(settings).champion(target)
    except KeepgrowError:
        champion = None
    until = str(champion.manifest["trained_until"]) if champion else ""
    return replace(challenger, trained_until=until)


def _told(notes: Mapping[str, Any], said_of: str, decision: Mapping[str, Any], until: str = "") -> Training:
    return Training(
        said_of=said_of,
        evaluation=notes.get("evaluation") or {},
        curves=notes.get("curves") or {},
        cohorts=notes.get("cohorts") or (),
        importance=[(in_words(each["topic"]), each["share"]) for each in notes.get("importance") or ()],
        decision=decision,
        verdict=notes.get("verdict", "not judged"),
        warnings=notes.get("warnings") or (),
        trained_until=until or str(notes.get("trained_until", "")),
        notes=notes,
    )


def in_words(topic: str) -> str:
    """Return a topic in English; one that an older catalogue knew, as it was called."""
    try:
        return topic_words(topic)
    except KeyError:
        return topic

"""`keepgrow monitor`: drift at a day, the performance to expect, and what past lists turned out to be worth."""

from __future__ import annotations

from datetime import date
from typing import Any

from flows.command import OUT, Command, step
from flows.drift_lines import expected
from flows.printing import print_table
from models.drift.past import past_runs
from models.drift.reference import Folds, read_reference
from models.drift.watching import watch
from models.manifest import check_features, check_target, check_time, load_model
from models.material import Material
from models.registry import Registry
from pipeline.engines import take_snapshot
from pipeline.errors import ModelError
from pipeline.settings import Settings
from pipeline.store import Run, Store, store_url

DRIFTED = 3
"""The exit code of `keepgrow monitor --fail-on-drift` where there is drift."""


def monitor(running: Command, targets: list[str] | None) -> bool:
    """Watch the targets and print what was found; return whether there is drift."""
    told = watch_targets(running.settings, running.as_of, targets)
    running.printed |= told
    for name, each in told["targets"].items():
        _print(name, each)
    return bool(told["found"])


def watch_targets(settings: Settings, as_of: date, targets: list[str] | None) -> dict[str, Any]:
    """Return `{"as_of", "found", "targets": {name: {"drift", "estimate", "past", "model"} or {"error"}}}`.

    Raises ModelError where no target can be watched, SettingsError for a target that is not declared.
    """
    material = Material.of(settings, take_snapshot(settings, as_of))
    told: dict[str, Any] = {}
    with Store(store_url(settings)) as store:
        for name in targets or list(material.targets):
            try:
                told[name] = _watched(material, name, as_of, store)
            except ModelError as error:
                step(f"monitor  {name}: {error}")
                told[name] = {"error": str(error)}
    if all("error" in each for each in told.values()):
        raise ModelError("; ".join(each["error"] for each in told.values()))
    found = any(each["drift"]["found"] for each in told.values() if "error" not in each)
    return {"as_of": as_of.isoformat(), "found": found, "targets": told}


def _watched(material: Material, name: str, as_of: date, store: Store) -> dict[str, Any]:
    target = material.target(name)
    registry = Registry(material.settings)
    champion = registry.champion(name)
    if champion is None:
        raise ModelError(f"target '{name}' has no champion yet. Train one with `keepgrow train`.")
    model = load_model(champion.folder, champion.digest, material.settings.training.threads)
    check_target(model.manifest, target)
    check_features(model.manifest, material.features)
    check_time(model.manifest, as_of)
    found, reference = watch(material, target, model, as_of), read_reference(model)
    if found is None or reference is None:
        raise ModelError(
            f"{champion.name} version {champion.number} was trained before what it learnt from was kept with it. Train "
            "anew with `keepgrow train`."
        )
    known = {champion.digest: reference.folds}

    def folds_of(run: Run) -> Folds | None:
        if run.model_digest not in known:
            known[run.model_digest] = _folds_of(registry, name, run.model_digest)
        return known[run.model_digest]

    past = past_runs(material, target, store, as_of, folds_of)
    return {**found, "model": f"{champion.name} v{champion.number}", "past": past}


def _folds_of(registry: Registry, name: str, digest: str) -> Folds | None:
    """Return what the backtest of another version showed; None where the version, or what it learnt from, is gone."""
    try:
        version = registry.version(name, digest)
        reference = read_reference(load_model(version.folder, version.digest))
    except ModelError:
        return None
    return None if reference is None else reference.folds


def _print(name: str, each: dict[str, Any]) -> None:
    if "error" in each:
        _say(f"{name}: {each['error']}")
        return
    drift = each["drift"]
    _say(f"{name}: drift at {drift['as_of']}, {each['model']}: {drift['said']}", bold=drift["found"])
    for moved in drift["moved"]:
        _say(f"  {moved['said']}")
    if drift["scores"] is not None:
        _say(f"  {drift['scores']['said']}")
    _say(f"{name}: expected of today's scores: {expected(each['estimate'])}")
    if each["past"]:
        print_table(OUT, f"{name}: past lists, expected and realised", [_row(run) for run in each["past"]])


def _row(run: dict[str, Any]) -> dict[str, str]:
    row = {"as_of": run["as_of"], "model": run["model"], "accounts": f"{run['rows']:,}"}
    for measure, label, form in (("auc", "AUC", "{:.3f}"), ("positives", "events", "{:,.0f}")):
        figure, came = run["estimate"][measure], run["realised"]
        value = (
            "a rule" if run["estimate"]["why_not"] else "–" if figure["value"] is None else form.format(figure["value"])
        )
        if figure["low"] is not None:
            value += f" ({form.format(figure['low'])} to {form.format(figure['high'])})"
        row[f"expected {label}"] = value
        known = None if came is None else came[measure]
        row[f"realised {label}"] = f"known {run['known_on']}" if known is None else form.format(known)
    return row


def _say(text: str, bold: bool = False) -> None:
    OUT.print(text, style="bold" if bold else None, soft_wrap=True, markup=False, highlight=False)

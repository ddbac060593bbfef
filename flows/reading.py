"""What was published, read back from the store: lists, runs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from flows.command import OUT, Command
from flows.printing import print_list, print_table
from models.targets import declare
from pipeline.errors import SettingsError, SinkError, StoreError, nearest
from pipeline.store import Run, Store
from pipeline.store.store import store_url


def list_runs(running: Command, targets: list[str] | None) -> None:
    """Print all runs, the latest first, with what they were made from and which one readers see."""
    for target in targets or ():
        check_target(running, target)
    with Store(store_url(running.settings)) as store:
        found = [run for run in store.runs() if not targets or run.target in targets]
    records = [_run_record(run) for run in found]
    running.printed["runs"] = records
    if not records:
        OUT.print("Nothing has been published yet. `keepgrow run` publishes the first lists.")
        return
    print_table(OUT, "Runs, the latest first", records, numbers=("sequence", "scored", "listed"))
    for hold in [run.hold for run in found if run.hold is not None]:
        _tell_hold(hold.said)


def show_list(running: Command, target: str, manager: str | None, top: int | None) -> None:
    """Print the published list of a target, or one account manager's part of it."""
    check_target(running, target)
    with Store(store_url(running.settings)) as store:
        run = store.published(target)
        if run is None:
            raise StoreError(f"nothing is published for '{target}' yet. `keepgrow run` publishes the first list.")
        rows = store.rows(run.run_id)
    if manager is not None:
        known = rows["account_manager"].unique()
        if manager not in known:
            raise SettingsError(
                f"no row of '{target}' belongs to the account manager {manager!r}; {nearest(manager, known)}"
            )
        rows = rows[rows["account_manager"] == manager]
    _print(running, run, rows, top)
    if run.hold is not None:
        _tell_hold(run.hold.said)
    running.printed |= {"run": _run_record(run), "rows": _plain(rows)}


def show_published(running: Command, result: dict[str, Any], top: int) -> None:
    """Print the top of a list that was just published or, after a dry run, would be."""
    with Store(store_url(running.settings)) as store:
        if not any(run.run_id == result["run_id"] for run in store.runs(result["target"])):
            records = [
                {key: row[key] for key in ("rank", "account_id", "account_manager", "band", "reasons")}
                for row in result["top"][:top]
            ]
            print_table(OUT, f"{result['target']}: {result['said']}", records, numbers=("rank",))
            return
        run, rows = store.run(result["run_id"]), store.rows(result["run_id"])
    if top:
        _print(running, run, rows, top)
    if result["hold"]:
        _tell_hold(result["hold"]["said"])
    if result["hold_ended"]:
        _loudly(f"RELEASED: {result['hold_ended']}.")


def check_sinks(published: list[dict[str, Any]]) -> None:
    """Raise SinkError when a list could not be exported; it stays published, and the same command tries again."""
    failed = [sink["error"] for result in published for sink in result["sinks"] if sink["error"]]
    if failed:
        raise SinkError(" ".join(failed))


def _print(running: Command, run: Run, rows: pd.DataFrame, top: int | None) -> None:
    title = f"{run.target} on {run.as_of}: {run.model_name} version {run.model_version}, run {run.run_id}"
    target = declare(running.settings).get(run.target)
    if target is not None:
        title += f"\n{target.words['label']}"
    if run.by_rule:
        title += (
            "\nNot enough data to rank by a model: the list is ranked by a rule, how long ago the account was last "
            "active. Its probabilities say little more than how many have the outcome."
        )
    silent_days = 0 if target is None else target.silent_days
    print_list(OUT, rows, title, run.currency, top, target is None or target.risk, silent_days)


def check_target(running: Command, target: str) -> None:
    """Raise SettingsError for a target that the config does not declare."""
    if target not in running.settings.targets:
        raise SettingsError(
            f"{running.settings.file} declares no target '{target}'; {nearest(target, running.settings.targets)}"
        )


def _tell_hold(said: str) -> None:
    _loudly(f"HELD: {said}.")


def _loudly(text: str) -> None:
    OUT.print(text, style="bold yellow", soft_wrap=True, markup=False, highlight=False)


def _run_record(run: Run) -> dict[str, Any]:
    return {
        "run": run.run_id,
        "sequence": run.sequence,
        "shown": "" if not run.published else "yes" if run.hold is None else "held",
        "model": f"{run.model_name} v{run.model_version}",
        "scored": run.counts.get("scored"),
        "listed": run.counts.get("listed"),
        "created": f"{run.created_at:%Y-%m-%d %H:%M} UTC",
    }


def _plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [{str(name): value for name, value in record.items()} for record in records]

"""What to look at before trusting a run: rules over a report, a rule a function, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.report.contents import Report, TargetTold
from pipeline.report.expected import totals_off

STALE_DAYS = 7
"""Days that the data may end before the as_of until it is said on top."""


@dataclass(frozen=True)
class Notice:
    """Something that needs attention. `stop`: somebody has to act; `look`: somebody has to know."""

    level: Literal["stop", "look"]
    about: str
    text: str


def notices(report: Report) -> list[Notice]:
    """Return what needs attention, the gravest first, otherwise in the order of the targets."""
    found = [notice for target in report.targets for rule in RULES for notice in rule(report, target)]
    found += [Notice("look", name, f"No list: the target {reason}.") for name, reason in report.left_out.items()]
    found += list(_findings(report))
    return sorted(found, key=lambda notice: notice.level != "stop")


def _held(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    listing = target.listing
    if listing and listing.held and listing.shown:
        yield Notice(
            "look", target.name, f"Readers are held at this list, and newer ones are kept back: {listing.held}."
        )
    elif listing and listing.held:
        yield Notice("stop", target.name, f"Readers do not see this list: {listing.held}.")


def _hold_ended(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    if target.listing and target.listing.hold_ended:
        said = target.listing.hold_ended
        yield Notice("stop", target.name, f"{said[:1].upper()}{said[1:]}.")


def _not_shown(report: Report, target: TargetTold) -> Iterator[Notice]:
    listing = target.listing
    if listing and not listing.shown and not listing.held and not report.dry_run:
        yield Notice("look", target.name, f"Readers do not see this list: {listing.said}.")


def _no_list(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    if target.listing is None:
        yield Notice("stop", target.name, f"No list. {target.no_list or target.reason}")


def _training(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    if target.listing is not None and target.training.decision.get("rule") == "refused":
        yield Notice("stop", target.name, target.reason)


def _sinks(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    for sink in target.listing.sinks if target.listing else ():
        if sink.get("status") == "failed":
            yield Notice("stop", target.name, f"The list was not exported to {sink['sink']}: {sink.get('error')}")


def _rule(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    if target.listing and target.listing.recipe == "recency":
        yield Notice(
            "stop",
            target.name,
            "The list is ranked by a rule, and not by a model: how long ago the account last bought or was in touch, "
            "or where no table tells either, how long ago its contract changed. No model has shown that it knows more "
            "than chance.",
        )


def _warnings(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    said = f"target '{target.name}': "
    for warning in target.training.warnings:
        text = warning.removeprefix(said)
        yield Notice("look", target.name, text[:1].upper() + text[1:])


def _not_judged(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    training = target.training
    by_rule = target.listing is not None and target.listing.recipe == "recency"
    if target.listing and training.said_of and not by_rule and not training.evaluation.get("pooled"):
        yield Notice(
            "look",
            target.name,
            "The history is too short for a test date: nobody knows yet how good this model is.",
        )


def _totals_off(report: Report, target: TargetTold) -> Iterator[Notice]:
    said = totals_off(target.training.notes, report.currency)
    if said and target.listing and target.listing.recipe != "recency":
        yield Notice("look", target.name, f"On past dates {said}. The list's worth may be off as much.")


def _stale(report: Report, target: TargetTold) -> Iterator[Notice]:
    if target.data_until is not None and (days := (report.as_of - target.data_until).days) > STALE_DAYS:
        yield Notice(
            "look",
            target.name,
            f"The data end {days} days before the day of the list: the tables it reads are complete until "
            f"{target.data_until}.",
        )


def _empty(report: Report, target: TargetTold) -> Iterator[Notice]:  # noqa: ARG001
    if target.listing and not target.listing.counts.get("listed"):
        yield Notice("look", target.name, "Nobody is to be called: no account is worth what a call costs.")


def _findings(report: Report) -> Iterator[Notice]:
    errors = sum(finding.level == "error" for finding in report.data.findings)
    if errors:
        yield Notice("stop", "data", f"{errors} rules that stop a run are broken; see the findings below.")
    lost = [
        (table, sum(table.rejected.values()))
        for table in report.data.tables
        if table.rows_in and sum(table.rejected.values()) * 20 > table.rows_in
    ]
    for table, rejected in lost:
        yield Notice(
            "look",
            "data",
            f"{rejected:,} of {table.rows_in:,} rows of {table.name} were rejected; the rules are named below.",
        )


RULES = (
    _held, _hold_ended, _no_list, _training, _sinks, _rule, _not_shown, _warnings, _not_judged, _totals_off, _stale,
    _empty,
)  # fmt: skip

"""What a data team looks at before it runs anything: the contract's findings and the catalogue of features."""

from __future__ import annotations

from typing import Any

from flows.command import OUT, Command, step
from flows.printing import print_table
from pipeline.validate import Finding


def check(running: Command) -> bool:
    """Print the findings of `validate`; return whether a run may go on."""
    from pipeline.validate import validate

    findings = validate(running.settings, running.as_of)
    records = [_record(finding) for finding in findings.rows]
    running.printed |= {"findings": records, "errors": len(findings.errors)}
    if records:
        shown = [_shown(finding) for finding in findings.rows]
        print_table(OUT, f"{running.settings.file}: findings", shown, numbers=("rows",))
    else:
        OUT.print(f"{running.settings.file}: nothing to find fault with.")
    warnings = len(records) - len(findings.errors)
    OUT.print(
        f"{len(findings.errors)} errors, {warnings} warnings." + (" Errors stop a run." if findings.errors else "")
    )
    return not findings.errors


def _record(finding: Finding) -> dict[str, Any]:
    """Return a finding as data, its share of the rows looked at beside the count."""
    return dict(vars(finding)) | {"share": finding.share or None}


def _shown(finding: Finding) -> dict[str, Any]:
    """Return a finding for the terminal: `19,142 of 25,000 (76.6 %)` in one column."""
    rows = f"{finding.count:,}" if finding.of is None else f"{finding.count:,} of {finding.of:,} ({finding.share})"
    told = {"level": finding.level, "rule": finding.rule, "table": finding.table, "rows": rows}
    return told | {"example": finding.example, "action": finding.action}


def list_features(running: Command) -> None:
    """Print the features that the firm's tables give."""
    from features.catalogue import catalogue, features_for
    from pipeline.engines import take_snapshot

    snapshot = take_snapshot(running.settings, running.as_of)
    entries = catalogue(features_for(snapshot.columns, running.settings.accounts))
    running.printed["features"] = entries
    shown = [
        {
            "name": entry["name"],
            "unit": entry["unit"],
            "empty": entry["empty"],
            "meaning": entry["words"].replace("{value}", "N").replace("{s}", "s"),
        }
        for entry in entries
    ]
    print_table(OUT, "Features", shown)
    step(f"features {len(entries)} from {', '.join(snapshot.columns)}")

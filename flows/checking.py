"""What a data team looks at before it runs anything: the contract's findings and the catalogue of features."""

from __future__ import annotations

from flows.command import OUT, Command, step
from flows.printing import print_table


def check(running: Command) -> bool:
    """Print the findings of `validate`; return whether a run may go on."""
    from pipeline.validate import validate

    findings = validate(running.settings, running.as_of)
    records = [dict(vars(finding)) for finding in findings.rows]
    running.printed |= {"findings": records, "errors": len(findings.errors)}
    if records:
        print_table(OUT, f"{running.settings.file}: findings", records, numbers=("count",))
    else:
        OUT.print(f"{running.settings.file}: nothing to find fault with.")
    warnings = len(records) - len(findings.errors)
    OUT.print(
        f"{len(findings.errors)} errors, {warnings} warnings." + (" Errors stop a run." if findings.errors else "")
    )
    return not findings.errors


def list_features(running: Command) -> None:
    """Print the features that the firm's tables give."""
    from features.catalogue import catalogue, features_for
    from pipeline.snapshot import take_snapshot

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

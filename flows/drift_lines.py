"""What watching a date's scores found, in the lines that a step tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SHOWN = 3
"""Features whose change is told; `keepgrow monitor` tells all."""


def drift_lines(scored: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to say of a target's `drift` and `estimate`; nothing where the model has no reference."""
    drift = scored.get("drift")
    if drift is None:
        return
    target = scored["target"]
    yield f"drift    {target}: {drift['said']}"
    moved = list(drift["moved"])
    for each in moved[:SHOWN]:
        yield f"drift    {target}: {each['said']}"
    if len(moved) > SHOWN:
        yield f"drift    {target}: and {len(moved) - SHOWN} more; `keepgrow monitor` names them"
    if drift["scores"] is not None:
        yield f"drift    {target}: {drift['scores']['said']}"
    yield f"expect   {target}: {expected(scored['estimate'])}"


def expected(estimate: Mapping[str, Any]) -> str:
    """Return what a date's scores are expected to be worth before labels arrive, in one line."""
    if estimate.get("why_not"):
        return f"not estimated: {estimate['why_not']}"
    auc, positives = estimate["auc"], estimate["positives"]
    if auc["value"] is None or positives["value"] is None:
        return "no account was scored with a probability that tells accounts apart"
    return (
        f"AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}), {positives['value']:,.0f} events "
        f"({positives['low']:,.0f} to {positives['high']:,.0f}), as the probabilities themselves have it"
    )

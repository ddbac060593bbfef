"""What the engine is held to, and whether the measurements hold it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cases import Case
from engine.chapters import CONTENDERS, DATES, Scale
from engine.runner import Record
from engine.tables import MISSING, ok, table, times

Records = Mapping[str, Record]


def aims(records: Records, scale: Scale) -> str:
    """Return a table of what was aimed at and what was measured."""
    rows = [
        [name, found, "" if held is None else "yes" if held else "**no**"]
        for name, found, held in (*_one_machine(records, scale), *_contenders(records, scale))
    ]
    return "## What it is held to\n\n" + table(("", "measured", "holds"), rows)


def _one_machine(records: Records, scale: Scale) -> list[tuple[str, str, bool | None]]:
    usual, large, tight = Case(scale.usual), Case(scale.large, memory_gb=4.0), Case(scale.usual, memory_gb=1.0)
    limit = records.get(f"limit/{usual.size.name}/{usual.workers}w")
    snapshot, features = records.get(f"snapshot/{usual.name}"), records.get(f"features/{usual.name}/{DATES}")
    many = records.get(f"features/{usual.name}/36")
    most = records.get(f"features/{large.name}/{DATES}")
    bounded = records.get(f"features-kept/{tight.name}/{DATES}")
    growth = large.size.events / usual.size.events
    return [
        _at_most(f"{usual.size}, {DATES} dates: at most 6 times the limit", _ratio(features, limit), 6),
        _peak("... in at most 2 GB, making the buckets included", 2, snapshot, features),
        _at_most(f"{large.size}: time within 1.3 of linear", _ratio(most, features, 1 / growth), 1.3),
        _peak("... in at most 4 GB, making the buckets included", 4, records.get(f"snapshot/{large.name}"), most),
        _at_most("36 dates: at most 2.4 times 13", _ratio(many, features), 2.4),
        _peak("with a limit of 1 GB it comes to its end", float("inf"), records.get(f"snapshot/{tight.name}"), bounded),
    ]


def _contenders(records: Records, scale: Scale) -> list[tuple[str, str, bool | None]]:
    ours = records.get(f"features/{Case(scale.small).name}/{DATES}")
    measured = [record for each in CONTENDERS if (record := records.get(f"contender/{each.module}"))]
    agreed = [not record["differences"] for record in measured if "differences" in record]
    ratios = [ratio for record in measured if (ratio := _ratio(record, ours)) is not None]
    least = f"{times(min(ratios))} times ours at the least, of {len(ratios)}" if ratios else MISSING
    return [
        ("faster than every contender that came to its end", least, min(ratios) > 1 if ratios else None),
        (
            "with the same numbers",
            f"{sum(agreed)} of {len(agreed)} compared" if agreed else MISSING,
            all(agreed) if agreed else None,
        ),
    ]


def _ratio(record: Record | None, of: Record | None, factor: float = 1.0) -> float | None:
    if record is None or of is None or not (ok(record) and ok(of)):
        return None
    return record["seconds"] / of["seconds"] * factor


def _at_most(name: str, ratio: float | None, most: float) -> tuple[str, str, bool | None]:
    return (name, MISSING, None) if ratio is None else (name, times(ratio), ratio <= most)


def _peak(name: str, most: float, *steps: Record | None) -> tuple[str, str, bool | None]:
    """Hold the steps that were measured, of which each has a process of its own, to a peak."""
    found = [record for record in steps if record is not None]
    if not found:
        return name, MISSING, None
    if not all(ok(record) for record in found):
        return name, "did not come to its end", False
    highest = max(record["peak_gb"] for record in found)
    return name, f"{highest:.2f} GB", highest <= most

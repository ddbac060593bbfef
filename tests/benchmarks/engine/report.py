"""RESULTS.md, written from the records of a work folder."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from engine.aims import aims
from engine.cases import Case
from engine.chapters import BUCKETS, CONTENDERS, DATES, FULL, Scale
from engine.machine import described
from engine.paper import past_this_machine
from engine.runner import Record, summary
from engine.tables import added, factor, figures, ok, table

Records = Mapping[str, Record]

TIMES = ("seconds", "processor seconds", "peak GB")
BUSY = 1.0
"""Load average before a measurement, from which on the report says that the machine was busy."""


def render(records: Records, scale: Scale = FULL) -> str:
    """Return the whole page; what was not measured is said to be so."""
    parts = [
        head(records, scale),
        aims(records, scale),
        against_limit(records, scale),
        against_contenders(records, scale),
    ]
    parts += [
        curve("Events", records, [(str(case.size), case, DATES) for case in _events(scale)]),
        curve("As_of dates", records, [(f"{n} dates", Case(scale.usual), n) for n in (1, DATES, 36)]),
        curve(
            "Accounts",
            records,
            [(str(size), Case(size), DATES) for size in (scale.long_histories, scale.usual, scale.short_histories)],
        ),
        curve("Buckets", records, [(f"{n} buckets", Case(scale.small, buckets=n), DATES) for n in BUCKETS]),
        curve("Workers", records, [(f"{n} at a time", Case(scale.usual, workers=n), DATES) for n in (1, 2)]),
        curve(
            "Memory", records, [(f"{gb:g} GB", Case(scale.usual, memory_gb=gb), DATES) for gb in (2.0, 1.0)], kept=True
        ),
        scored(records),
        past_this_machine(records, scale),
    ]
    return reflowed("\n".join(part for part in parts if part))


def head(records: Records, scale: Scale) -> str:
    loads = [record["load"] for name, record in records.items() if "load" in record and not name.startswith("data/")]
    busy = f"{sum(load >= BUSY for load in loads)} of {len(loads)}" if loads else "0 of 0"
    smaller = (
        ""
        if scale.factor == 1
        else f"\n**Scaled down to {scale.factor:g} of the sizes, for trying out: it holds nothing to its aims.**\n"
    )
    return f"""# What the feature engine takes

Written by `make bench`, which generates the data, measures and checks; nothing here is typed by hand.
{smaller}
{described()}. Each measurement ran in a process of its own; times are from after the imports (compiled code is loaded,
not compiled), the median of up to three runs where they are short; the peak is the process's largest resident
memory in 10^9 bytes. The load average before a measurement was {BUSY:g} or more in {busy} (highest
{max(loads, default=0):.1f}): processor seconds and ratios taken in one run say more than seconds then.

**The task:** the first 80 features of the catalogue over interactions (counts, sums, distinct values and days over 7 to
365 days, changes, shares, recency, gaps, decayed sums, bookings, open tickets), at every fourth week's as_of, for every
account seen by then. Visible at as_of are rows with `known_at < as_of`, of each `interaction_id` the latest of them.

**The data:** three years of nine kinds of interactions, heavy-tailed over accounts, in the order of time; 1 in 70
late by
days to weeks, 1 in 300 corrected later, booked meetings known ahead.

- *buckets*: from the Parquet file to sorted buckets on disk, with the contract's checks and digests; done once per
  change
  of the data.
- *features*: from the buckets, reading them included, to the columns of every feature, dropped bucket by bucket.
- *features kept*: the same, written to disk as a run does.
- *limit*: DuckDB's scan of the same file, sort within each account and aggregate of the same columns by account, in one
  query by as many threads: no window, no as_of, no feature (`limit.py`).
"""


def against_limit(records: Records, scale: Scale) -> str:
    """Ours against the limit on the usual case."""
    case = Case(scale.usual)
    limit = records.get(f"limit/{case.size.name}/{case.workers}w")
    carried = limit.get("carried") if limit and ok(limit) else None
    buckets, features = records.get(f"snapshot/{case.name}"), records.get(f"features/{case.name}/{DATES}")
    kept = records.get(f"features-kept/{case.name}/{DATES}")
    named = [
        ("limit", limit),
        ("DuckDB's sort with every column carried", {"status": "ok", **carried} if carried else None),
        ("features", features),
        ("features kept", kept),
        ("buckets", buckets),
        ("buckets and features", added(buckets, features)),
    ]
    rows = [
        [name, *figures(record), factor(record, limit), factor(record, limit, "processor")] for name, record in named
    ]
    note = ""
    if buckets and ok(buckets):
        note = (
            f"\n{buckets['buckets']} buckets of about {buckets['rows'] // buckets['buckets']:,} rows, "
            f"{buckets['bytes_per_row']:.1f} bytes a row on disk."
        )
    if kept and ok(kept):
        again = f"building them again, all there: {kept['again_seconds']:.1f} s."
        note += f" Kept features take {kept['bytes'] / 1e9:.2f} GB; {again}"
    title = f"## Against the limit: {case.size}, {DATES} as_of dates\n"
    return "\n".join([title, table(("", *TIMES, "times the limit", "by processor time"), rows)]) + note + "\n"


def against_contenders(records: Records, scale: Scale) -> str:
    """Every contender, its factor against ours, and whether its numbers agree."""
    case = Case(scale.small)
    buckets, features = records.get(f"snapshot/{case.name}"), records.get(f"features/{case.name}/{DATES}")
    whole = added(buckets, features)
    rows = [
        ["ours: features", *figures(features), "1", "", "80 features"],
        ["ours: buckets and features", *figures(whole), factor(whole, features), "1", "80 features"],
    ]
    for contender in CONTENDERS:
        record = records.get(f"contender/{contender.module}")
        name = record.get("version", contender.name) if record else contender.name
        rows.append(
            [
                name if contender.whole else f"{name} (reduced)",
                *figures(record),
                factor(record, features),
                factor(record, whole),
                agreement(record),
            ]
        )
    heads = ("", *TIMES, "times our features", "times our buckets and features", "same numbers")
    return f"""## Against other ways: {case.size}, {DATES} as_of dates

Contenders read the same file, which tells them besides when a row was superseded (ours finds that itself), and keep
their result in memory. Numbers are the same when counts and days are equal to the bit and floating sums to 1e-9
relative.

{table(heads, rows)}
Reduced: one time per row is all that they have, so the rows as last corrected are taken as known when they occurred.
Featuretools computes the features of one window ending at as_of, without gaps, recency, changes or bookings. Its own
window is
`(cutoff - window, cutoff]`, which `include_cutoff_time=False` turns into ours, `[cutoff - window, cutoff)`; without
`add_last_time_indexes()` a `training_window` gives zeros. getML's FastProp chooses its features itself: none is
compared.
"""


def agreement(record: Record | None) -> str:
    """Return whether a contender's numbers are ours, in words."""
    if record is None or not ok(record) or "differences" not in record:
        return "" if record is None or not ok(record) else "not compared"
    if record["differences"]:
        return f"NO: {record['differences'][0]}"
    return f"{record['features']} features, {record['rows']:,} rows"


def curve(title: str, records: Records, points: list[tuple[str, Case, int]], kept: bool = False) -> str:
    """A cost curve: one row per point, factors against the first."""
    rows, first = [], None
    for name, case, dates in points:
        features = records.get(f"features/{case.name}/{dates}")
        buckets = records.get(f"snapshot/{case.name}")
        first = first or features
        limit = records.get(f"limit/{case.size.name}/{case.workers}w")
        cells = [name, *figures(features), factor(features, first), factor(features, limit), *figures(buckets)]
        if kept:
            cells += figures(records.get(f"features-kept/{case.name}/{dates}"))
        rows.append([*cells, str(buckets["buckets"]) if buckets and ok(buckets) else ""])
    heads = ["", *TIMES, "times the first", "times the limit", *(f"buckets: {head}" for head in TIMES)]
    if kept:
        heads += [f"kept: {head}" for head in TIMES]
    said = [
        f"Of [run] memory_gb = {case.memory_gb:g} it made {record['said']}."
        for _, case, dates in points
        if kept and ok(record := records.get(f"features-kept/{case.name}/{dates}"))
    ]
    return f"## {title}\n\n{table([*heads, 'buckets'], rows)}" + (f"\n{' '.join(said)}\n" if said else "")


def scored(records: Records) -> str:
    """Scoring, where it was measured; "" where it was not, since it is measured on request."""
    throughput, million = records.get("scoring"), records.get("million")
    parts = []
    if throughput:
        found = throughput.get("found", {})
        rows = [[name.replace("_", " "), plainly(value)] for name, value in found.items()]
        parts.append(
            "## Scoring beside LightGBM's bare predict\n\n" + table(("", ""), rows or [[summary(throughput), ""]])
        )
    if million:
        steps = million.get("steps", {"million": million})
        rows = [[name, *figures(step)] for name, step in steps.items()]
        head = "## A million accounts with 50 million rows in all tables, all features, churn and upsell"
        parts.append(f"{head}\n\n{table(('', *TIMES), rows)}")
    return "\n".join(parts)


def plainly(value: object) -> str:
    """Return a figure, or several with their names."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plainly(each)}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def reflowed(text: str, width: int = 120) -> str:
    """Return Markdown with its paragraphs and list items filled to lines of `width`."""
    parts: list[str] = []
    for block in re.split(r"\n{2,}", text.strip()):
        if block.startswith(("|", "#")):
            parts.append(block)
            continue
        items = re.split(r"\n(?=- )", block)
        hanging = ["  " if item.startswith("- ") else "" for item in items]
        parts.append(
            "\n".join(
                textwrap.fill(" ".join(item.split()), width, subsequent_indent=indent, break_long_words=False)
                for item, indent in zip(items, hanging, strict=True)
            )
        )
    return "\n\n".join(parts) + "\n"


def _events(scale: Scale) -> tuple[Case, ...]:
    return Case(scale.small), Case(scale.usual), Case(scale.large, memory_gb=4.0)

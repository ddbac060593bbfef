"""The slow side of features that tell a story of several steps: expected purchases, moves of the contract, people."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]


def alive_probability(repeats: int, between: int, age: int) -> float:
    """Return equation (7) of Fader, Hardie and Lee (2008) for r = 1/2, alpha = 60, a = 2, b = 6."""
    if repeats == 0:
        return 1.0
    odds = 2 / (6 + repeats - 1) * math.exp((0.5 + repeats) * math.log((60 + age) / (60 + between)))
    return 1 / (1 + odds)


def expected_days(repeats: int, between: int, age: int, ahead: int) -> float:
    """Return equation (10) of Fader, Hardie and Lee (2005), its hypergeometric function summed term by term."""
    z = ahead / (60 + age + ahead)
    term, total, n = 1.0, 0.0, 0
    # 2F1(r + x, b + x; a + b + x - 1; z), in logarithms where the sum would be too large.
    while term > 0 and (n < 50 or term > total * 1e-17):
        total += term
        term *= (0.5 + repeats + n) * (6 + repeats + n) / ((7 + repeats + n) * (n + 1)) * z
        n += 1
    inner = math.exp((0.5 + repeats) * math.log((60 + age) / (60 + age + ahead)) + math.log(total))
    return (7 + repeats) * (1 - inner) * alive_probability(repeats, between, age)


def contract_moves(lines: list[list[Row]], now: datetime) -> dict[str, tuple[int, float | None]]:
    """Return, per kind of move, how many days ago the last one was and MRR after it over MRR before, less 1.

    `lines` holds the versions of each line by start; a version ends at `ended_at`, or when the next one starts.
    """
    spans = []
    for versions in lines:
        for row, after in zip(versions, [*versions[1:], None], strict=True):
            ends = [end for end in (row.get("ended_at"), after["started_at"] if after else None) if end is not None]
            end = min(ends, default=None)
            if row["started_at"] <= now and (end is None or row["started_at"] < end):
                spans.append((row, end))
    instants = sorted({row["started_at"] for row, _ in spans} | {end for _, end in spans if end and end <= now})
    found: dict[str, tuple[int, float | None]] = {}
    was, ever = (0, 0, 0), False
    for instant in instants:
        held = [row for row, end in spans if row["started_at"] <= instant and (end is None or instant < end)]
        stands = (sum(r["mrr"] or 0 for r in held), sum(r["seats"] or 0 for r in held), len(held))
        before, after = was[0], stands[0]
        kind = None
        if before <= 0:
            kind = "returned" if after > 0 and ever else None
        elif after - before > before / 200:
            kind = "rose" if stands[1] > was[1] or stands[2] > was[2] else "priced"
        elif after > 0 and before - after > before / 200:
            kind = "fell"
        if kind is not None:
            found[kind] = ((now.date() - instant.date()).days, after / before - 1 if before > 0 else None)
        was, ever = stands, ever or after > 0
    return found


def people(rows: list[Row], now: datetime, reaches_back: bool) -> dict[str, int | None]:
    """Return the figures of the contacts of `rows`, which are in order of occurrence."""
    named = [row for row in rows if row["contact_id"] is not None]
    year = [row for row in named if row["occurred_at"] >= now - timedelta(days=365)]
    late = now - timedelta(days=90)
    found: dict[str, int | None] = dict.fromkeys(("days_since_main_contact", "interactions_since_main_contact"))
    if year:
        ids = [row["contact_id"] for row in year]
        last = {contact: position for position, contact in enumerate(ids)}
        main = max(last, key=lambda contact: (ids.count(contact), last[contact]))
        found["days_since_main_contact"] = (now.date() - year[last[main]]["occurred_at"].date()).days
        found["interactions_since_main_contact"] = len(year) - 1 - last[main]
    recent = {row["contact_id"] for row in named if row["occurred_at"] >= late}
    before = {row["contact_id"] for row in named if row["occurred_at"] < late}
    lost = {row["contact_id"] for row in year} - recent
    found["contacts_lost_90d"] = len(lost) if reaches_back else None
    found["contacts_new_90d"] = len(recent - before) if reaches_back else None
    return found

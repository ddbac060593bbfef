"""Bar charts: horizontal bars with their labels before and their values after them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.charts.paper import WIDTH, drawing, escape, line, no_data, shortened, text, width_of
from pipeline.charts.scale import Scale, number, value_scale

TOP = 40.0
ROW = 28.0
BAR = 16.0
_LABEL_ROOM = 220.0


def bars(
    labels: Sequence[str], values: Sequence[float], *, title: str, unit: str = "", percent: bool = False,
    low: Sequence[float] | None = None, high: Sequence[float] | None = None,
) -> str:  # fmt: skip
    """Return a bar chart as a whole SVG, one row per label in the order given, each bar from 0 to its value.

    `unit` stands after the numbers; `percent`: values are shares of 1. `low` and `high` are the ends of intervals. A
    value of None, NaN or infinity leaves its row out; without a row the chart says "no data". Raises ValueError when
    the lengths differ.
    """
    blank = [math.nan] * len(values)
    columns = zip(labels, values, blank if low is None else low, blank if high is None else high, strict=True)
    every = [(label, number(value), number(least), number(most)) for label, value, least, most in columns]
    rows = [row for row in every if math.isfinite(row[1])]
    if not rows:
        return no_data(title)
    said = [_said(value, unit, percent, [row[1] for row in rows]) for _, value, _, _ in rows]
    shown = [shortened(label, _LABEL_ROOM) for label, *_ in rows]
    left = 20 + max(width_of(label) for label in shown)
    room = max(width_of(words) for words in said) + 12
    reached = [part for row in rows for part in row[1:]]
    negative = min((part for part in reached if math.isfinite(part)), default=0.0) < 0
    scale = value_scale(reached, left + (room if negative else 0), WIDTH - 12 - room, percent=percent, zero=True)
    parts = [
        _row(place, label, row, words, scale, left)
        for place, (label, row, words) in enumerate(zip(shown, rows, said, strict=True))
    ]
    height = TOP + len(rows) * ROW + 10
    zero = scale.at(0)
    parts.append(line(zero, TOP, zero, height - 8, "axis"))
    return drawing(title, height, parts)


def _row(
    place: int, shown: str, row: tuple[str, float, float, float], words: str, scale: Scale, left: float
) -> str:  # fmt: skip
    label, value, low, high = row
    middle = TOP + (place + 0.5) * ROW
    zero, end = scale.at(0), scale.at(value)
    begin, length = min(zero, end), abs(end - zero)
    parts = [
        f"<title>{escape(f'{label}: {words}')}</title>",
        text(left - 8, middle + 4.5, shown, "ink", "end"),
        f'<rect class="kgc-fill0" x="{begin:.1f}" y="{middle - BAR / 2:.1f}" '
        f'width="{length:.1f}" height="{BAR:g}" rx="2"/>',
    ]
    far = end
    if math.isfinite(low) and math.isfinite(high):
        ends = (scale.at(low), scale.at(high))
        parts.append(line(ends[0], middle, ends[1], middle, "inkline", ' stroke-width="2"'))
        parts += [line(each, middle - 5, each, middle + 5, "inkline", ' stroke-width="2"') for each in ends]
        far = min(end, *ends) if value < 0 else max(end, *ends)
    anchor, beside = ("end", -6.0) if value < 0 else ("start", 6.0)
    parts.append(text(far + beside, middle + 4.5, words, "soft", anchor))
    return f"<g>{''.join(parts)}</g>"


def _said(value: float, unit: str, percent: bool, values: Sequence[float]) -> str:
    if percent:
        digits = 0 if max(abs(each) for each in values) >= 0.1 else 1
        return f"{value * 100:,.{digits}f} %"
    whole = all(each == int(each) for each in values)
    words = f"{value:,.0f}" if whole or abs(value) >= 1000 else f"{value:,.3g}"
    return f"{words} {unit}".rstrip()

"""Line charts: one or more series, named where they end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.charts.paper import DASHES, WIDTH, drawing, escape, line, no_data, shortened, text, width_of
from pipeline.charts.scale import Scale, day_scale, day_words, number, value_scale

HEIGHT = 330.0
TOP, BOTTOM = 46.0, 50.0

WHISKERS = 24
"""Up to so many points intervals are drawn as whiskers; of more, as a band."""

_NAMES_ROOM = 190.0
_NAMES_APART = 17.0


@dataclass(frozen=True)
class Series:
    """Points joined in the order given. A point with None, NaN or infinity is left out, and the line breaks there.

    `low` and `high` are the ends of each point's interval, in units of `y`.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class _Point:
    x: float
    y: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        return math.isfinite(self.x) and math.isfinite(self.y)

    @property
    def interval(self) -> bool:
        return self.known and math.isfinite(self.low) and math.isfinite(self.high)


def lines(
    series: Sequence[Series], *, title: str, x: str, y: str, percent: bool = False, diagonal: bool | str = False,
    days: bool = False,
) -> str:  # fmt: skip
    """Return a line chart as a whole SVG; `x` and `y` name the axes.

    `percent`: `y`, and `x` unless it holds dates, are shares of 1, shown from 0. `days`: `x` are ordinals of dates.
    `diagonal` draws the line of x = y, named by it when it is a text, and gives both axes the same ends. Without a
    point to draw the chart says "no data". Raises ValueError when a series has parts of different lengths.
    """
    drawn = [(each, _points(each)) for each in series]
    drawn = [(each, points) for each, points in drawn if any(point.known for point in points)]
    if not drawn:
        return no_data(title)
    known = [point for _, points in drawn for point in points if point.known]
    ys = [value for p in known for value in (p.y, p.low, p.high)]
    xs = [p.x for p in known]
    if diagonal:
        xs = ys = [*xs, *(value for value in ys if math.isfinite(value))]
    names = [shortened(each.name, _NAMES_ROOM) for each, _ in drawn]
    vertical = value_scale(ys, HEIGHT - BOTTOM, TOP + 16, percent=percent, zero=percent)
    left = 20 + max(width_of(words) for words in vertical.words)
    right = WIDTH - 40 - max(width_of(name) for name in names) if any(names) else WIDTH - 28
    across = day_scale(xs, left + 8, right - 8) if days else value_scale(xs, left, right, percent=percent, zero=percent)
    say_x = day_words if days else _exact(percent)
    parts = [_frame(across, vertical, left, right, x, y)]
    if diagonal:
        parts.append(_diagonal(across, vertical, diagonal if isinstance(diagonal, str) else ""))
    for place, (each, points) in enumerate(drawn):
        parts.append(_series(each, points, place, across, vertical, say_x, _exact(percent)))
    parts.append(_names(names, drawn, across, vertical, right))
    return drawing(title, HEIGHT, parts)


def _points(series: Series) -> list[_Point]:
    blank = [math.nan] * len(series.x)
    low = blank if series.low is None else series.low
    high = blank if series.high is None else series.high
    columns = zip(series.x, series.y, low, high, strict=True)
    return [_Point(*(number(value) for value in point)) for point in columns]


def _frame(across: Scale, vertical: Scale, left: float, right: float, x: str, y: str) -> str:
    bottom = vertical.start
    parts = [text(12, TOP - 1, y, "soft")]
    for tick, words in zip(vertical.ticks, vertical.words, strict=True):
        height = vertical.at(tick)
        parts.append(line(left, height, right, height, "grid"))
        parts.append(text(left - 8, height + 4.5, words, "soft", "end"))
    parts.append(line(left, bottom, right, bottom, "axis"))
    for tick, words in zip(across.ticks, across.words, strict=True):
        place = across.at(tick)
        parts.append(line(place, bottom, place, bottom + 5, "axis"))
        parts.append(text(place, bottom + 19, words, "soft", "middle"))
    parts.append(text((left + right) / 2, bottom + 40, x, "soft", "middle"))
    return "".join(parts)


def _diagonal(across: Scale, vertical: Scale, words: str) -> str:
    x1, y1, x2, y2 = across.start, vertical.start, across.end, vertical.end
    drawn = line(x1, y1, x2, y2, "axis", ' stroke-dasharray="4 4"')
    if not words:
        return drawn
    x, y = x1 + 0.75 * (x2 - x1), y1 + 0.75 * (y2 - y1)
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    return drawn + text(x, y + 16, words, "soft", "middle", f' transform="rotate({angle:.1f} {x:.1f} {y:.1f})"')


def _series(
    series: Series, points: list[_Point], place: int, across: Scale, vertical: Scale,
    say_x: Callable[[float], str], say_y: Callable[[float], str],
) -> str:  # fmt: skip
    colour = place % len(DASHES)
    dash = DASHES[1] if series.dashed and not DASHES[colour] else DASHES[colour]
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    count = sum(point.known for point in points)
    parts = []
    for known, run in groupby(points, key=lambda point: point.known):
        if not known:
            continue
        piece = list(run)
        if count > WHISKERS:
            parts.append(_band(piece, colour, across, vertical))
        path = " ".join(f"{across.at(p.x):.1f},{vertical.at(p.y):.1f}" for p in piece)
        if len(piece) > 1:
            parts.append(f'<polyline class="kgc-line{colour}" stroke-width="2"{pattern} points="{path}"/>')
        if count <= WHISKERS or len(piece) == 1:
            for point in piece:
                at = (across.at(point.x), vertical.at(point.y))
                whisker = _whisker(point, at[0], vertical, colour) if count <= WHISKERS else ""
                said = f"{series.name}: {say_y(point.y)} at {say_x(point.x)}"
                if point.interval:
                    said += f" (95 % interval {say_y(point.low)} to {say_y(point.high)})"
                parts.append(f"<g><title>{escape(said)}</title>{whisker}{marker(place, *at)}</g>")
    return "".join(parts)


def _whisker(point: _Point, x: float, vertical: Scale, colour: int) -> str:
    if not point.interval:
        return ""
    low, high = vertical.at(point.low), vertical.at(point.high)
    kind = f"line{colour}"
    return line(x, low, x, high, kind) + line(x - 3, low, x + 3, low, kind) + line(x - 3, high, x + 3, high, kind)


def _band(piece: list[_Point], colour: int, across: Scale, vertical: Scale) -> str:
    parts = []
    for there, run in groupby(piece, key=lambda point: point.interval):
        stretch = list(run)
        if there and len(stretch) > 1:
            edge = [(p.x, p.high) for p in stretch] + [(p.x, p.low) for p in reversed(stretch)]
            path = " ".join(f"{across.at(x):.1f},{vertical.at(y):.1f}" for x, y in edge)
            parts.append(f'<polygon class="kgc-fill{colour}" fill-opacity="0.18" points="{path}"/>')
    return "".join(parts)


def marker(place: int, x: float, y: float) -> str:
    """Return the sign of the series at `place`: a disc, a square, a triangle, a diamond, in turn."""
    kind = f'class="kgc-fill{place % len(DASHES)}"'
    shapes = (
        f'<circle {kind} cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
        f'<rect {kind} x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>',
        f'<path {kind} d="M{x:.1f} {y - 5:.1f}l5 9h-10z"/>',
        f'<path {kind} d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"/>',
    )
    return shapes[place % len(shapes)]


def _names(
    names: list[str], drawn: list[tuple[Series, list[_Point]]], across: Scale, vertical: Scale, right: float
) -> str:
    """Name each series beside its last point, moved apart where names would lie on each other."""
    ends = [next(p for p in reversed(points) if p.known) for _, points in drawn]
    wanted = [vertical.at(end.y) for end in ends]
    heights = apart(wanted, vertical.end, vertical.start)
    parts = []
    for place, (name, end, height) in enumerate(zip(names, ends, heights, strict=True)):
        if not name:
            continue
        x, y = across.at(end.x), vertical.at(end.y)
        if abs(height - y) > 3 or right - x > 16:
            parts.append(line(x + 6, y, right + 10, height, "axis", ' stroke-dasharray="1 3"'))
        parts.append(marker(place, right + 18, height))
        parts.append(text(right + 28, height + 4.5, name, f"fill{place % len(DASHES)}"))
    return "".join(parts)


def apart(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Return heights in the order of `wanted` and near them, at least a line of text from each other.

    They lie within `[top, bottom]`, unless that has no room for all.
    """
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    placed: list[float] = []
    for place in order:
        height = max(wanted[place], top)
        placed.append(max(height, placed[-1] + _NAMES_APART) if placed else height)
    limit = bottom
    for number_ in range(len(placed) - 1, -1, -1):
        placed[number_] = min(placed[number_], limit)
        limit = placed[number_] - _NAMES_APART
    found = [0.0] * len(wanted)
    for height, place in zip(placed, order, strict=True):
        found[place] = height
    return found


def _exact(percent: bool) -> Callable[[float], str]:
    return (lambda value: f"{value * 100:.1f} %") if percent else (lambda value: f"{value:,.4g}")

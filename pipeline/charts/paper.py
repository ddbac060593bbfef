"""The paper charts are drawn on: elements, text, colours for light and dark surroundings."""

from __future__ import annotations

import html
import re

WIDTH = 600.0
"""Width of every chart in pixels at its natural size."""

TEXT = 13
"""Height of the letters in pixels; titles are larger."""

LETTER = 7.2
"""Pixels a letter takes on average: a guess on the safe side, since no font is measured."""

LIGHT = {
    "paper": "#ffffff", "ink": "#1b2530", "soft": "#4a5561", "grid": "#e1e5ea", "axis": "#77818c",
    "0": "#0b5cad", "1": "#a8480a", "2": "#00705a", "3": "#7b3f98", "4": "#545b63", "5": "#8a6100",
}  # fmt: skip
DARK = {
    "paper": "#161b21", "ink": "#eceff2", "soft": "#b4bdc7", "grid": "#313943", "axis": "#8a949f",
    "0": "#7db8f5", "1": "#f0a06a", "2": "#5fcfae", "3": "#d3a4ec", "4": "#b9c0c8", "5": "#e5c158",
}  # fmt: skip
"""Colours by role; the digits are those of the series, told apart by people who see few colours, and dark or light
enough to be text."""

DASHES = ("", "7 4", "2 4", "10 3 2 3", "1 3", "12 5")
"""Patterns of the lines, so that colour is never the only sign."""


def styles() -> str:
    """Return the style element; the same in every chart, so that several on a page do not disturb each other."""
    dark = _rules(DARK)
    light = _rules(LIGHT)
    font = f".kgc text{{font:{TEXT}px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}}"
    strong = ".kgc .kgc-title{font-weight:600;font-size:15px}"
    return f"<style>{font}{strong}{light}@media screen and (prefers-color-scheme:dark){{{dark}}}</style>"


def _rules(colours: dict[str, str]) -> str:
    rules = [
        f".kgc-paper{{fill:{colours['paper']}}}", f".kgc-ink{{fill:{colours['ink']}}}",
        f".kgc-soft{{fill:{colours['soft']}}}", f".kgc-grid{{stroke:{colours['grid']}}}",
        f".kgc-axis{{stroke:{colours['axis']}}}", f".kgc-inkline{{stroke:{colours['ink']}}}",
    ]  # fmt: skip
    series = (f".kgc-line{n}{{stroke:{colours[n]};fill:none}}.kgc-fill{n}{{fill:{colours[n]}}}" for n in "012345")
    return "".join([*rules, *series])


def drawing(title: str, height: float, parts: list[str]) -> str:
    """Return the whole SVG: named by its title, on paper of its own, `parts` drawn in order."""
    named = escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="kgc" role="img" aria-label="{named}" '
        f'width="{WIDTH:g}" height="{height:g}" viewBox="0 0 {WIDTH:g} {height:g}">'
        f"<title>{named}</title>{styles()}"
        f'<rect class="kgc-paper" width="{WIDTH:g}" height="{height:g}"/>'
        f"{text(12, 24, shortened(title, WIDTH - 24, letter=8.4), 'ink kgc-title')}"
        f"{''.join(parts)}</svg>"
    )


def no_data(title: str) -> str:
    """Return a chart that says that there is nothing to draw."""
    return drawing(title, 90, [text(12, 58, "no data", "soft")])


def escape(words: str) -> str:
    """Return text as XML takes it: marks escaped, characters it forbids left out."""
    return html.escape(_FORBIDDEN.sub("", words), quote=True)


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text(x: float, y: float, words: str, kind: str = "soft", anchor: str = "start", extra: str = "") -> str:
    """Return a line of text; `kind` is its class, `anchor` start, middle or end."""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="kgc-{kind}" x="{x:.1f}" y="{y:.1f}"{placed}{extra}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str, extra: str = "") -> str:
    return f'<line class="kgc-{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{extra}/>'


def width_of(words: str) -> float:
    """Return about how wide text is, in pixels."""
    return len(words) * LETTER


def shortened(words: str, room: float, letter: float = LETTER) -> str:
    """Return the text, cut with an ellipsis where it would be wider than `room` pixels."""
    most = max(2, int(room / letter))
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"

"""The report as one HTML page that needs nothing but itself: styles and charts inside, no script."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report import words
from pipeline.report.attention import notices
from pipeline.report.contents import Report, TargetTold
from pipeline.report.pictures import pictures
from pipeline.report.section import About, Section
from pipeline.report.sections import sections

SHOWN = 20
"""Rows of a list, and of what changed on it, that the page shows."""


def render(report: Report) -> str:
    """Return the page; the same report always gives the same text."""
    # Charts escape what they are given themselves.
    drawn = {target.name: {name: Markup(svg) for name, svg in pictures(target).items()} for target in report.targets}  # noqa: S704
    return _environment().get_template("page.html.j2").render(
        report=report, notices=notices(report), charts=drawn, shown=SHOWN, words=words,
        sections={target.name: _sections(report, target) for target in report.targets},
    )  # fmt: skip


def _sections(report: Report, target: TargetTold) -> list[Section]:
    about = About(target.name, target.risk, report.currency, target.horizon)
    return sections(target.training.notes, about)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    for name in (
        "count",
        "money",
        "percent",
        "points",
        "figure",
        "interval",
        "moment",
        "short",
        "known",
        "ticks",
        "many",
        "quoted",
    ):
        made.filters[name] = getattr(words, name)
    made.filters["drawn"] = Markup  # charts escape what they are given themselves
    return made

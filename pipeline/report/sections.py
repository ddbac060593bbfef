"""Which sections a target's report has, in their order. A part adds itself by one line here.

A section is made by a function of the notes of a training (`models.notes`), or of a target's part of a backtest's
document, which share their keys: it returns None where the notes say nothing of its part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.report.against import against
from pipeline.report.ageing import ageing
from pipeline.report.amounts import amounts
from pipeline.report.breakdown import breakdown
from pipeline.report.chosen import chosen_section
from pipeline.report.drift import drift_section, leaks_section
from pipeline.report.expected import expected
from pipeline.report.families import families
from pipeline.report.horizons import horizons_section
from pipeline.report.section import About, Section

Maker = Callable[[Mapping[str, Any], About], Section | None]

MAKERS: tuple[Maker, ...] = (
    chosen_section,
    against,
    expected,
    amounts,
    breakdown,
    horizons_section,
    ageing,
    drift_section,
    leaks_section,
    families,
)


def sections(notes: Mapping[str, Any], about: About) -> list[Section]:
    """Return the sections that the notes have something to say for."""
    made = (maker(notes, about) for maker in MAKERS)
    return [section for section in made if section is not None]

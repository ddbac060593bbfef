"""The section on when a risk comes."""

from __future__ import annotations

from pipeline.report.horizons import horizons_section
from pipeline.report.section import About

ABOUT = About("churn", risk=True, currency="EUR", horizon=90)
TOLD = {
    "gap": 0,
    "ends": [30, 90],
    "horizons": [30, 90],
    "left_out": {"365": "no training date lies 365 days back, with the days to settle"},
    "calibration": {"rows": 1200, "shape": 0.489},
    "periods": [{"rows": 5000, "events": 120}, {"rows": 4800, "events": 300}],
}


def test_it_says_which_horizons_are_told_and_why_others_are_not() -> None:
    section = horizons_section({"horizons": TOLD}, ABOUT)
    assert section is not None
    assert section.said == [
        "Probabilities are told within 30, 90 days, and never fall from one to the next.",
        "Within 365 days none is told: no training date lies 365 days back, with the days to settle.",
        "Later dates bear out 49 % of what sets the curves' shapes apart.",
    ]
    assert section.folded[0].rows == [["0 to 30", "5,000", "120"], ["30 to 90", "4,800", "300"]]


def test_without_a_curve_there_is_no_section() -> None:
    assert horizons_section({"horizons": None}, ABOUT) is None
    assert horizons_section({}, ABOUT) is None


def test_with_none_of_the_horizons_it_says_so_and_why() -> None:
    section = horizons_section({"horizons": TOLD | {"horizons": [], "gap": 5}}, ABOUT)
    assert section is not None
    assert section.said[:3] == [
        "Probabilities are told within none of the days asked for.",
        "Days count from 5 days after the list's own day, the target's gap.",
        "Within 365 days none is told: no training date lies 365 days back, with the days to settle.",
    ]


def test_a_curve_that_was_asked_for_and_not_fitted_is_not_passed_over() -> None:
    why = "of 90 rows known for 90 days 4 had their event within them; 50 with and 50 without one are needed"
    section = horizons_section({"horizons": {"none": why}}, ABOUT)
    assert section is not None
    assert section.said == [f"No curve tells when: {why}."]

"""The one-standard-error rule: AUCs paired by account, the simplest within, and nothing where nothing was learnt."""

from __future__ import annotations

import numpy as np
import pytest

from models.area import Area, area
from models.choosing.candidates import Candidate
from models.choosing.rule import simplest, standing

RULE, CURVES, TREES = (Candidate(name, level, ()) for level, name in enumerate(("rule", "curves", "trees")))


def told(value: float, parts: list[float]) -> Area:
    """Return an AUC of 50 accounts with the outcome and 50 without, with what each account adds to its deviation."""
    spread = np.array(parts * (100 // len(parts))) / 100
    return Area(value, float(np.sqrt((spread**2).sum() * 50 / 49)), (50, 50), spread)


def test_behind_is_the_difference_and_its_error_is_paired_by_account() -> None:
    stood, base = standing({TREES: told(0.8, [0.3, -0.3]), CURVES: told(0.79, [0.3, -0.3]), RULE: told(0.6, [0.0])})
    assert [each.candidate.name for each in stood] == ["rule", "curves", "trees"]
    assert [each.behind for each in stood] == pytest.approx([0.2, 0.01, 0.0])
    # The same accounts pull both the same way: the difference does not vary, though each by itself does.
    assert [each.error for each in stood] == pytest.approx([0.03 * np.sqrt(50 / 49), 0.0, 0.0])
    assert (base.behind, base.error) == pytest.approx((0.3, 0.03 * np.sqrt(50 / 49)))
    assert [each.loss for each in stood] == pytest.approx([0.4, 0.21, 0.2])


@pytest.mark.parametrize(
    ("curves", "chosen"),
    [
        # .01 behind with an error of about .02: as good, and simpler.
        (told(0.79, [0.1, -0.1]), "curves"),
        # .01 behind and no error at all: that is certain.
        (told(0.79, [0.3, -0.3]), "trees"),
        (told(0.8, [0.3, -0.3]), "curves"),
    ],
)
def test_the_simplest_within_a_standard_error_of_the_best_is_chosen(curves: Area, chosen: str) -> None:
    stood, base = standing({TREES: told(0.8, [0.3, -0.3]), CURVES: curves, RULE: told(0.6, [0.0])})
    assert simplest(stood, base).candidate.name == chosen


@pytest.mark.parametrize(("value", "chosen"), [(0.55, "rule"), (0.60, "trees")])
def test_where_the_best_is_not_three_errors_above_chance_the_simplest_serves(value: float, chosen: str) -> None:
    # An error of .03: 1.7 or 3.3 of them above .5.
    stood, base = standing({TREES: told(value, [0.3, -0.3]), RULE: told(0.5, [0.0])})
    assert simplest(stood, base).candidate.name == chosen


def test_of_equally_simple_ones_the_largest_auc_decides() -> None:
    other = Candidate("other trees", 2, ())
    stood, base = standing({TREES: told(0.79, [0.3, -0.3]), other: told(0.8, [0.2, -0.2]), RULE: told(0.6, [0.0])})
    assert simplest(stood, base).candidate == other


def test_a_rare_outcome_that_curves_tell_is_not_left_to_a_rule_that_tells_nothing() -> None:
    # 170 of 2,100 accounts; the curves' margin sets them apart by .7 deviations (AUC .69), the rule's by none.
    random = np.random.default_rng(5)
    label = np.repeat([1.0, 0.0], [170, 1930])
    accounts = np.arange(2100)
    areas = {
        CURVES: area(label, random.normal(0.7 * label), accounts),
        RULE: area(label, random.normal(size=2100), accounts),
    }
    stood, base = standing({each: found for each, found in areas.items() if found is not None})
    assert simplest(stood, base).candidate == CURVES

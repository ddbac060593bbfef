from __future__ import annotations

import logging

import pytest

from models.bootstrap import Interval
from models.promote import decide, refuse
from pipeline.errors import TrainingRefused

GOOD = Interval(0.74, 0.72, 0.76)
WEAK = Interval(0.53, 0.49, 0.57)
NONE = Interval(None, None, None, skipped=1000)


@pytest.mark.parametrize(
    ("champion", "challenger", "auc", "difference", "promote", "rule", "serve"),
    [
        # a first champion has to beat chance with its lower end
        (None, "model", GOOD, None, True, "first", "challenger"),
        (None, "model", Interval(0.55, 0.5001, 0.6), None, True, "first", "challenger"),
        (None, "model", Interval(0.55, 0.5, 0.6), None, False, "fallback_rule", "rule"),
        (None, "model", WEAK, None, False, "fallback_rule", "rule"),
        (None, "model", NONE, None, False, "fallback_rule", "rule"),
        (None, "model", Interval(0.74, None, None), None, False, "fallback_rule", "rule"),
        # the rule in a champion's place is no champion
        ("recency", "model", GOOD, Interval(0.1, -0.1, 0.3), True, "first", "challenger"),
        ("recency", "model", WEAK, Interval(0.1, 0.05, 0.3), False, "fallback_rule", "rule"),
        # the same recipe: held back only when a loss of more than .01 is shown
        ("model", "model", GOOD, None, True, "same_recipe", "challenger"),
        ("model", "model", GOOD, NONE, True, "same_recipe", "challenger"),
        ("model", "model", GOOD, Interval(0.02, 0.01, 0.03), True, "same_recipe", "challenger"),
        ("model", "model", GOOD, Interval(0.0, -0.03, 0.03), True, "same_recipe", "challenger"),
        ("model", "model", GOOD, Interval(-0.02, -0.03, -0.01), True, "same_recipe", "challenger"),
        ("model", "model", GOOD, Interval(-0.02, -0.03, -0.0101), False, "same_recipe", "champion"),
        # another recipe: a gain has to be shown
        ("model", "blend", GOOD, Interval(0.01, 0.0001, 0.02), True, "new_recipe", "challenger"),
        ("model", "blend", GOOD, Interval(0.01, 0.0, 0.02), False, "new_recipe", "champion"),
        ("model", "blend", GOOD, Interval(0.01, -0.01, 0.03), False, "new_recipe", "champion"),
        ("model", "blend", GOOD, Interval(-0.03, -0.05, -0.01), False, "new_recipe", "champion"),
        ("model", "blend", GOOD, None, False, "new_recipe", "champion"),
        ("model", "blend", GOOD, NONE, False, "new_recipe", "champion"),
    ],
)
def test_the_rule(champion, challenger, auc, difference, promote, rule, serve) -> None:
    decision = decide(champion, challenger, auc, difference)
    assert (decision.promote, decision.rule, decision.serve) == (promote, rule, serve)
    assert decision.figures["auc"] == auc.plain()


def test_the_reason_is_a_sentence_with_figures_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="models.promote"):
        decision = decide("model", "model", GOOD, Interval(-0.0312, -0.042, -0.0204))
    assert decision.reason == (
        "'model' on newer data is not promoted: against the champion its AUC differs by -.031 (-.042 to -.020), "
        "a loss of more than 0.01 with both ends. The champion stays."
    )
    assert caplog.messages == [decision.reason]
    assert decision.figures["difference"] == {"value": -0.0312, "low": -0.042, "high": -0.0204}


def test_a_first_model_that_cannot_be_told_from_chance_says_what_happens_instead() -> None:
    reason = decide(None, "model", WEAK).reason
    assert ".530 (.490 to .570), which does not rule out chance" in reason
    assert "ranked by the rule 'recency' and says so" in reason
    turned = Interval(0.4, 0.35, 0.45)
    for champion in (None, "model"):
        reason = decide(champion, "model", turned).reason
        assert ".400 (.350 to .450), below .5 throughout: it ranks the wrong way round" in reason
    assert "its AUC is not known" in decide(None, "model", NONE).reason


def test_a_refused_training_leaves_the_champion_or_nothing_with_what_was_counted() -> None:
    refusal = TrainingRefused("too few rows.", {"rows": 900, "positives": 12, "needed": 50})
    kept = refuse(refusal, "keepgrow-churn version 3")
    assert (kept.promote, kept.rule, kept.serve) == (False, "refused", "champion")
    assert kept.reason == "keepgrow-churn version 3 goes on serving, since training anew was refused: too few rows."
    assert kept.figures == {"rows": {"value": 900.0}, "positives": {"value": 12.0}, "needed": {"value": 50.0}}
    nothing = refuse(TrainingRefused("too few rows."), None)
    assert (nothing.serve, nothing.reason, nothing.figures) == ("nothing", "too few rows.", {})


def test_a_decision_is_plain_data() -> None:
    assert decide(None, "model", GOOD).plain() == {
        "promote": True,
        "rule": "first",
        "reason": "'model' is the first champion: its AUC on accounts it had not seen the future of is "
        ".740 (.720 to .760), above .5 with its lower end.",
        "serve": "challenger",
        "figures": {"auc": {"value": 0.74, "low": 0.72, "high": 0.76}},
    }

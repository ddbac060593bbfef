"""Whether a challenger replaces the champion: a rule from figures to a yes or no with a reason."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from models.bootstrap import Interval
from pipeline.errors import TrainingRefused

CHANCE = 0.5
TOLERANCE = 0.01
"""AUC that the same recipe may seem to lose on newer data before it is held back."""

RULE = "recency"
"""The recipe published, labelled as a rule, while no model has shown that it knows more than chance."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What to serve from now on, why, and the figures it rests on.

    `promote`: the challenger becomes champion. Otherwise `serve` says whether the champion stays ("champion"), the
    recency rule is published, labelled as a rule ("rule"), or there is no list ("nothing": a refusal without champion).
    """

    promote: bool
    rule: Literal["first", "same_recipe", "new_recipe", "fallback_rule", "refused"]
    reason: str
    serve: Literal["challenger", "champion", "rule", "nothing"]
    figures: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    """By name: `auc` and `difference` as value, low and high; of a refusal what was counted, as value alone."""

    def plain(self) -> dict[str, Any]:
        """Return promote, rule, serve, reason and figures as JSON takes them."""
        return asdict(self)


def decide(
    champion: str | None,
    challenger: str,
    auc: Interval,
    difference: Interval | None = None,
    tolerance: float = TOLERANCE,
    small: Mapping[str, Any] | None = None,
) -> Decision:
    """Decide on a challenger from figures on out-of-time rows, all with 95 % intervals by account.

    `champion` and `challenger` name recipes. `auc` is the challenger's on the pooled folds, for each of which it was
    refitted. `difference` is the AUC of the challenger minus that of the champion, paired on the same accounts; None
    where nothing can be compared. Another recipe is refitted for each fold too, so that recipes are compared, not the
    luck of one fit; of the same recipe the champion itself is compared, on folds later than its training. Then

    - no champion, or the recency rule in its place: promoted when the lower end of `auc` is above .5;
    - the same recipe on newer data: promoted unless the interval lies below -`tolerance` with both its ends; where
      nothing can be compared yet, when the lower end of `auc` is above .5;
    - another recipe: promoted when the interval lies above 0 with both its ends.

    `small` says how a small book was judged and what more it takes to tell (see `models.small.design`), which the
    reason then repeats. The decision is logged.
    """
    if champion is None or champion == RULE:
        decision = _first(challenger, auc, small)
    elif champion == challenger:
        decision = _same_recipe(challenger, auc, difference, tolerance)
    else:
        decision = _new_recipe(champion, challenger, auc, difference)
    log.info("%s", decision.reason)
    return decision


def refuse(refusal: TrainingRefused, champion: str | None) -> Decision:
    """Return what follows from a refused training: `champion`, described, goes on serving; without one nothing does.

    The decision is logged.
    """
    figures = {name: {"value": float(count)} for name, count in refusal.counts.items()}
    if champion is None:
        decision = Decision(False, "refused", str(refusal), "nothing", figures)
    else:
        reason = f"{champion} goes on serving, since training anew was refused: {refusal}"
        decision = Decision(False, "refused", reason, "champion", figures)
    log.info("%s", decision.reason)
    return decision


def too_few(why: str, small: Mapping[str, Any]) -> Decision:
    """Return what follows where no model can be fitted but a rule can rank; `why` says so, `small` what it takes.

    The decision is logged.
    """
    found = why.partition(". Found ")[0].partition("': ")[2]
    reason = f"Not enough data to rank by a model: {found}. {small['needed']['words']} {BY_RULE}"
    needed = small["needed"]
    figures = {"accounts with the rarer outcome": {"value": float(needed["found"])}}
    decision = Decision(False, "fallback_rule", reason, "rule", figures)
    log.info("%s", decision.reason)
    return decision


BY_RULE = (
    f"Until then the list is ranked by the rule '{RULE}' (how long ago the account last bought or was in touch; where "
    "no table tells either, how long ago its contract changed) and says so."
)


def _first(challenger: str, auc: Interval, small: Mapping[str, Any] | None) -> Decision:
    figures = {"auc": auc.plain()}
    if auc.low is not None and auc.low > CHANCE:
        reason = (
            f"'{challenger}' is the first champion: its AUC on accounts it had not seen the future of is "
            f"{said(auc)}, above .5 with its lower end."
        )
        if small is not None:
            reason = (
                f"'{challenger}', a small model for a small book, is the first champion: its AUC is {said(auc)}, above "
                f".5 with its lower end. {small['words']}"
            )
        return Decision(True, "first", reason, "challenger", figures)
    if auc.value is None:
        found = "no test date held both accounts with the outcome and without it, so its AUC is not known"
    else:
        found = f"its AUC out of time is {_against_chance(auc)}"
    if small is not None:
        found = found.replace("its AUC out of time", "its AUC")
        reason = (
            f"Not enough data to rank by a model: '{challenger}' is not promoted, {found}. {small['words']} "
            f"{small['needed']['words']} {BY_RULE}"
        )
        return Decision(False, "fallback_rule", reason, "rule", figures)
    reason = (
        f"'{challenger}' is not promoted: {found}. The list is ranked by the rule '{RULE}' and says so, until a "
        "training shows more: map more tables, or wait for more history."
    )
    return Decision(False, "fallback_rule", reason, "rule", figures)


def _same_recipe(challenger: str, auc: Interval, difference: Interval | None, tolerance: float) -> Decision:
    figures = _figures(auc, difference)
    if difference is None or difference.high is None:
        # No test date lies after the champion's training, so it must at least hold what a first champion has to.
        if auc.low is None or auc.low <= CHANCE:
            found = "not known" if auc.value is None else _against_chance(auc)
            reason = (
                f"'{challenger}' on newer data is not promoted: its AUC out of time is {found}. The champion stays."
            )
            return Decision(False, "same_recipe", reason, "champion", figures)
        reason = (
            f"'{challenger}' on newer data replaces the champion: its AUC out of time is {said(auc)}, and there are "
            "no rows to compare it with the champion on."
        )
        return Decision(True, "same_recipe", reason, "challenger", figures)
    if difference.high < -tolerance:
        reason = (
            f"'{challenger}' on newer data is not promoted: against the champion its AUC differs by "
            f"{said(difference, signed=True)}, a loss of more than {tolerance:g} with both ends. The champion stays."
        )
        return Decision(False, "same_recipe", reason, "champion", figures)
    reason = (
        f"'{challenger}' on newer data replaces the champion: the difference in AUC, {said(difference, signed=True)}, "
        f"does not show a loss of more than {tolerance:g}."
    )
    return Decision(True, "same_recipe", reason, "challenger", figures)


def _against_chance(auc: Interval) -> str:
    """Return an AUC that is not above chance with its lower end, and what that means."""
    if auc.high is not None and auc.high < CHANCE:
        return f"{said(auc)}, below .5 throughout: it ranks the wrong way round"
    return f"{said(auc)}, which does not rule out chance (.5)"


def _new_recipe(champion: str, challenger: str, auc: Interval, difference: Interval | None) -> Decision:
    figures = _figures(auc, difference)
    named = f"the recipe '{challenger}'"
    if difference is None or difference.low is None:
        reason = f"{named} is not promoted: there are no rows to compare it with '{champion}' on. The champion stays."
        return Decision(False, "new_recipe", reason, "champion", figures)
    by = said(difference, signed=True)
    if difference.low > 0:
        reason = (
            f"{named} replaces '{champion}': refitted on the same folds its AUC differs by {by}, above 0 throughout."
        )
        return Decision(True, "new_recipe", reason, "challenger", figures)
    reason = (
        f"{named} is not promoted: refitted on the same folds its AUC differs from that of '{champion}' by {by}, "
        "which does not show a gain. The champion stays."
    )
    return Decision(False, "new_recipe", reason, "champion", figures)


def _figures(auc: Interval, difference: Interval | None) -> dict[str, Mapping[str, float | None]]:
    figures: dict[str, Mapping[str, float | None]] = {"auc": auc.plain()}
    if difference is not None:
        figures["difference"] = difference.plain()
    return figures


def said(figure: Interval, signed: bool = False) -> str:
    """Return `.743 (.721 to .765)`, the way figures are written in sentences; `+.012 (...)` when `signed`."""
    form = "{:+.3f}" if signed else "{:.3f}"
    value, low, high = (
        "unknown" if part is None else form.format(part).replace("0.", ".", 1)
        for part in (figure.value, figure.low, figure.high)
    )
    return f"{value} ({low} to {high})"

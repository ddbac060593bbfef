"""What the predictions are held to, and whether the judged contenders hold it: one row per statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.bootstrap import Interval
from quality.catalogue import BY_NAME, OURS, PLAIN
from quality.judging import Judged

Key = tuple[str, str, str]
"""Case, target, and "earlier" (the pooled earlier folds, or all of a case without a final one) or "final"."""

FINAL_AUC = {"churn": 0.750, "upsell": 0.715}
FINAL_VALUE = {"churn": 0.36, "upsell": 0.55}
GINI_SHARE = 0.94
ECE = 0.03
TOTALS = 0.10
TIMES_BASELINE = 1.1


@dataclass(frozen=True)
class Aim:
    """A statement, what was measured, and whether it is met; None: not measured."""

    about: str
    what: str
    measured: str
    met: bool | None


def aims(judged: Mapping[Key, Judged]) -> list[Aim]:
    """Return every statement that the judged cases allow to be made, in the order of the cases."""
    found: list[Aim] = []
    for (case, target, part), each in judged.items():
        if case == "online_retail" and part == "earlier":
            found += [beats_the_better(target, each), no_peer_better(case, target, each), near_baseline(target, each)]
        elif case == "online_retail":
            found += final_fold(target, each)
        else:
            found += [gini_share(target, each), no_peer_better(case, target, each), calibrated(target, each)]
            found += totals(target, each)
    return found


def beats_the_better(target: str, judged: Judged) -> Aim:
    """Ours against whichever of plain LightGBM and the logistic has the higher AUC."""
    what = "AUC above the better of plain LightGBM and logistic, the 95 % interval excluding 0"
    best = _best(judged, PLAIN, "auc", highest=True)
    difference = judged.difference(best, "auc") if best else None
    if best is None or difference is None:
        return Aim(f"Online Retail, {target}", what, "not measured", None)
    held = difference.low is not None and difference.low > 0
    return Aim(f"Online Retail, {target}", what, f"{said(difference, sign=True)} against {plain_title(best)}", held)


def no_peer_better(case: str, target: str, judged: Judged) -> Aim:
    """No peer's AUC lies above ours by more than the paired interval."""
    name = "Online Retail" if case == "online_retail" else "Synthetic company"
    what = "no peer has a better AUC beyond its interval"
    compared = {
        peer: difference
        for peer in judged.names
        if BY_NAME[peer].peer and (difference := judged.difference(peer, "auc")) is not None
    }
    if not compared:
        return Aim(f"{name}, {target}", what, "not measured", None)
    better = [peer for peer, each in compared.items() if each.high is not None and each.high < 0]
    nearest = min(compared, key=lambda peer: compared[peer].value or 0.0)
    absent = sum(BY_NAME[name].peer for name in judged.left_out)
    counted = f"{len(compared)} compared" + (f", {absent} not measured" if absent else "")
    told = f"{counted}; the nearest, {plain_title(nearest)}: {said(compared[nearest], sign=True)}"
    if better:
        told = "better: " + "; ".join(f"{plain_title(peer)} {said(compared[peer], sign=True)}" for peer in better)
    return Aim(f"{name}, {target}", what, told, not better)


def final_fold(target: str, judged: Judged) -> list[Aim]:
    found = []
    for words, metric, least in (
        ("AUC", "auc", FINAL_AUC.get(target)),
        ("value_captured_10", "value_captured_10", FINAL_VALUE.get(target)),
    ):
        measured = judged.interval(OURS, metric)
        if measured is None or measured.value is None or least is None:
            continue
        about = f"Online Retail, final fold, {target}"
        found.append(Aim(about, f"{words} at least {least:g}", said(measured), measured.value >= least))
    return found


def gini_share(target: str, judged: Judged) -> Aim:
    share = judged.gini_share("latent_lightgbm")
    what = f"Gini at least {GINI_SHARE:.0%} of that of LightGBM given the latent state"
    if share is None or share.value is None:
        return Aim(f"Synthetic company, {target}", what, "not measured", None)
    return Aim(f"Synthetic company, {target}", what, said(share, percent=True), share.value >= GINI_SHARE)


def calibrated(target: str, judged: Judged) -> Aim:
    measured = judged.interval(OURS, "ece")
    what = f"expected calibration error at most {ECE:g}"
    if measured is None or measured.value is None:
        return Aim(f"Synthetic company, {target}", what, "not measured", None)
    return Aim(f"Synthetic company, {target}", what, said(measured), measured.value <= ECE)


def totals(target: str, judged: Judged) -> list[Aim]:
    if OURS not in judged.names:
        return []
    told, found = judged.totals(), []
    for words, key in (("number", "number"), ("value", "value")):
        ratio = told[f"{key}_ratio"]
        measured = f"{told[key]:,.0f} predicted, {told[f'real_{key}']:,.0f} real: {ratio:.3f}"
        what = f"total {words} predicted within {TOTALS:.0%} of the real one"
        found.append(Aim(f"Synthetic company, {target}", what, measured, abs(ratio - 1) <= TOTALS))
    return found


def near_baseline(target: str, judged: Judged) -> Aim:
    """Our calibration error against the lowest of plain LightGBM's and the logistic's."""
    what = f"expected calibration error at most {TIMES_BASELINE:g} times the better baseline's"
    best, ours = _best(judged, PLAIN, "ece", highest=False), judged.interval(OURS, "ece")
    theirs = judged.interval(best, "ece") if best else None
    if best is None or ours is None or theirs is None or ours.value is None or not theirs.value:
        return Aim(f"Online Retail, {target}", what, "not measured", None)
    ratio = ours.value / theirs.value
    told = f"{ours.value:.4f} against {theirs.value:.4f} of {plain_title(best)}: {ratio:.2f} times"
    return Aim(f"Online Retail, {target}", what, told, ratio <= TIMES_BASELINE)


def said(measured: Interval, sign: bool = False, percent: bool = False) -> str:
    """Return a figure with its interval: ".7431 (.7301 to .7560)", signed for differences."""
    if measured.value is None:
        return "undefined"

    def one(value: float) -> str:
        text = f"{value:.1%}" if percent else f"{value:+.4f}" if sign else f"{value:.4f}"
        return text.replace("0.", ".", 1) if not percent and abs(value) < 1 else text

    if measured.low is None or measured.high is None:
        return one(measured.value)
    return f"{one(measured.value)} ({one(measured.low)} to {one(measured.high)})"


def plain_title(name: str) -> str:
    return BY_NAME[name].title.strip("*")


def _best(judged: Judged, names: Iterable[str], metric: str, highest: bool) -> str | None:
    found = {
        name: measured.value
        for name in names
        if (measured := judged.interval(name, metric)) is not None and measured.value is not None
    }
    if not found:
        return None
    return (max if highest else min)(found, key=lambda name: found[name])

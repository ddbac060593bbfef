"""Rolling-origin evaluation: each fold refits every contender on what was known at its test date, then scores it.

Labels of training rows are those closed and known by the test date; labels of test rows are as known today.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from models.ageing import Ageing
from models.bootstrap import Interval, replicates_for
from models.cautions import told
from models.choosing.tuning import Tuned
from models.evaluate import EXPECTED_VALUE, PROBABILITY, Evaluation, evaluate, paired_difference
from models.findings import findings
from models.manifest import FittedModel
from models.predicting import CHAMPION, Predicting, Source
from models.profit import expected_profit
from models.small.design import design_of
from models.small.left_out import folds_of_accounts
from models.split import Fold, backtest_folds
from models.targets import Target
from pipeline.errors import LeakSuspected, TrainingRefused
from pipeline.progress import track
from pipeline.settings import Settings

CONTENDERS = ("model", "logistic", "recency")
"""The champion's recipe first, then the baselines that always stand beside it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backtest:
    """One target's out-of-time predictions and what they are worth.

    `predictions`: a row per account and test date with account_id, as_of, label, base, value_at_stake, realised,
    `<contender>_probability` and `<contender>_expected_value`, and `final`; with a champion also its own columns, NaN
    at test dates before its `trained_until`. `pooled` measures all rows but the final fold's.
    """

    target: str
    risk: bool
    predictions: pd.DataFrame
    pooled: Evaluation | None
    plain: Mapping[str, Any]
    """The target's part of the JSON document."""
    settings: Settings
    tuned: Tuned | None = None
    """Settings of trees that the first fold chose, where `[training] tune_trials` asks for any."""

    def auc(self, contender: str = CONTENDERS[0]) -> Interval:
        """Return a contender's AUC on the pooled earlier folds."""
        return self.pooled.interval(contender, "auc") if self.pooled else Interval(None, None, None)

    def difference(self, a: str, b: str, metric: str = "auc") -> Interval | None:
        """Return `a` minus `b` on the earlier folds' rows that both predicted; None when there are none."""
        columns = [form.format(name) for name in (a, b) for form in (PROBABILITY, EXPECTED_VALUE)]
        if not set(columns) <= set(self.predictions.columns):
            return None
        rows = self.predictions[~self.predictions["final"]].dropna(subset=columns)
        if rows.empty:
            return None
        asked = self.settings.evaluate
        replicates = replicates_for(asked.bootstrap, len(rows))
        return paired_difference(
            rows, a, b, metric, replicates=replicates, seed=self.settings.run.seed, capacity=asked.capacity
        )


def document(backtests: Iterable[Backtest]) -> dict[str, Any]:
    """Return the JSON document of a backtest: `{"targets": {name: {"folds": [...], "pooled": {...}}}}`."""
    return {"targets": {backtest.target: dict(backtest.plain) for backtest in backtests}}


def backtest(
    source: Source,
    target: Target,
    today: date,
    contenders: Sequence[str] = CONTENDERS,
    champion: FittedModel | None = None,
    *,
    ageing: bool = False,
    profit: bool = False,
    leaks: bool = True,
) -> Backtest:
    """Refit each contender per fold and measure all of them on the same rows.

    The result's `plain` holds `folds` (each as_of, n, positives, contenders), `pooled` (all earlier folds' rows, with
    `paired`: the first contender minus each other; None without earlier folds), `final` where `[evaluate] final` is
    set, `left_out` (as_of and reason) where a fold could not be trained or tested, and `verdict` and `warnings` on the
    earlier folds (see models.cautions). A fold whose training is refused is left out with a log message.

    Of the earlier folds and the first contender it also holds `expected` (models.breakdown.by_date), `breakdown`
    (by_group) and `value` (models.amounts); on request, under `value`, `profit` (models.profit), and `ageing`
    (models.ageing), for which the models of all folds are kept; and `champion` where some rows are later than its
    training: trained_until, n, its metrics, and the first contender minus it, paired; and `not_compared`, the reasons
    why there is no `champion` or `ageing` to tell.

    Raises TrainingRefused when every fold is, LeakSuspected for a column that looks like a leak (unless `leaks` says
    that this was looked at already), and AsOfError for a configured date that cannot be tested.
    """
    settings = source.settings
    until = source.data_until(target, today)
    folds = _folds(source, target, until)
    source.build(sorted({day for fold in folds for day in (*fold.train, fold.test)}))
    made: list[tuple[Fold, pd.DataFrame]] = []
    kept = Ageing() if ageing else None
    predicting = Predicting(source, target, until, contenders, champion, kept, leaks)
    left_out: list[dict[str, str]] = []
    for fold in track(folds, f"backtest {target.name}"):
        try:
            made.append((fold, predicting.rows(fold)))
        except LeakSuspected:
            raise
        except TrainingRefused as refusal:
            log.warning("backtest of %s: the fold of %s is left out: %s", target.name, fold.test, refusal)
            left_out.append({"as_of": fold.test.isoformat(), "reason": str(refusal)})
    if not made:
        raise TrainingRefused(f"no fold of target '{target.name}' can be tested. {left_out[-1]['reason']}")
    plain: dict[str, Any] = {"folds": [], "pooled": None}
    for fold, predictions in made:
        measured = _measure(predictions, contenders, settings)
        part = {"as_of": fold.test.isoformat(), **_part(predictions, measured)}
        if fold.final:
            plain["final"] = part | {"paired": _paired(measured, contenders)}
        else:
            plain["folds"].append(part)
    earlier = [predictions for fold, predictions in made if not fold.final]
    pooled = None
    if earlier:
        rows = pd.concat(earlier, ignore_index=True)
        pooled = _measure(rows, contenders, settings)
        plain["pooled"] = _part(rows, pooled) | {"paired": _paired(pooled, contenders)}
    if left_out:
        plain["left_out"] = left_out
    everything = pd.concat([predictions for _, predictions in made], ignore_index=True)
    judged = Backtest(target.name, target.risk, everything, pooled, plain, settings, predicting.tuned)
    judged_rows = everything[~everything["final"]]
    if pooled is not None:
        play = settings.plays.get(target.name)
        plain |= findings(judged_rows, contenders, predicting.learnt, settings, target, source.attributes)
        if profit:
            plain["value"]["profit"] = expected_profit(judged_rows, contenders, play, target.risk, settings.run.seed)
        plain |= _beside_champion(judged_rows, champion, contenders, settings)
        if kept is not None:
            asked, replicates = settings.evaluate, replicates_for(settings.evaluate.bootstrap, len(judged_rows))
            plain["ageing"] = kept.plain(asked.capacity, replicates, settings.run.seed)
        plain["not_compared"] = {name: why for name, why in predicting.not_compared.items() if not plain.get(name)}
    area = None if pooled is None else pooled.areas.get(contenders[0])
    plain["small"] = design_of(judged_rows, area, in_time=folds[0].known_by is None)
    plain |= told(target, len(judged_rows), int(judged_rows["label"].sum()), judged.auc(contenders[0]), plain["small"])
    return judged


def _folds(source: Source, target: Target, until: date) -> list[Fold]:
    """Return the folds in time, or for a history too short for one those of other accounts at the same dates."""
    settings, first = source.settings, source.first_day(target)
    try:
        return backtest_folds(settings, target.window, first, until, target.lookback)
    except TrainingRefused:
        if not settings.training.small_accounts:
            raise
        return folds_of_accounts(settings, target, first, until)


def _beside_champion(
    rows: pd.DataFrame, champion: FittedModel | None, contenders: Sequence[str], settings: Settings
) -> dict[str, Any]:
    column = PROBABILITY.format(CHAMPION)
    if champion is None or column not in rows.columns:
        return {}
    both = rows.dropna(subset=[column])
    if both.empty:
        return {}
    measured = _measure(both, (*contenders, CHAMPION), settings)
    until = champion.trained_until.isoformat()
    beside = _paired(measured, (contenders[0], CHAMPION)) | _paired(measured, (CHAMPION, *contenders[1:]))
    part = {"trained_until": until, "n": len(both), "dates": int(both["as_of"].nunique()), "paired": beside}
    return {"champion": part | {"metrics": measured.plain()[CHAMPION]}}


def _measure(predictions: pd.DataFrame, contenders: Sequence[str], settings: Settings) -> Evaluation:
    asked = settings.evaluate
    replicates = replicates_for(asked.bootstrap, len(predictions))
    return evaluate(predictions, contenders, capacity=asked.capacity, replicates=replicates, seed=settings.run.seed)


def _part(predictions: pd.DataFrame, measured: Evaluation) -> dict[str, Any]:
    return {
        "n": len(predictions),
        "positives": int(predictions["label"].sum()),
        "contenders": measured.plain(),
    }


def _paired(measured: Evaluation, contenders: Sequence[str]) -> dict[str, dict[str, dict[str, float | None]]]:
    first = contenders[0]
    return {
        f"{first} - {other}": {
            metric: measured.difference(first, other, metric).plain() for metric in measured.figures[first]
        }
        for other in contenders[1:]
    }

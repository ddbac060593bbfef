"""Rolling-origin evaluation: each fold refits every contender on what was known at its test date, then scores it.

Labels of training rows are those closed and known by the test date; labels of test rows are as known today.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pandas as pd

from features.spec import Feature
from models.ageing import Ageing
from models.bootstrap import Interval, replicates_for
from models.cautions import told
from models.choosing.tuning import Tuned, tuned_of
from models.dataset import ROW_COLUMNS, Dataset
from models.evaluate import EXPECTED_VALUE, PROBABILITY, Evaluation, evaluate, paired_difference
from models.findings import findings
from models.leaks import check_leaks
from models.manifest import FittedModel
from models.profit import expected_profit
from models.recalibrate import at_level
from models.small.design import design_of
from models.small.left_out import check_small, folds_of_accounts, gathered, models_left_out
from models.split import Fold, backtest_folds
from models.targets import Target
from models.train import check_learnable, fit_recipes
from pipeline.errors import LeakSuspected, TrainingRefused
from pipeline.progress import track
from pipeline.settings import Settings

CONTENDERS = ("model", "logistic", "recency")
"""The champion's recipe first, then the baselines that always stand beside it."""

CHAMPION = "champion"
"""Names the columns that a champion's own predictions get."""

log = logging.getLogger(__name__)


class Source(Protocol):
    """What a backtest asks of a firm's data; models/material gives it from a snapshot."""

    @property
    def settings(self) -> Settings: ...

    @property
    def features(self) -> Sequence[Feature]: ...

    def build(self, as_ofs: Sequence[date]) -> Any:
        """Build the features at these dates once, so that `dataset` only reads them."""
        ...

    def dataset(self, target: Target, as_ofs: Sequence[date], known_by: date) -> Dataset: ...

    def judged(self, target: Target, as_of: date, known_by: date, models: Mapping[str, FittedModel]) -> pd.DataFrame:
        """Return a date's whole cohort with what became of it and what each model says of it; see Material."""
        ...

    @property
    def attributes(self) -> str:
        """Say which day the segment and country in `judged` are of."""
        ...

    def first_day(self, target: Target) -> date: ...

    def data_until(self, target: Target, today: date) -> date: ...


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
    training: trained_until, n, its metrics, and the first contender minus it, paired.

    Raises TrainingRefused when every fold is, LeakSuspected for a column that looks like a leak (unless `leaks` says
    that this was looked at already), and AsOfError for a configured date that cannot be tested.
    """
    settings = source.settings
    until = source.data_until(target, today)
    folds = _folds(source, target, until)
    source.build(sorted({day for fold in folds for day in (*fold.train, fold.test)}))
    made: list[tuple[Fold, pd.DataFrame]] = []
    learnt: dict[str, float] = {}
    tuned: list[Tuned] = []
    kept = Ageing() if ageing else None
    left_out: list[dict[str, str]] = []
    for fold in track(folds, f"backtest {target.name}"):
        try:
            made.append((fold, _predict(source, target, fold, until, contenders, champion, learnt, tuned, kept, leaks)))
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
    judged = Backtest(target.name, target.risk, everything, pooled, plain, settings, tuned[0] if tuned else None)
    judged_rows = everything[~everything["final"]]
    if pooled is not None:
        play = settings.plays.get(target.name)
        plain |= findings(judged_rows, contenders, learnt, settings, target, source.attributes)
        if profit:
            plain["value"]["profit"] = expected_profit(judged_rows, contenders, play, target.risk, settings.run.seed)
        plain |= _beside_champion(judged_rows, champion, contenders, settings)
        if kept is not None:
            asked, replicates = settings.evaluate, replicates_for(settings.evaluate.bootstrap, len(judged_rows))
            plain["ageing"] = kept.plain(asked.capacity, replicates, settings.run.seed)
    area = None if pooled is None else pooled.areas.get(contenders[0])
    plain["small"] = design_of(judged_rows, target, area, in_time=folds[0].known_by is None)
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


def _predict(
    source: Source,
    target: Target,
    fold: Fold,
    until: date,
    contenders: Sequence[str],
    champion: FittedModel | None,
    learnt: dict[str, float],
    tuned: list[Tuned],
    kept: Ageing | None,
    leaks: bool,
) -> pd.DataFrame:
    """Return a fold's rows with what each contender says of them; `learnt` takes in the base rate learnt from.

    `tuned` takes in what the first fold tuned: known before all of them, it holds for the later ones.
    """
    scored, beside, said = _fit(source, target, fold, contenders, leaks, tuned[0] if tuned else None)
    first = scored[contenders[0]]
    if not tuned and (found := tuned_of(first.manifest)) is not None:
        tuned.append(found)
    if champion is not None and champion.trained_until <= fold.test and _fits(champion, source.features):
        scored[CHAMPION] = champion
    older = kept.older(fold.test) if kept is not None and not fold.final else {}
    judged = source.judged(target, fold.test, until, scored | older | beside)
    if beside:
        judged = gathered(judged, contenders)
    if source.settings.training.recalibrate == "cohort":
        judged, first = at_level(judged, {name: scored[name] for name in contenders}, fold.test)
    if kept is not None and not fold.final:
        judged = kept.take(fold.test, first, judged, list(older))
    counts = first.manifest["counts"]
    learnt[fold.test.isoformat()] = counts["positives"] / counts["rows"]
    rows = [name for name in ROW_COLUMNS if name in judged.columns]
    predictions = judged[rows].assign(final=fold.final).join(judged.drop(columns=rows))
    log.info(
        "backtest of %s at %s: trained on %s, tested on %d rows, %d positive",
        target.name, fold.test, said, len(predictions), int(predictions["label"].sum()),
    )  # fmt: skip
    return predictions


def _fit(
    source: Source, target: Target, fold: Fold, contenders: Sequence[str], leaks: bool, tuned: Tuned | None
) -> tuple[dict[str, FittedModel], dict[str, FittedModel], str]:
    """Return the contenders fitted to a fold's training rows, which are gone after, and what those were, in words.

    Beside them are those of a small book without each group of accounts; of a larger one there are none.
    """
    known_by = fold.known_by or fold.test
    train = source.dataset(target, fold.train, known_by=known_by)
    check_small(fold, train, source.settings)
    if leaks:
        check_learnable(train, target, source.settings)
        check_leaks(train, target, source.features, source.settings)
    fitted = fit_recipes(contenders, train, target, source.features, source.settings, known_by, tuned)
    beside = models_left_out(contenders, train, target, source.features, source.settings, known_by)
    rows = f"{len(train)} rows" if train.sampled is None else train.sampled.words()
    return fitted, beside, f"{rows} of {len(train.dates)} dates"


def _fits(champion: FittedModel, features: Sequence[Feature]) -> bool:
    return [feature["name"] for feature in champion.manifest["features"]] == [feature.name for feature in features]


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

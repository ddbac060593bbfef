"""Predicting the folds of a backtest: each contender is fitted to what was known at a fold's test date, then scores."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import pandas as pd

from features.spec import Feature
from models.ageing import Ageing
from models.choosing.tuning import Tuned, tuned_of
from models.dataset import ROW_COLUMNS, Dataset
from models.leaks import check_leaks
from models.manifest import FittedModel
from models.recalibrate import at_level, learnt_rate
from models.small.left_out import check_small, gathered, models_left_out
from models.split import Fold
from models.targets import Target
from models.train import check_learnable, fit_recipes
from pipeline.settings import Settings

CHAMPION = "champion"
"""Names the columns that a champion's own predictions get."""

NO_CHAMPION = "There is no champion to compare with."
OTHER_FEATURES = "The champion was trained on other features than there are now, so it is not compared."
NO_LATER_DATE = "No test date is later than the champion's training, so it is not compared."
SMALL_BOOK = (
    "The book is small: its predictions are of accounts left out of training, and {} learnt from these very accounts, "
    "so the two are not compared."
)

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


@dataclass
class Predicting:
    """Predicts one target's folds in turn, and keeps what the later ones and the report need of the earlier ones.

    A champion and models of earlier folds score beside the contenders, but not where a small book's accounts are left
    out: they have learnt from those accounts, which the contenders have not.
    """

    source: Source
    target: Target
    until: date
    """The day up to which what became of the tested rows is known."""
    contenders: Sequence[str]
    champion: FittedModel | None = None
    ageing: Ageing | None = None
    leaks: bool = True
    learnt: dict[str, float] = field(default_factory=dict)
    """The base rate learnt from, by the test date as ISO text."""
    tuned: Tuned | None = None
    """What the first fold tuned: known before all of them, it holds for the later ones."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """Why the latest earlier fold was not compared with the "champion", or with older models ("ageing")."""

    def rows(self, fold: Fold) -> pd.DataFrame:
        """Return a fold's rows with what each contender says of them.

        Raises TrainingRefused where nothing can be learnt, and LeakSuspected for a column that looks like a leak.
        """
        scored, left_out, said = self._fit(fold)
        first = scored[self.contenders[0]]
        self.tuned = self.tuned or tuned_of(first.manifest)
        beside, older = self._beside(fold, small=bool(left_out))
        judged = self.source.judged(self.target, fold.test, self.until, scored | beside | older | left_out)
        if left_out:
            judged = gathered(judged, self.contenders)
        # A fold that is not out of time learnt from the tested rows' own labels, so that no level may come from it.
        if self.source.settings.training.recalibrate == "cohort" and fold.known_by is None:
            judged, first = at_level(judged, {name: scored[name] for name in self.contenders}, fold.test)
        if self.ageing is not None and not fold.final and not left_out:
            judged = self.ageing.take(fold.test, first, judged, list(older))
        self.learnt[fold.test.isoformat()] = learnt_rate(first)
        rows = [name for name in ROW_COLUMNS if name in judged.columns]
        predictions = judged[rows].assign(final=fold.final).join(judged.drop(columns=rows))
        log.info(
            "backtest of %s at %s: trained on %s, tested on %d rows, %d positive",
            self.target.name, fold.test, said, len(predictions), int(predictions["label"].sum()),
        )  # fmt: skip
        return predictions

    def _fit(self, fold: Fold) -> tuple[dict[str, FittedModel], dict[str, FittedModel], str]:
        """Return the contenders fitted to a fold's training rows, which are gone after, and what those were, in words.

        Beside them are those of a small book without each group of accounts; of a larger one there are none.
        """
        settings, features = self.source.settings, self.source.features
        known_by = fold.known_by or fold.test
        train = self.source.dataset(self.target, fold.train, known_by=known_by)
        check_small(fold, train, settings)
        if self.leaks:
            check_learnable(train, self.target, settings)
            check_leaks(train, self.target, features, settings)
        fitted = fit_recipes(self.contenders, train, self.target, features, settings, known_by, self.tuned)
        left_out = models_left_out(self.contenders, train, self.target, features, settings, known_by)
        rows = f"{len(train)} rows" if train.sampled is None else train.sampled.words()
        return fitted, left_out, f"{rows} of {len(train.dates)} dates"

    def _beside(self, fold: Fold, small: bool) -> tuple[dict[str, FittedModel], dict[str, FittedModel]]:
        """Return the champion and the older models that score a fold's rows too, as far as they may."""
        champion, older = {}, {}
        why = self._why_no_champion(fold, small)
        if self.champion is not None and not why:
            champion = {CHAMPION: self.champion}
        if self.ageing is not None and not fold.final and not small:
            older = self.ageing.older(fold.test)
        if not fold.final:
            told = {CHAMPION: why, "ageing": SMALL_BOOK.format("an older model") if small else ""}
            self.not_compared = {what: reason for what, reason in told.items() if reason}
        return champion, older

    def _why_no_champion(self, fold: Fold, small: bool) -> str:
        if self.champion is None:
            return NO_CHAMPION
        if not _fits(self.champion, self.source.features):
            return OTHER_FEATURES
        if small:
            return SMALL_BOOK.format("the champion")
        return "" if self.champion.trained_until <= fold.test else NO_LATER_DATE


def _fits(champion: FittedModel, features: Sequence[Feature]) -> bool:
    return [feature["name"] for feature in champion.manifest["features"]] == [feature.name for feature in features]

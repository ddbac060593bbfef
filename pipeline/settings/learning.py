"""`[training]` and `[evaluate]`: what models learn from, and how they are judged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from pipeline.parsing import Section
from pipeline.settings.days import Day, Days


class TrainingSettings(Section):
    first_as_of: Day | None = None
    """First training date; without it, as early as the data allow."""
    every_days: Days = 14
    max_dates: PositiveInt = 26
    """At most this many training dates, the latest ones."""
    retrain_days: Days = 30
    min_positives: PositiveInt = 50
    """With fewer rows of either class no model is fitted: a small book is ranked by the recency rule, which says so;
    a larger one is refused."""
    small_accounts: int = Field(100, ge=0)
    """With fewer accounts that had the rarer outcome a book is small: strong priors, no trees, accounts left out to
    judge; 0: never."""
    max_rows: PositiveInt | None = None
    """More rows than this are sampled; without it, more than `[run] memory_gb` has room for."""
    threads: PositiveInt = 2
    recalibrate: Literal["cohort", "none"] = "cohort"
    """`cohort` keeps the mean probability over the cohort of the day of training at the rate learnt from."""
    monotone: bool = True
    """Whether a prediction may move in one direction alone with features where the business is sure of it."""
    tune_trials: int = Field(0, ge=0, le=1000)
    """Settings of boosted trees that are tried on inner folds before some are chosen; 0: they stay as they are."""
    tune_seconds: PositiveInt = 300
    """No further trial is begun after so long; the model's manifest says where that cut tuning short."""
    trusted: tuple[str, ...] = ()
    """Columns (a feature, an attribute, or `table.column`) that are learnt from although they look like leaks."""


class EvaluateSettings(Section):
    folds: tuple[Day, ...] = ()
    """Test dates of the backtest; without them, `n_folds` dates `every_days` apart, the last one usable."""
    n_folds: PositiveInt = 3
    every_days: Days = 28
    final: Day | None = None
    """A last test date, reported once and never tuned on."""
    capacity: PositiveInt = 100
    """Rows a team can work, for precision_at_capacity."""
    bootstrap: int = Field(1000, ge=100)
    """Account-bootstrap replicates behind each interval; fewer, at least 100, of more than 200,000 rows."""

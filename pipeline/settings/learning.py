"""`[training]` and `[evaluate]`: what models learn from, and how they are judged."""

from __future__ import annotations

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
    """Fewer rows of either class are too few to judge a model by."""
    max_rows: PositiveInt | None = None
    """More rows than this are sampled; without it, more than `[run] memory_gb` has room for."""
    threads: PositiveInt = 2


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

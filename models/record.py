"""What is written down about a training, as flat names, numbers and texts that any tracking server takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """A number with the name, the instant (milliseconds since 1970 UTC) and the step it is charted under."""

    name: str
    value: float
    milliseconds: int
    step: int


@dataclass(frozen=True)
class DataNote:
    """Rows that a training learnt from or was judged on, told without any of them.

    `context` is "training" or "evaluation"; `columns` are (name, MLflow type); `profile` holds counts of rows.
    """

    name: str
    context: str
    digest: str
    source: Mapping[str, Any]
    columns: Sequence[tuple[str, str]]
    profile: Mapping[str, int]


@dataclass(frozen=True)
class Record:
    """A training: what went in, which dates, how many rows, and how its recipe fared out of time.

    `evaluation` is one target's part of a backtest: `folds`, `pooled`, perhaps `final`.
    """

    parameters: Mapping[str, object]
    digests: Mapping[str, str]
    as_ofs: Sequence[date]
    counts: Mapping[str, int]
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Tags by which runs and versions are found: target, recipe, trained_until."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What `Registry.training_notes` gives back, as JSON takes it."""
    summary: str = ""
    """Markdown, shown at the top of the run."""
    headline: str = ""
    """A sentence, shown beside the version."""
    question: str = ""
    """What the target asks, shown beside the registered model."""
    plots: Mapping[str, str] = field(default_factory=dict)
    """File name -> SVG."""
    folds: Mapping[str, Any] = field(default_factory=dict)
    """A table of the folds: `columns` and `data`."""
    data: Sequence[DataNote] = ()

    def texts(self) -> dict[str, str]:
        """Return the parameters and the training dates as texts."""
        days = ", ".join(str(day) for day in sorted(self.as_ofs))
        return {name: str(value) for name, value in self.parameters.items()} | {"as_ofs": days}

    def tags(self) -> dict[str, str]:
        """Return the digests as `digest.<name>`, and the labels."""
        return {f"digest.{name}": value for name, value in self.digests.items()} | dict(self.labels)

    def figures(self) -> list[Figure]:
        """Return counts as `count/<name>`, and metrics as `<fold|final|pooled>/<contender>/<metric>`.

        The ends of an interval stand beside its value as `.../low` and `.../high`. A fold's step is its as_of written
        as YYYYMMDD. Figures that are not defined are left out.
        """
        found = [Figure(f"count/{name}", float(count), 0, 0) for name, count in self.counts.items()]
        for part, day, contenders in _parts(self.evaluation):
            milliseconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) if day else 0
            step = int(f"{day:%Y%m%d}") if day else 0
            for contender, metrics in contenders.items():
                for metric, figure in metrics.items():
                    found += ends(f"{part}/{contender}/{metric}", figure, milliseconds, step)
        return found


def ends(name: str, figure: Mapping[str, float | None], milliseconds: int = 0, step: int = 0) -> list[Figure]:
    """Return a figure's value, low and high under `name`, `name/low` and `name/high`, as far as they are defined."""
    values = {"": figure.get("value"), "/low": figure.get("low"), "/high": figure.get("high")}
    return [Figure(name + end, float(value), milliseconds, step) for end, value in values.items() if value is not None]


def _parts(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, date | None, Mapping[str, Any]]]:
    """Yield the name, the as_of and the contenders of each fold, of the final one, and of the pooled rows."""
    folds = [("fold", fold) for fold in evaluation.get("folds", ())]
    if evaluation.get("final"):
        folds.append(("final", evaluation["final"]))
    for part, fold in folds:
        yield part, date.fromisoformat(fold["as_of"]), fold["contenders"]
    if evaluation.get("pooled"):
        yield "pooled", None, evaluation["pooled"]["contenders"]

"""What is measured, in chapters that can be run one by one (`--only NAME`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.agreement import compare
from engine.cases import Case, Cases
from engine.runner import Record
from engine.sizes import Size, as_of_dates
from engine.task import described, measured

DATES = 13
BUCKETS = (1, 7, 64)


@dataclass(frozen=True)
class Scale:
    """The sizes of a run: the full ones, or all of them smaller by the same factor."""

    factor: float = 1.0
    patience: float = 200
    """Seconds that a contender may take."""

    def size(self, events: int, accounts: int) -> Size:
        return Size(max(1000, int(events * self.factor)), max(20, int(accounts * self.factor)))

    @property
    def small(self) -> Size:
        """What contenders can finish."""
        return self.size(2_000_000, 10_000)

    @property
    def usual(self) -> Size:
        return self.size(20_000_000, 100_000)

    @property
    def large(self) -> Size:
        return self.size(100_000_000, 500_000)

    @property
    def long_histories(self) -> Size:
        return self.size(20_000_000, 10_000)

    @property
    def short_histories(self) -> Size:
        return self.size(20_000_000, 500_000)


FULL = Scale()
QUICK = Scale(factor=0.05, patience=60)


@dataclass(frozen=True)
class Contender:
    """Another way to compute the task: its module, the packages of its own environment, and which part it can do."""

    name: str
    module: str
    needs: tuple[str, ...] = ()
    whole: bool = True
    """Whether it computes the whole task; one that cannot says in its record what it did."""


CONTENDERS = (
    Contender("DuckDB SQL, range join", "sql"),
    Contender("pandas", "pandas_windows"),
    Contender("Polars", "polars_windows", ("polars", "pyarrow")),
    Contender(
        "Featuretools",
        "featuretools_cutoffs",
        ("featuretools==1.31.0", "pandas<3", "pyarrow", "setuptools<80"),
        whole=False,
    ),
    Contender("getML FastProp", "getml_fastprop", ("getml==1.5.1", "pyarrow"), whole=False),
)


def contenders(cases: Cases, scale: Scale) -> None:
    """Every contender on the small data set, its numbers compared with ours."""
    case, tables = Case(scale.small), cases.runner.work / "tables"
    tables.mkdir(exist_ok=True)
    cases.limit(case)
    cases.features(case, DATES, table=str(tables / "ours.parquet"))
    cases.features(case.reduced, DATES, table=str(tables / "ours-reduced.parquet"))
    for contender in CONTENDERS:
        contend(cases, scale, contender, tables)
    cases.drop(case)
    cases.drop(case.reduced)


def contend(cases: Cases, scale: Scale, contender: Contender, tables: Path) -> Record:
    """Measure one contender and compare its numbers with ours, as far as it has the same features."""
    theirs = tables / f"{contender.module}.parquet"
    case = Case(scale.small) if contender.whole else Case(scale.small).reduced
    job = {
        "file": cases.file(case),
        "workers": case.workers,
        "task": described(as_of_dates(DATES)),
        "table": str(theirs),
    }
    # Beside the contender's own time: what it takes to make its environment.
    grace = 120 if contender.needs else 20
    record = cases.runner.run(f"contenders.{contender.module}", job, scale.patience + grace, contender.needs)
    if record["status"] == "late" or record.get("seconds", 0) > scale.patience:
        record = {"status": "late", "limit": scale.patience, "load": record["load"]}
    elif theirs.exists():
        ours = tables / ("ours.parquet" if contender.whole else "ours-reduced.parquet")
        found = compare(ours, theirs, measured(), record.get("compared"))
        record |= {"rows": found.rows, "features": found.features, "differences": list(found.differences)}
    return cases.runner.keep(f"contender/{contender.module}", record)


def limit(cases: Cases, scale: Scale) -> None:
    """The usual case against the limit."""
    case = Case(scale.usual)
    cases.limit(case, carried=True)
    cases.features(case, DATES)
    cases.features(case, DATES, keep=True)


def dates(cases: Cases, scale: Scale) -> None:
    """1, 13 and 36 as_of dates."""
    for number in (1, DATES, 36):
        cases.features(Case(scale.usual), number)


def workers(cases: Cases, scale: Scale) -> None:
    """One worker and two, on the same snapshot."""
    case = Case(scale.usual)
    cases.features(case, DATES)
    cases.features_as(case, Case(scale.usual, workers=1), DATES)


def memory(cases: Cases, scale: Scale) -> None:
    """The usual case with half the memory."""
    case = Case(scale.usual, memory_gb=1.0)
    cases.features(case, DATES, limit=600)
    cases.features(case, DATES, limit=600, keep=True)
    cases.drop(case)


def buckets(cases: Cases, scale: Scale) -> None:
    """One bucket and many, of the small data set."""
    for number in BUCKETS:
        case = Case(scale.small, buckets=number)
        cases.features(case, DATES)
        cases.drop(case)


def accounts(cases: Cases, scale: Scale) -> None:
    """The same events of few accounts with long histories, and of many with short ones."""
    for size in (scale.long_histories, scale.short_histories):
        case = Case(size)
        cases.limit(case)
        cases.features(case, DATES)
        cases.drop(case)


def events(cases: Cases, scale: Scale) -> None:
    """2, 20 and 100 million events."""
    for case in (Case(scale.small), Case(scale.usual), Case(scale.large, memory_gb=4.0)):
        cases.limit(case)
        cases.features(case, DATES, limit=900)
    cases.drop(case)


def rates(cases: Cases, scale: Scale) -> None:
    """What the estimate of larger clusters needs beside the usual case at 1 and 13 dates."""
    dates(cases, scale)
    cases.features(Case(scale.usual), DATES, keep=True)
    cases.runner.measure("rates", "rates", {"file": cases.file(Case(scale.usual))})


def scoring(cases: Cases, scale: Scale) -> None:
    """Scoring beside LightGBM's bare predict."""
    job = {"do": "throughput", "rows": int(1_000_000 * scale.factor), "features": 186}
    cases.runner.measure("scoring", "scored", job, 900)


def million(cases: Cases, scale: Scale) -> None:
    """A million accounts with 50 million rows in all tables: snapshot, features, training, scores, lists."""
    job = {"do": "million", "folder": str(cases.runner.work), "rows": 50, "dates": 2, "memory_gb": 2.0}
    job["accounts"] = int(1_000_000 * scale.factor)
    cases.runner.measure("million", "scored", job, 7200)


CHAPTERS: dict[str, Callable[[Cases, Scale], None]] = {
    "contenders": contenders,
    "limit": limit,
    "dates": dates,
    "workers": workers,
    "rates": rates,
    "memory": memory,
    "buckets": buckets,
    "accounts": accounts,
    "events": events,
}
"""In the order of a full run."""

ON_REQUEST: dict[str, Callable[[Cases, Scale], None]] = {"scoring": scoring, "million": million}
"""Run by `--only` alone: they take long."""

"""The config file: TOML read once into frozen models. Unknown keys are errors that name the nearest known one."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from pipeline.asof import EARLIEST, LATEST
from pipeline.errors import SettingsError, nearest
from pipeline.parsing import Section, parse, with_environment, without_secrets
from pipeline.tables import TABLES


class ColumnSource(Section):
    """Where a contract column comes from: exactly one of `column`, `const` and `sql`."""

    column: str | None = None
    const: str | int | float | bool | date | None = None
    sql: str | None = None
    role: Literal["exclude"] | None = None
    """`exclude` keeps a protected attribute out of models, MLflow and reasons."""

    @model_validator(mode="before")
    @classmethod
    def _plain_name(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> ColumnSource:
        if sum(part is not None for part in (self.column, self.const, self.sql)) != 1:
            raise ValueError('expected a source column\'s name, {const = ...} or {sql = "..."}')
        return self


class AccountThrough(Section):
    """Another source that says which account a row belongs to, where the row itself names only, say, a subscription."""

    source: str
    on: str
    """The column, in the rows and in the other source, that leads from one to the other."""
    to: str | None = None
    """Its name in the other source, where that differs."""
    account_id: str = "account_id"
    """The other source's column with the account."""


class TableSource(Section):
    """One source that feeds a contract table."""

    source: str | None = None
    """URL or path: a Parquet or CSV file, a glob, a partitioned folder, or a table of a DuckDB file (FILE#TABLE)."""
    account_through: AccountThrough | None = None
    """Where `account_id` comes from, when the source has none."""
    select: str | None = None
    """A whole query run by DuckDB instead of `columns`; it may read `source`, and each of `sources`, by its name."""
    sources: Mapping[str, str] = Field(default_factory=dict)
    """Name -> further source that `select` may read under that name."""
    columns: Mapping[str, ColumnSource] = Field(default_factory=dict)
    """Contract column -> source. Empty: the contract's own names are looked for in the source."""
    where: str | None = None
    """SQL condition on source columns; rows that fail it are counted as `left out by where`."""
    late: Mapping[str, str] = Field(default_factory=dict)
    """Late column -> source column with the instant at which its value became known."""
    on_repeat: Literal["keep", "drop"] = "keep"
    """What to do with exact repeats where no id tells rows apart."""
    ends: Literal["exclusive", "inclusive"] = "exclusive"
    """`inclusive`: the source's end date is the last day that still counts."""

    @model_validator(mode="after")
    def _readable(self) -> TableSource:
        if self.source is None and self.select is None:
            raise ValueError('expected source = "FILE" or select = "SELECT ..."')
        if self.select is not None and (self.columns or self.where):
            raise ValueError("select is a whole query: put the columns and the condition in it")
        if self.select is not None and self.account_through:
            raise ValueError("select is a whole query: join the other table in it, named under sources")
        if self.select is None and self.sources:
            raise ValueError('sources are read by a whole query: write select = "SELECT ..."')
        for name in self.sources:
            if name.lower() in {"source", "mapped"}:
                raise ValueError(f"sources.{name}: this name is taken; choose another")
        if self.account_through and "account_id" in self.columns:
            raise ValueError("columns.account_id: account_through gives it already; leave one of them out")
        return self


def _plausible(day: date) -> date:
    if not EARLIEST <= day < LATEST:
        raise ValueError(f"expected a day between {EARLIEST} and {LATEST}")
    return day


Day = Annotated[date, AfterValidator(_plausible)]
"""A day in which rows and as_of dates may lie."""

LONGEST = 3650
"""Days; ten years are longer than anything that is counted in days here."""

Days = Annotated[int, Field(gt=0, le=LONGEST)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}; write, say, Europe/Copenhagen") from None
    return name


class TimeSettings(Section):
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The zone naive timestamps are read in."""
    data_until: Day | None = None
    """Overrides the day up to which the tables are complete."""


class RunSettings(Section):
    as_of: Day | None = None
    wait_seconds: int = Field(0, ge=0)
    """How long a second run waits for the first; 0: it stops with an error at once."""
    seed: int = 0
    memory_gb: float = Field(2.0, ge=0.25)
    """Memory that a run may take; tables are read, features built and models trained within it, as far as can be."""
    workers: PositiveInt | None = None
    """Buckets of accounts that are worked on side by side; without it, one per core."""
    rows_per_bucket: PositiveInt | None = None
    """Rows of a bucket, which is what a worker holds in memory; without it, what `memory_gb` allows."""


class EngineSettings(Section):
    """Where the tables are read and the buckets worked on."""

    kind: Literal["embedded", "spark"] = "embedded"
    """`spark`: on a cluster, with the same numbers; it needs `pip install keepgrow[spark]` and Java."""
    master: str | None = None
    """Spark's master, say local[4] or spark://HOST:7077; without it, what spark-submit or the platform sets."""
    options: Mapping[str, str] = Field(default_factory=dict)
    """Spark's own settings, say "spark.executor.memory" = "4g"."""
    buckets: PositiveInt | None = None
    """Buckets that the accounts are dealt into; without it, by the rows and `[run] memory_gb` (of one worker)."""


class MoneySettings(Section):
    currency: str = "EUR"
    """The reporting currency; other currencies are converted by `rates`."""


class AccountSettings(Section):
    features: tuple[str, ...] = ()
    """Attributes that become features; they need known_at, or to be named in `constant` too."""
    constant: tuple[str, ...] = ()
    """Attributes that never change (country of founding), declared so by you."""
    min_history_days: int = Field(30, ge=0, le=LONGEST)
    """Younger accounts are listed as too new and never scored."""


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


class Play(Section):
    """What an account manager does about a row, what it changes and what it costs."""

    name: str
    effect: float = Field(1.0, gt=0, le=1)
    """Share of the value at stake that the play is expected to keep or win."""
    cost: float = Field(0.0, ge=0)
    """In the reporting currency, per account."""


class ListSettings(Section):
    capacity: PositiveInt = 25
    """Rows per account manager and list."""
    capacities: Mapping[str, PositiveInt] = Field(default_factory=dict)
    """Other capacities by account manager."""
    language: Literal["en", "da"] = "en"
    """The language of likelihoods, reasons and workbooks."""


class SinkSettings(Section):
    """Where a published list is exported to."""

    kind: str
    """What pipeline/exports writes: csv, parquet, excel or duckdb."""
    folder: str | None = None
    """Where csv, parquet and excel go."""
    file: str | None = None
    """Where duckdb goes; other tables of the file are left alone."""

    @model_validator(mode="after")
    def _one_place(self) -> SinkSettings:
        if (self.folder is None) == (self.file is None):
            raise ValueError('expected one place: folder = "FOLDER", or file = "FILE" for duckdb')
        return self


class StoreSettings(Section):
    url: str | None = None
    """SQLAlchemy URL; without it, SQLite in the state folder."""


class MlflowSettings(Section):
    tracking_uri: str | None = None
    """Without it, SQLite in the state folder."""
    prefix: str = Field("keepgrow", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    """Experiments and registered models are called `<prefix>-<target>`; configs that share a server need their own."""


class PrefectSettings(Section):
    api_url: str | None = None
    """Without it, PREFECT_API_URL, else Prefect runs inside the process."""


class Settings(Section):
    """The whole config. Paths are resolved against `folder`, the config's `root`."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    root: str = "."
    """Where relative paths start, itself relative to the config file."""
    state: str | None = None
    """Folder for everything keepgrow writes; default `.keepgrow/NAME`."""
    time: TimeSettings = TimeSettings()
    run: RunSettings = RunSettings()
    engine: EngineSettings = EngineSettings()
    money: MoneySettings = MoneySettings()
    accounts: AccountSettings = AccountSettings()
    tables: Mapping[str, tuple[TableSource, ...]]
    targets: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Target name -> its keys; read by the kind of target (models/targets)."""
    training: TrainingSettings = TrainingSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    lists: ListSettings = ListSettings()
    plays: Mapping[str, Play] = Field(default_factory=dict)
    """Target name -> play; a target without one gets a neutral play named after it."""
    sinks: tuple[SinkSettings, ...] = ()
    store: StoreSettings = StoreSettings()
    mlflow: MlflowSettings = MlflowSettings()
    prefect: PrefectSettings = PrefectSettings()
    folder: Path = Field(Path("."), exclude=True)
    file: str = Field("the config", exclude=True)

    @model_validator(mode="after")
    def _known_names(self) -> Settings:
        for table, mappings in self.tables.items():
            if table not in TABLES:
                raise ValueError(f"tables.{table}: no such table in the contract; {nearest(table, TABLES)}")
            if not mappings:
                raise ValueError(f"tables.{table}: expected at least one source, for example [[tables.{table}]]")
            contract = TABLES[table]
            for number, mapping in enumerate(mappings):
                if mapping in mappings[:number]:
                    first = mappings.index(mapping) + 1
                    raise ValueError(
                        f"tables.{table}: entries {first} and {number + 1} are the same source, whose rows would count "
                        "twice; take one out"
                    )
            for mapping in mappings:
                for column in (*mapping.columns, *mapping.late):
                    if column not in contract.by_name and not contract.more_attributes:
                        raise ValueError(
                            f"tables.{table}.columns.{column}: no such column in the contract; "
                            f"{nearest(column, contract.by_name)}"
                        )
        if not self.tables:
            raise ValueError("tables: expected at least one table, for example [[tables.invoices]]")
        for name in self.plays if self.targets else ():
            if name not in self.targets:
                raise ValueError(f"plays.{name}: no target has this name; {nearest(name, self.targets)}")
        return self

    @model_validator(mode="after")
    def _paths(self) -> Settings:
        named = {"root": self.root, "state": self.state or "."}
        for number, sink in enumerate(self.sinks):
            named |= {f"sinks.{number}.{key}": text for key in ("folder", "file") if (text := getattr(sink, key))}
        for key, text in named.items():
            try:
                self.path(text)
            except SettingsError as error:
                raise ValueError(f"{key}: {error}") from None
        return self

    def __getstate__(self) -> dict[Any, Any]:
        """Give another process the same places, whatever its working folder and its user's home are."""
        state = super().__getstate__()
        places = {"folder": self.folder.resolve(), "state": str(self.state_folder)}
        return {**state, "__dict__": {**state["__dict__"], **places}}

    @property
    def state_folder(self) -> Path:
        return self.path(self.state or f".keepgrow/{self.name}")

    def path(self, text: str) -> Path:
        """Return the path that `text` names, relative ones against the config's root.

        Raises SettingsError for what cannot be a path: the home of a user there is not, a NUL character.
        """
        try:
            return (self.folder / Path(text).expanduser()).resolve()
        except (RuntimeError, ValueError, OSError) as error:
            raise SettingsError(f"expected a path that can exist; found {text!r}: {error}") from None

    def digest(self) -> str:
        """Return the SHA-256 of the settings that affect a list's rows."""
        parts = {"time", "run", "money", "accounts", "tables", "targets", "training", "evaluate", "lists", "plays"}
        data = self.model_dump(mode="json", include=parts)
        for operational in ("as_of", "wait_seconds", "rows_per_bucket", "memory_gb", "workers"):
            data["run"].pop(operational)
        if self.training.max_rows is None:
            data["training"].pop("max_rows")  # what it changes, the model's own digest of its rows tells
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def read_settings(file: Path | str, **changes: Any) -> Settings:
    """Read a config file; `changes` replace top-level keys (a command's options win over the file).

    Raises SettingsError with the file, the key, what was expected and what was found.
    """
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        siblings = [str(other.name) for other in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        raise SettingsError(f"config file {path} does not exist; {nearest(path.name, siblings)}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"config file {path} cannot be read: {error}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"config file {path} is not valid TOML: {error}") from None
    data = with_environment(data, path.name) | changes
    folder = path.parent / str(data.get("root", "."))
    try:
        return parse(Settings, data | {"folder": folder, "file": path.name}, path.name)
    except SettingsError as error:
        raise SettingsError(without_secrets(str(error), text)) from None

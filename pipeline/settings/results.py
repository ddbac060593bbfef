"""`[plays]`, `[lists]`, `[[sinks]]` and the servers: what comes out, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from pipeline.parsing import Section


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

"""`[[tables.NAME]]`: where a contract table comes from, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from pipeline.parsing import Section


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

"""Idiomatic Polars: per as_of one lazy query over the visible rows, an expression per feature."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from engine.child import median, run

COLUMNS = ["account_id", "occurred_at", "kind", "quantity", "contact_id", "closed_at", "known_at", "superseded_at"]


class Plan:
    """The expressions that features need, each once."""

    def __init__(self) -> None:
        self.own: dict[str, pl.Expr] = {}
        self.of_days: dict[str, pl.Expr] = {}

    def value(self, part: dict[str, Any]) -> pl.Expr:
        """Return the feature over the columns of `own` and `of_days`."""
        if part["is"] == "combined":
            return _combined(part, self.value(part["a"]), self.value(part["b"]))
        if part["is"] == "top":
            return pl.col("top")
        name = repr(sorted(part.items(), key=str))
        if part["is"] == "gaps":
            self.of_days[name] = _gap(part["how"])
        elif part["is"] == "decayed" and part["how"] == "days":
            self.of_days[name] = (2.0 ** (-pl.col("age") / part["half_life"])).sum()
            return pl.col(name).fill_null(0.0)
        else:
            self.own[name] = _aggregate(part)
        return pl.col(name)


def _gap(how: str) -> pl.Expr:
    gap = pl.col("age").sort().diff().drop_nulls().cast(pl.Float64)
    if how == "deviation":
        return pl.when(pl.len() > 2).then(gap.std(ddof=0))
    return gap.mean() if how == "mean" else gap.max()


def _aggregate(part: dict[str, Any]) -> pl.Expr:
    age = pl.col("age")
    test = pl.col("ahead") if part["is"] == "until" else ~pl.col("ahead")
    if part["kind"]:
        test &= pl.col("kind") == part["kind"]
    if part["open"]:
        test &= ~pl.col("closed")
    if part.get("window"):
        test &= age <= part["window"] + part["back"]
    if part.get("back"):
        test &= age > part["back"]
    match part["is"], part.get("how"):
        case "until", "count":
            return test.sum().cast(pl.Float64)
        case "until", _:
            return -age.filter(test).max().cast(pl.Float64)
        case "count", _:
            return test.sum().cast(pl.Float64)
        case "days", _:
            return age.filter(test).n_unique().cast(pl.Float64)
        case "distinct", _:
            return pl.col(part["column"]).filter(test).drop_nulls().n_unique().cast(pl.Float64)
        case "sum", _:
            return pl.col(part["column"]).filter(test).sum()
        case "since", _:
            found = age.filter(test)
            return (found.min() if part["which"] == "last" else found.max()).cast(pl.Float64)
        case "decayed", _:
            return (pl.col(part["column"]) * 2.0 ** (-age / part["half_life"])).filter(test).sum()
    raise ValueError(f"no expression for {part}")


def _combined(part: dict[str, Any], a: pl.Expr, b: pl.Expr) -> pl.Expr:
    if part["how"] == "monthly":
        # max_horizontal() leaves nulls out: an account that is known by a booking alone has no first row.
        return pl.when(b.is_not_null()).then(a * 30 / pl.max_horizontal(b, pl.lit(30.0)) * part["times"])
    ratio = pl.when(b > 0).then(a / b)
    return ratio * part["times"] if part["how"] == "ratio" else ratio - 1


def features(rows: pl.LazyFrame, as_of: datetime, task: dict[str, Any]) -> pl.DataFrame:
    """Return account_id, as_of and the task's features of one as_of, sorted by account_id."""
    at = pl.lit(as_of).cast(pl.Datetime("us"))
    late = pl.col("superseded_at").is_null() | (pl.col("superseded_at") >= at)
    visible = rows.filter((pl.col("known_at") < at) & late).with_columns(
        age=(at.dt.date() - pl.col("occurred_at").dt.date()).dt.total_days().cast(pl.Int32),
        ahead=pl.col("occurred_at") >= at,
        closed=(pl.col("closed_at") < at).fill_null(value=False),
    )
    plan = Plan()
    chosen = {name: plan.value(part) for name, part in task["features"].items()}
    past = visible.filter(~pl.col("ahead"))
    days = past.select("account_id", "age").unique().group_by("account_id").agg(**plan.of_days)
    people = past.filter((pl.col("age") <= 365) & pl.col("contact_id").is_not_null())
    people = people.group_by("account_id", "contact_id").agg(n=pl.len())
    top = people.group_by("account_id").agg(top=pl.col("n").max() / pl.col("n").sum())
    own = visible.group_by("account_id").agg(**plan.own)
    joined = own.join(days, on="account_id", how="left").join(top, on="account_id", how="left")
    frame = joined.select(pl.col("account_id").cast(pl.String), as_of=at, **chosen)
    return frame.sort("account_id").collect()


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Read the file and build the features of all as_of dates."""
    made: list[pl.DataFrame] = []

    def work() -> None:
        made.clear()
        rows = pl.read_parquet(job["file"], columns=COLUMNS).lazy()
        made.extend(features(rows, datetime.fromisoformat(day), job["task"]) for day in job["task"]["as_ofs"])

    found = median(work)
    if job.get("table"):
        pl.concat(made).write_parquet(job["table"])
    return found | {"version": f"Polars {pl.__version__}"}


if __name__ == "__main__":
    run(measure)

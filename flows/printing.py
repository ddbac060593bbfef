"""What commands print: lists, runs, findings, folds and the catalogue, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

LEVELS = {"error": "bold red", "warning": "yellow"}


def money(value: float | None, currency: str) -> str:
    return "" if value is None or pd.isna(value) else f"{currency} {value:,.0f}"


def percent(value: float | None) -> str:
    return "" if value is None or pd.isna(value) else f"{value:.0%}"


def print_list(
    console: Console, rows: pd.DataFrame, title: str, currency: str, top: int | None = None, risk: bool = True
) -> None:
    """Print the rows to call, by rank: who, how likely, what it is worth, and underneath the reasons."""
    called = rows[rows["section"] == "call"]
    console.print(Text(title, style="bold"), soft_wrap=True)
    stake = "at stake" if risk else "to win"
    for row in called.head(len(called) if top is None else top).to_dict("records"):
        name = str(row["account_id"]) if not row["name"] else f"{row['name']} ({row['account_id']})"
        line = Text(f"{row['rank']:>4}  ")
        line.append(name, style="bold")
        line.append(f", {row['account_manager']}: ")
        line.append(str(row["band"]), style="cyan")
        line.append(f" ({percent(row['probability'])}{_observed(row)})")
        line.append(
            f", {money(row['value_at_stake'], currency)} {stake}, worth {money(row['expected_value'], currency)}"
        )
        console.print(line, soft_wrap=True)
        for reason in row["reasons"]:
            console.print(Text(f"      - {reason['text']}", style="dim"), soft_wrap=True)
    rest = [f"{len(called):,} accounts to call"]
    for section, words in (("leaving", "leaving already"), ("too_new", "too new to score")):
        apart = int((rows["section"] == section).sum())
        rest += [f"{apart:,} {words}"] if apart else []
    console.print(Text(", ".join(rest)), soft_wrap=True)
    console.print()


def _observed(row: Mapping[Any, Any]) -> str:
    """Return what became of accounts scored alike, where that was observed."""
    if pd.isna(row["observed_rate"]):
        return ""
    low, high = 100 * row["observed_low"], 100 * row["observed_high"]
    return f"; of accounts scored alike {percent(row['observed_rate'])}, {low:.0f}-{high:.0f} %"


def print_table(
    console: Console, title: str, records: Sequence[Mapping[str, Any]], numbers: Sequence[str] = ()
) -> None:
    """Print records as a table, one column per key of the first; `numbers` are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for position, name in enumerate(records[0] if records else ()):
        table.add_column(
            name.replace("_", " "),
            justify="right" if name in numbers else "left",
            no_wrap=name in numbers or position == 0,
            overflow="fold",
        )
    for record in records:
        style = LEVELS.get(str(record.get("level")))
        table.add_row(*(Text("" if value is None else str(value)) for value in record.values()), style=style)
    console.print(table)


CONTENDERS = ("model", "logistic", "recency")
METRICS = {
    "auc": "AUC",
    "average_precision": "avg. precision",
    "brier": "Brier",
    "ece": "calib. error",
    "lift_10": "lift top 10 %",
    "precision_at_capacity": "precision at capacity",
    "value_captured_10": "value in top 10 %",
}


def print_backtest(console: Console, name: str, result: Mapping[str, Any]) -> None:
    """Print one target's folds, pooled and final figures: contenders side by side, with 95 % intervals."""
    table = Table(
        title=f"{name}, out of time, with 95 % intervals (account bootstrap)", title_justify="left", title_style="bold"
    )
    table.add_column("test as_of", no_wrap=True)
    table.add_column("n (positives)", justify="right", no_wrap=True)
    table.add_column("contender")
    for label in METRICS.values():
        table.add_column(label, justify="right")
    blocks = [(fold["as_of"], fold) for fold in result["folds"]] + [("pooled", result["pooled"])]
    if result.get("final"):
        blocks.append((f"final {result['final']['as_of']}", result["final"]))
    for title, block in blocks:
        for position, contender in enumerate(block["contenders"]):
            first = position == 0
            table.add_row(
                title if first else "",
                f"{block['n']:,} ({block['positives']:,})" if first else "",
                contender,
                *(_interval(block["contenders"][contender].get(metric)) for metric in METRICS),
                style="bold" if contender == "model" else "",
            )
        table.add_section()
    console.print(table)


def _interval(figure: Mapping[str, Any] | None) -> str:
    if not figure or figure["value"] is None:
        return "-"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f}\n{figure['low']:.3f}-{figure['high']:.3f}"

"""What commands print: lists, runs, findings, folds and the catalogue, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.months import most_likely

LEVELS = {"error": "bold red", "warning": "yellow"}


def money(value: float | None, currency: str) -> str:
    return "" if value is None or pd.isna(value) else f"{currency} {value:,.0f}"


def percent(value: float | None) -> str:
    return "" if value is None or pd.isna(value) else f"{100 * value:.0f} %"


def print_list(
    console: Console,
    rows: pd.DataFrame,
    title: str,
    currency: str,
    top: int | None = None,
    risk: bool = True,
    silent_days: int = 0,
) -> None:
    """Print the rows to call, by rank: who, how likely, what it is worth, and underneath the reasons.

    `silent_days`: see `Target.silent_days`.
    """
    called = rows[rows["section"] == "call"]
    console.print(Text(title, style="bold"), soft_wrap=True)
    stake = "at stake" if risk else "to win"
    for row in called.head(len(called) if top is None else top).to_dict("records"):
        name = str(row["account_id"]) if not row["name"] else f"{row['name']} ({row['account_id']})"
        line = Text(f"{row['rank']:>4}  ")
        line.append(name, style="bold")
        line.append(f", {row['account_manager']}: ")
        line.append(str(row["band"]), style="cyan")
        line.append(f" ({percent(row['probability'])}{observed(row)})")
        month = most_likely(row["likely_month"], silent_days=silent_days)
        line.append(f", {month}" if month else "")
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


def observed(row: Mapping[Any, Any]) -> str:
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


METRICS = {
    "auc": "AUC",
    "average_precision": "avg. precision",
    "brier": "Brier score *",
    "ece": "calib. error *",
    "lift_10": "lift, top 10 %",
    "precision_at_capacity": "prec. at cap.",
    "value_captured_10": "value, top 10 %",
}


def print_backtest(console: Console, name: str, result: Mapping[str, Any]) -> None:
    """Print one target's folds, pooled and final figures: contenders side by side, with 95 % intervals."""
    blocks = [(f"test {fold['as_of']}", fold) for fold in result["folds"]]
    if result["pooled"]:
        blocks.append(("folds pooled", result["pooled"]))
    if result.get("final"):
        blocks.append((f"final {result['final']['as_of']}", result["final"]))
    for title, block in blocks:
        heading = f"{name}, {title}: {block['n']:,} accounts, {block['positives']:,} positive"
        table = Table(title=heading, title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column("", no_wrap=True)
        for contender in block["contenders"]:
            table.add_column(contender, no_wrap=True, justify="right")
        for metric, label in METRICS.items():
            table.add_row(label, *(_interval(figures.get(metric)) for figures in block["contenders"].values()))
        console.print(table)
        for pair, figures in block.get("paired", {}).items():
            console.print(_verdict(pair, figures["auc"]), highlight=False)
        console.print()
    for fold in result.get("left_out", ()):
        said = f"{name}, test {fold['as_of']} is left out: {fold['reason']}\n"
        console.print(said, soft_wrap=True, highlight=False, markup=False)
    for warning in result.get("warnings", ()):
        console.print(f"warning: {warning}\n", style="yellow", soft_wrap=True, highlight=False, markup=False)


def _verdict(pair: str, figure: Mapping[str, Any]) -> str:
    """Return what a paired difference in AUC says."""
    said = f"AUC, {pair}, paired: {_interval(figure, signed=True)}"
    if figure["low"] is None:
        return said
    first, other = pair.split(" - ")
    if figure["low"] > 0:
        return f"{said}: {first} tells better than {other}"
    if figure["high"] < 0:
        return f"{said}: {other} tells better than {first}"
    return f"{said}: no difference shown"


LEGEND = (
    "In brackets: 95 % interval, bootstrap of accounts. * smaller is better; elsewhere larger.\n"
    "prec. at cap.: share of positives among the first [evaluate] capacity accounts; value: share of the value lost\n"
    "or won that the top 10 % hold."
)


def _interval(figure: Mapping[str, Any] | None, signed: bool = False) -> str:
    if not figure or figure["value"] is None:
        return "-"
    form = "{:+.3f}" if signed else "{:.3f}"
    value = form.format(figure["value"])
    if figure["low"] is None:
        return value
    return f"{value} ({form.format(figure['low'])} {form.format(figure['high'])})"

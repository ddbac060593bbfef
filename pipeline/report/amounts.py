"""How well amounts were told, and what calling by the model's ranking would have brought at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Cell, Grid, Section
from pipeline.report.words import CONTENDERS, count, figure, interval, money, percent

MEASURES = {
    "empc": "EMPC, one value for all (Verbraken et al. 2013)",
    "empb": "EMPB, each account's value (Janssens et al. 2022)",
    "empb_by_value": "EMPB, ranked by expected value as the lists are",
    "empa": "EMPA, for a sale won",
}


def amounts(notes: Mapping[str, Any], about: About) -> Section | None:
    """Return the section `Value`; None without test dates."""
    told = notes.get("value")
    if not told:
        return None
    said = [_error(told["expected_value"], about)]
    folded = [_tenths("Expected value by tenth of the accounts, the highest first", told["expected_value"], about)]
    if "increment" in told:
        said.append(_increment(told["increment"], about))
        folded.insert(0, _tenths("Expected increment of those who grew, by tenth", told["increment"], about))
    grids = []
    profit = told.get("profit")
    if profit and "note" in profit:
        said.append(f"{profit['note']}: give [plays.{about.target}] cost to measure profit.")
    elif profit:
        said.append(_parameters(profit["parameters"], about))
        grids.append(_profit(profit["measures"], about))
    return Section("Value", said, grids=grids, folded=folded)


def _error(told: Mapping[str, Any], about: About) -> str:
    return (
        f"Probability x value missed what an account really {'lost' if about.risk else 'brought'} by "
        f"{_money(told['mae'], about)} on average (mean real value {_money(told['real'], about)}), and lay "
        f"{_bias(told['bias'], about)}."
    )


def _increment(told: Mapping[str, Any], about: About) -> str:
    spread = told["spread"]
    return (
        f"Of the {count(told['n'])} who grew, the expected increment missed the real one by "
        f"{_money(told['mae'], about)} on average (mean real increment {_money(told['real'], about)}), and lay "
        f"{_bias(told['bias'], about)}. Eight of ten real increments were {figure(spread['10%'])} to "
        f"{figure(spread['90%'])} times the expected one, half of them at most {figure(spread['50%'])} times."
    )


def _bias(bias: Mapping[str, Any], about: About) -> str:
    value = bias["value"] or 0.0
    low, high = bias.get("low"), bias.get("high")
    if not value:
        return "neither too high nor too low on average"
    size = money(abs(value), about.currency) if abs(value) >= 1 else f"less than {money(1, about.currency)}"
    said = f"{size} too {'high' if value > 0 else 'low'} on average"
    unsure = low is not None and high is not None and low <= 0 <= high
    return said + (", which may be chance" if unsure else "")


def _money(ends: Mapping[str, Any], about: About) -> str:
    said = money(ends["value"], about.currency)
    if ends.get("low") is None:
        return said
    return f"{said} ({count(ends['low'])} to {count(ends['high'])})"


def _tenths(title: str, told: Mapping[str, Any], about: About) -> Grid:
    rows: list[list[Cell]] = [
        [
            str(place), count(each["n"]), money(each["expected"], about.currency), money(each["real"], about.currency),
            (figure(each["ratio"]["value"]), interval(each["ratio"])),
        ]
        for place, each in enumerate(told["tenths"], 1)
    ]  # fmt: skip
    return Grid(title, ["Tenth", "Rows", "Expected", "Real", "Ratio"], rows)


def _parameters(asked: Mapping[str, Any], about: About) -> str:
    cost = money(asked["contact_cost"], about.currency)
    if "mean_value" in asked and "call_share" not in asked:
        return (
            "Expected maximum profit per account asked about: a sale wins "
            f"{money(asked['mean_value'], about.currency)} on average (gamma, shape "
            f"{figure(asked['alpha'])}), a call costs {cost}."
        )
    kept = asked["alpha"] / (asked["alpha"] + asked["beta"])
    return (
        f"Expected maximum profit per account asked about, if a call keeps {percent(kept)} of those who would leave "
        f"(Beta {asked['alpha']:.3g}, {asked['beta']:.3g}), costs {cost}, and nothing is given away; most is earned by "
        f"calling {percent(asked['call_share'])} of them."
    )


def _profit(measures: Mapping[str, Any], about: About) -> Grid:
    contenders = list(next(iter(measures.values())))
    rows: list[list[Cell]] = [
        [MEASURES[name], *((_amount(by[c]["value"], about), _ends(by[c])) for c in contenders)]
        for name, by in measures.items()
    ]
    heads = ["Measure", *(CONTENDERS.get(name, name) for name in contenders)]
    return Grid("Expected maximum profit per account", heads, rows)


def _amount(value: float | None, about: About) -> str:
    return "" if value is None else f"{about.currency} {value:,.2f}"


def _ends(ends: Mapping[str, Any]) -> str:
    return "" if ends["low"] is None else f"{ends['low']:,.2f} to {ends['high']:,.2f}"

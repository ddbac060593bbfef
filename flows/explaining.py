"""One account in the terminal: who it is, how it scores and why, what it scored before and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.command import OUT, Command, step
from flows.printing import money, observed, percent
from models.account import explain_account
from models.material import Material
from pipeline.engines import take_snapshot
from pipeline.months import most_likely
from pipeline.snapshot import check_as_of

TOPICS, FEATURES, PAST, MOVED = 8, 2, 8, 5
"""Topics, features of each, past scores and moved features that are printed; `--json` has all of them."""

CAUSES = {
    "new_facts": "new facts",
    "passing_time": "passing time",
    "new_model": "a new model",
    "rewritten": "the tables tell the past differently now",
}
"""Parts of a change in words, in the order they are shown."""


def explain_one(running: Command, account: str, targets: list[str] | None, since: str | None) -> None:
    """Print and keep for `--json` what there is to say of an account at the as_of; nothing is published."""
    snapshot = take_snapshot(running.settings, running.as_of)
    check_as_of(snapshot, running.as_of)
    material = Material.of(running.settings, snapshot)
    for name, reason in material.left_out.items():
        step(f"target   {name} is left out: it {reason}")
    told = explain_account(material, account, running.as_of, targets or list(material.targets), since)
    running.printed |= told
    _say(_headed(told), style="bold")
    if told["excluded"] is not None:
        _say(f"It must not be profiled ({told['excluded']}), so nothing is scored or shown.")
        return
    for name, part in told["targets"].items():
        _print_target(name, part)


def _say(text: str, style: str = "") -> None:
    OUT.print(Text(text, style=style), soft_wrap=True)


def _headed(told: Mapping[str, Any]) -> str:
    if told["excluded"] is not None:
        return f"account {told['account_id']} on {told['as_of']}"
    name = f"{told['name']} ({told['account_id']})" if told["name"] else f"account {told['account_id']}"
    manager = told["account_manager"] or "nobody's account"
    rest = ", ".join(str(told[key]) for key in ("team", "segment", "country") if told[key])
    return f"{name} on {told['as_of']}, {manager}" + (f" ({rest})" if rest else "")


def _print_target(name: str, part: Mapping[str, Any]) -> None:
    OUT.print()
    if part["why"]:
        _say(f"{name}: not scored; {part['why']}", style="bold cyan")
    elif part["said"]:
        _say(f"{name}: no score; {part['said']}", style="bold cyan")
    else:
        _print_now(name, part["now"], part["risk"])
    place = part["list"]
    if place is not None:
        listed = {
            "call": f"rank {place['rank']}, {place['manager_rank']} of its account manager",
            "leaving": "among the accounts leaving already",
            "too_new": "among the accounts too new to score",
            None: "not on it",
        }[place["section"]]
        _say(f"  published list of {place['as_of']}: {listed}")
    if part["history"]:
        past = [
            f"{score['as_of']} {percent(score['probability']) or score['section'].replace('_', ' ')}"
            for score in part["history"][:PAST]
        ]
        more = len(part["history"]) - len(past)
        _say("  scores: " + ", ".join(past) + (f", and {more} before" if more else ""))
    if part["change"] is not None:
        _print_change(part["change"])


def _print_now(name: str, now: Mapping[str, Any], risk: bool) -> None:
    line = Text(f"{name}: ", style="bold")
    line.append(f"{now['band']} ({percent(now['probability'])}{observed(now)})", style="cyan")
    line.append(f", {money(now['value_at_stake'], now['currency'])} {'at stake' if risk else 'to win'}")
    line.append(f", worth {money(now['expected_value'], now['currency'])}; {now['model']}")
    OUT.print(line, soft_wrap=True)
    for reason in now["reasons"]:
        _say(f"  - {reason['text']}")
    if now["curve"]:
        within = ", ".join(f"{percent(point['probability'])} in {point['days']}" for point in now["curve"])
        month = most_likely(now["likely_month"], silent_days=now["silent_days"])
        after = f" (from {now['gap']} days after)" if now["gap"] else ""
        _say(f"  within days{after}: {within}; {month or 'no month stands out'}")
    table = Table(title="contributions to the log-odds", title_justify="left", box=None, pad_edge=False)
    for column in ("topic", "", "its weightiest features", "typical"):
        table.add_column(column, justify="right" if column in ("", "typical") else "left", overflow="fold")
    table.add_row("the average account", f"{now['base_log_odds']:+.2f}", "", "")
    for topic in now["topics"][:TOPICS]:
        for number, feature in enumerate(topic["features"][:FEATURES]):
            head = ("", "") if number else (topic["words"], f"{topic['contribution']:+.2f}")
            told = f"{feature['text']} ({feature['contribution']:+.2f})"
            table.add_row(*(Text(cell) for cell in (*head, told, feature["shown_typical"])))
    rest = now["topics"][TOPICS:]
    if rest:
        table.add_row(f"{len(rest)} more topics", f"{sum(topic['contribution'] for topic in rest):+.2f}", "", "")
    table.add_row("sum", f"{now['log_odds']:+.2f}", f"a probability of {percent(now['probability'])}", "")
    OUT.print(table)


def _print_change(change: Mapping[str, Any]) -> None:
    since, until = change["since"], change["until"]
    head = f"  from {since['as_of']} to {until['as_of']}: "
    if change["parts"] is None:
        _say(f"{head}{change['said']}")
        return
    total = sum(change["points"].values())
    _say(f"{head}{_points(change['before'])} to {_points(change['after'])} %, {total:+.1f} points")
    for cause, words in CAUSES.items():
        models = f" ({since['model']} to {until['model']})" if cause == "new_model" else ""
        if change["parts"][cause]:
            _say(f"    {change['points'][cause]:+.1f} points by {words}{models}")
        moved = change["moved"].get(cause, [])
        for each in moved[:MOVED]:
            _say(
                f"      {each['feature']}: {each['shown_before']} to {each['shown_after']} "
                f"({each['contribution']:+.2f} log-odds)"
            )
        if len(moved) > MOVED:
            _say(f"      and {len(moved) - MOVED} more features")


def _points(probability: float) -> str:
    return f"{100 * probability:.1f}"

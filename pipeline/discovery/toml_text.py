"""The config as text: every key with its unit, its usual range and why it was chosen, for an operator to go on from."""

from __future__ import annotations

import json
import re
from datetime import date
from textwrap import wrap

from pipeline.discovery.guess import Discovery
from pipeline.discovery.periods import Plan
from pipeline.discovery.proposal import Entry, Value

WIDTH = 118
_COMMENT_AT = 37
MOST_DATES = 13
"""Training dates: enough to learn from, and a first list in minutes."""


def config_text(found: Discovery, name: str, today: date) -> str:
    """Return a config that `keepgrow validate` accepts, with comments that say what was guessed."""
    lines = [
        f"# Written by `keepgrow init` on {today} from what the tables hold. Check it, above all what is marked",
        "# UNSURE, then run `keepgrow validate` and `keepgrow run`. Durations are in days, money is in the reporting",
        "# currency. Keys that are left out have their defaults.",
    ]
    for doubt in found.doubts.said:
        lines += _comment(f"UNSURE: {doubt}.")
    lines += ["", _key("name", text(name), "names the state folder: a-z, 0-9, - and _")]
    lines += [_key("root", text("."), "where relative paths start, seen from this file"), ""]
    lines += ["[time]", _key("zone", text(found.zone), "the zone of times that carry none; days are never shifted")]
    lines += ["", *_run(found), ""]
    lines += [
        "[money]",
        _key("currency", text(found.currency), "the currency of the lists; others need [[tables.rates]]"),
    ]
    lines += ["", *_accounts(found)]
    lines += ["", _rule("the tables"), *_explained()]
    for entry in found.entries:
        lines += ["", *_entry(found, entry)]
    if found.tables_left_out:
        lines += ["", "# Not used:"]
        for source, reason in found.tables_left_out:
            lines += _comment(f"{source}: {reason}.")
    lines += ["", _rule("what is predicted"), *_targets(found)]
    lines += ["", _rule("what comes out"), *_lists(found)]
    return "\n".join(lines) + "\n"


def text(value: str) -> str:
    """Return a TOML string, with as few escapes as it takes."""
    plain = not re.search(r"[\x00-\x1f\x7f]", value)
    if '"' in value and "'" not in value and plain:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _run(found: Discovery) -> list[str]:
    lines = ["[run]"]
    if found.as_of is not None:
        lines.append(
            _key("as_of", str(found.as_of), "the lists are for this morning, the day after the last row: the data are")
        )
        lines.append(_more("an old export. Take the line out once they are kept current; then: today"))
    else:
        lines.append(
            "# as_of = 2026-01-31                the morning the lists are for; without it, --as-of, else today"
        )
    lines.append(_key("seed", "0", "any whole number; the same seed gives the same lists"))
    return lines


def _accounts(found: Discovery) -> list[str]:
    offered = [name for entry in found.entries if entry.table == "accounts" for name in _attributes(entry)]
    days = min((each.min_history_days for each in found.plans.values()), default=30)
    lines = [
        "[accounts]",
        _key("features", "[]", "attributes a model may learn from, say the industry. Each needs known_at,"),
    ]
    lines.append(_more("or a place in `constant`: your word that it never changes. None was chosen for you"))
    lines.append(_key("constant", "[]", f"candidates: {', '.join(offered)}" if offered else ""))
    lines.append(_key("min_history_days", str(days), "younger accounts are listed as too new; 0 to 180"))
    return lines


def _attributes(entry: Entry) -> list[str]:
    taken = {"account_id", "opened_at", "known_at", "name", "parent_id", "account_manager", "team"}
    if entry.select is not None:
        return []
    return [name for name, value in entry.columns.items() if name not in taken and not value.exclude]


def _explained() -> list[str]:
    return [
        "# One [[tables.NAME]] per source: a Parquet or CSV file, a glob, a partitioned folder, or a table of a DuckDB",
        "# file (FILE.duckdb#SCHEMA.TABLE); several may feed one table. Under `columns`, a column of the contract on",
        '# the left comes from a source column, { const = ... } or { sql = "..." } in DuckDB\'s SQL. `where` is a',
        "# condition on source columns; rows that fail it are counted, not used. To leave a table out, delete it.",
    ]


def _entry(found: Discovery, entry: Entry) -> list[str]:
    lines = [f"[[tables.{entry.table}]]"]
    if entry.about:
        lines += _comment(" ".join(entry.about))
    lines.append(f"source = {text(entry.profile.source)}")
    if entry.sources:
        named = ", ".join(f"{name} = {text(other.source)}" for name, other in entry.sources.items())
        lines.append(f"sources = {{ {named} }}")
    if entry.through is not None:
        through = entry.through
        parts = [f"source = {text(through.source)}", f"on = {text(through.on)}"]
        parts += [f"to = {text(through.to)}"] if through.to != through.on else []
        parts += [f"account_id = {text(through.account_id)}"] if through.account_id != "account_id" else []
        lines.append(f"account_through = {{ {', '.join(parts)} }}")
    if entry.where is not None:
        lines.append(_key("where", text(entry.where), entry.where_comment))
    if entry.select is not None:
        quotes = "'''" if '"' in entry.select or "\\" in entry.select else '"""'
        body = "\n".join(f"    {line}" for line in entry.select.splitlines())
        lines.append(f"select = {quotes}\n{body}\n{quotes}")
    else:
        lines.append(f"[tables.{entry.table}.columns]")
        lines += [_key(_bare(name), _value(value), value.comment) for name, value in entry.columns.items()]
    for note in entry.notes:
        lines += _comment(note)
    for name, value in entry.offered.items():
        lines.append(f"# {_bare(name)} = {_value(value)}")
    if entry.offered:
        lines.append("# (the lines above: further attributes, for display; take in what account managers want to see)")
    if found.entries.index(entry) == max(n for n, e in enumerate(found.entries) if e.profile is entry.profile):
        for reason, names in found.left_out(entry).items():
            lines += _comment(f"left out, {reason}: {', '.join(names)}")
    return lines


def _value(value: Value) -> str:
    if value.exclude:
        return f'{{ column = {text(value.text)}, role = "exclude" }}'
    if value.how == "column":
        return text(value.text)
    return f"{{ {value.how} = {text(value.text)} }}"


def _targets(found: Discovery) -> list[str]:
    lines: list[str] = []
    contract, invoiced = found.plans.get("subscriptions"), found.plans.get("invoices")
    if contract is not None:
        lines += _contract_targets(found, contract)
    elif invoiced is not None:
        lines += _invoice_targets(found, invoiced)
    else:
        lines += _comment(
            "Without invoices or subscriptions nothing tells who left or grew: bring either, or predict one of the "
            "kinds of interactions, as below."
        )
    kinds = [kind for kind in found.events if kind == "churn_event"] or (
        found.events if not lines_of_money(found) else ()
    )
    for kind in kinds:
        lines += ["", *_event(found, kind)]
    widest = contract or invoiced or next(iter(found.plans.values()))
    lines += ["", "[training]", _key("every_days", str(widest.every_days), "days between training dates; 7 to 28")]
    lines.append(
        _key("max_dates", str(MOST_DATES), "at most this many training dates, the latest ones; more is slower; 6 to 52")
    )
    lines.append(_key("min_positives", "50", "rows of either class; with fewer, training is refused; 30 to 500"))
    lines += [
        "",
        "[evaluate]",
        _key("n_folds", "3", "test dates of `keepgrow backtest`, the last ones possible; 3 to 6"),
    ]
    lines.append(_key("every_days", "28", "days between them; 14 to 90"))
    lines.append(_key("capacity", "100", "rows a team can work, for precision_at_capacity; 20 to 1000"))
    return lines


def lines_of_money(found: Discovery) -> bool:
    """Whether there is anything that churn and upsell can be told from."""
    return "subscriptions" in found.plans or "invoices" in found.plans


def _contract_targets(found: Discovery, planned: Plan) -> list[str]:
    days = found.covers["subscriptions"].days
    lines = [
        f"# The contracts cover {days:,} days; training and testing take about twice horizon + settle_days of them."
    ]
    lines += ["[targets.churn]", 'kind = "churn"']
    lines.append(_key("by", text("contract"), "MRR falls to 0, and no new line starts within grace_days"))
    lines.append(_key("horizon", str(planned.horizon), "days ahead the label looks; 30 to 180"))
    lines.append(_key("gap", "0", "days between the list and the first day looked at, time to act; 0 to 30"))
    lines.append(
        _key("grace_days", str(planned.settle_days), "a line that starts so soon after the end is no churn; 0 to 90")
    )
    lines.append(_key("dated_by", text("notice"), 'counts on the day of notice where end_known_at has it; or "end"'))
    lines += ["", "[targets.upsell]", 'kind = "upsell"', _key("by", text("contract"), "MRR grows by min_growth")]
    lines.append(_key("horizon", str(planned.horizon), "days ahead the label looks; 30 to 180"))
    lines.append(_key("min_growth", "0.1", "share by which MRR has to grow; 0.05 to 0.5"))
    return lines


def _invoice_targets(found: Discovery, planned: Plan) -> list[str]:
    days = found.covers["invoices"].days
    lines = [f"# The invoices cover {days:,} days: active_days and two horizons must fit, to train and to test later."]
    if found.gaps is not None:
        lines.append(
            f"# Half of an account's next invoices come within {found.gaps[0]} days, 90 % within {found.gaps[1]}."
        )
    lines += ["[targets.churn]", 'kind = "churn"']
    lines.append(_key("by", text("inactivity"), 'no invoice in the horizon; "contract" where there are subscriptions'))
    lines.append(
        _key("active_days", str(planned.active_days), "accounts with an invoice so recently are asked about; 60 to 365")
    )
    lines.append(_key("horizon", str(planned.horizon), "days without an invoice that count as having left; 30 to 180"))
    lines.append(_key("gap", "0", "days between the list and the first day looked at, time to act; 0 to 30"))
    lines += [
        "",
        "[targets.upsell]",
        'kind = "upsell"',
        _key("by", text("spend"), "spends `ratio` times as much as before"),
    ]
    lines.append(_key("horizon", str(planned.horizon), "days looked ahead, and back for the comparison; 30 to 180"))
    lines.append(_key("ratio", "1.5", "spend ahead over spend behind that counts as growth; 1.1 to 3"))
    return lines


def _event(found: Discovery, kind: str) -> list[str]:
    planned = found.plans.get("subscriptions") or next(iter(found.plans.values()))
    lines = [f"# [targets.{re.sub(r'[^a-z0-9_]', '_', kind.lower())}]", '# kind = "event"']
    lines.append(
        f"# event = {text(kind)}".ljust(_COMMENT_AT) + "# an interaction of this kind; take the # away to predict it"
    )
    lines.append(f"# horizon = {planned.horizon}")
    if not lines_of_money(found):
        lines.append("# value = 100.0".ljust(_COMMENT_AT) + f"# {found.currency} at stake per account")
        lines.append(
            "# risk = false".ljust(_COMMENT_AT) + "# true for a loss (an escalation), false for a gain (a referral)"
        )
    return lines


def _lists(found: Discovery) -> list[str]:
    lines = ["[lists]", _key("capacity", "25", "rows per account manager and list; 5 to 100")]
    lines.append(_key("language", text(found.language), "en or da: likelihoods, reasons and workbooks"))
    if lines_of_money(found):
        lines += [
            "",
            "# What an account manager does about a row. Rank = probability x value at stake x effect - cost.",
        ]
        for target, deed, effect, said in (
            (
                "churn",
                "Call and ask what is missing",
                "0.2",
                "share of the value at stake that the call keeps; 0.05 to 0.5",
            ),
            ("upsell", "Offer what similar accounts use", "0.1", "share of the growth that the call wins; 0.05 to 0.5"),
        ):
            lines += [f"[plays.{target}]", _key("name", text(deed), "")]
            lines.append(_key("effect", effect, said))
            lines.append(_key("cost", "20.0", f"{found.currency} per call, an hour or so of an account manager"))
            lines.append("")
    else:
        lines.append("")
    lines += [
        "# Where the published lists are copied to, beside the store.",
        "[[sinks]]",
        'kind = "csv"',
        'folder = "lists"',
    ]
    lines += ["", "[[sinks]]", 'kind = "excel"', 'folder = "lists"']
    return lines


def _bare(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _key(name: str, value: str, comment: str) -> str:
    """Return a line `name = value`, its comment in one column with the others, or above where there is no room."""
    line = f"{name} = {value}"
    if not comment:
        return line
    if len(line) + len(comment) + 4 <= WIDTH:
        return f"{line.ljust(_COMMENT_AT - 1)} # {comment}"
    return "\n".join([*_comment(comment), line])


def _more(comment: str) -> str:
    return f"{' ' * (_COMMENT_AT - 1)} # {comment}"


def _comment(sentence: str) -> list[str]:
    return [f"# {line}" for line in wrap(sentence, WIDTH - 2, break_long_words=False)]


def _rule(title: str) -> str:
    return f"# ---- {title} ".ljust(WIDTH, "-")

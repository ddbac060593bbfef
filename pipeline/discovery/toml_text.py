"""The config as text: every key with its unit, its usual range and why it was chosen, for an operator to go on from."""

from __future__ import annotations

from datetime import date

from pipeline.discovery.guess import Discovery
from pipeline.discovery.proposal import Entry, Value
from pipeline.discovery.toml_lines import bare, comment, key, more, rule, text
from pipeline.discovery.toml_targets import target_lines, tells_money


def config_text(found: Discovery, name: str, today: date) -> str:
    """Return a config that `keepgrow validate` accepts, with comments that say what was guessed."""
    lines = [
        f"# Written by `keepgrow init` on {today} from what the tables hold. Check it, above all what is marked",
        "# UNSURE, then run `keepgrow validate` and `keepgrow run`. Durations are in days, money is in the reporting",
        "# currency. Keys that are left out have their defaults.",
    ]
    for doubt in found.doubts.said:
        lines += comment(f"UNSURE: {doubt}.")
    lines += ["", key("name", text(name), "names the state folder: a-z, 0-9, - and _")]
    lines += [key("root", text("."), "where relative paths start, seen from this file"), ""]
    lines += ["[time]", key("zone", text(found.zone), "the zone of times that carry none; days are never shifted")]
    lines += ["", *_run(found), ""]
    lines += [
        "[money]",
        key("currency", text(found.currency), "the currency of the lists; others need [[tables.rates]]"),
    ]
    lines += ["", *_accounts(found)]
    lines += ["", rule("the tables"), *_explained()]
    for entry in found.entries:
        lines += ["", *_entry(found, entry)]
    if found.tables_left_out:
        lines += ["", "# Not used:"]
        for source, reason in found.tables_left_out:
            lines += comment(f"{source}: {reason}.")
    lines += ["", rule("what is predicted"), *target_lines(found)]
    lines += ["", rule("what comes out"), *_lists(found)]
    return "\n".join(lines) + "\n"


def _run(found: Discovery) -> list[str]:
    lines = ["[run]"]
    if found.as_of is not None:
        lines.append(key("as_of", str(found.as_of), "the first morning whose lists know the last row: the data are"))
        lines.append(more("an old export. Take the line out once they are kept current; then: today"))
    else:
        lines.append(
            "# as_of = 2026-01-31                the morning the lists are for; without it, --as-of, else today"
        )
    lines.append(key("seed", "0", "any whole number; the same seed gives the same lists"))
    return lines


def _accounts(found: Discovery) -> list[str]:
    offered = [name for entry in found.entries if entry.table == "accounts" for name in _attributes(entry)]
    days = min((each.min_history_days for each in found.plans.values()), default=30)
    lines = [
        "[accounts]",
        key("features", "[]", "attributes a model may learn from, say the industry. Each needs known_at,"),
    ]
    lines.append(more("or a place in `constant`: your word that it never changes. None was chosen for you"))
    lines.append(key("constant", "[]", f"candidates: {', '.join(offered)}" if offered else ""))
    lines.append(key("min_history_days", str(days), "younger accounts are listed as too new; 0 to 180"))
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
        lines += comment(" ".join(entry.about))
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
        lines.append(key("where", text(entry.where), entry.where_comment))
    if entry.select is not None:
        quotes = "'''" if '"' in entry.select or "\\" in entry.select else '"""'
        body = "\n".join(f"    {line}" for line in entry.select.splitlines())
        lines.append(f"select = {quotes}\n{body}\n{quotes}")
    else:
        lines.append(f"[tables.{entry.table}.columns]")
        lines += [key(bare(name), _value(value), value.comment) for name, value in entry.columns.items()]
    for note in entry.notes:
        lines += comment(note)
    for name, value in entry.offered.items():
        lines.append(f"# {bare(name)} = {_value(value)}")
    if entry.offered:
        lines.append("# (the lines above: further attributes, for display; take in what account managers want to see)")
    if found.entries.index(entry) == max(n for n, e in enumerate(found.entries) if e.profile is entry.profile):
        for reason, names in found.left_out(entry).items():
            lines += comment(f"left out, {reason}: {', '.join(names)}")
    return lines


def _value(value: Value) -> str:
    if value.exclude:
        return f'{{ column = {text(value.text)}, role = "exclude" }}'
    if value.how == "column":
        return text(value.text)
    return f"{{ {value.how} = {text(value.text)} }}"


def _lists(found: Discovery) -> list[str]:
    lines = ["[lists]", key("capacity", "25", "rows per account manager and list; 5 to 100")]
    lines.append(key("language", text(found.language), "en or da: likelihoods, reasons and workbooks"))
    if tells_money(found):
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
            lines += [f"[plays.{target}]", key("name", text(deed), "")]
            lines.append(key("effect", effect, said))
            lines.append(key("cost", "20.0", f"{found.currency} per call, an hour or so of an account manager"))
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

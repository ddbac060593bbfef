"""Entries for tables of money: subscriptions, invoices or their lines, exchange rates."""

from __future__ import annotations

import re
from collections import Counter

import duckdb

from pipeline.discovery.account_entries import filled
from pipeline.discovery.choosing import best, is_flag, is_id, is_number, is_text, is_time, is_word, ranked
from pipeline.discovery.known import take_known_at
from pipeline.discovery.names import fit, squashed
from pipeline.discovery.profile import Column, Profile
from pipeline.discovery.proposal import Doubts, Entry, Question, Value
from pipeline.discovery.references import id_sql
from pipeline.discovery.words import COLUMNS, CURRENCY

_PERIODS = {
    12: "y yr year yearly annual annually 1y p1y 12m p12m 1year 12months peryear pa prår år aar årlig årligt "
    "aarlig aarligt helår helårlig helårligt 12mdr 12måneder",
    6: "halfyear halfyearly semiannual semiannually 6m p6m 6months halvår halvaar halvårlig halvårligt halvaarlig "
    "halvaarligt prhalvår 6mdr 6måneder",
    3: "q quarter quarterly 3m p3m 3months perquarter kvartal prkvartal kvartalsvis kvartalsvist 3mdr 3måneder",
    1: "m mo mth month monthly 1m p1m 1month permonth prmåned prmd md mdr måned maaned månedlig månedligt månedsvis "
    "maanedlig maanedligt 1måned",
}
"""Months of a billing period -> how it is written, in small letters without spaces, dots, dashes and strokes."""

_LEFT_OUT = "[ ./-]"

_CLOSE = 0.05


def subscriptions_entry(con: duckdb.DuckDBPyConnection, profile: Profile, doubts: Doubts) -> Entry:
    """Return the entry for a table of contract lines, its account left to the caller."""
    entry = Entry("subscriptions", profile)
    started = best(profile, "subscriptions", "started_at", is_time)
    _mrr(entry, doubts)
    if started is not None:
        entry.take("started_at", started, "when this version of the line begins to hold")
    line = best(profile, "subscriptions", "subscription_id", is_id, entry.used)
    if line is not None:
        entry.take("subscription_id", line, "the contract line; its versions differ in started_at")
    ended = best(profile, "subscriptions", "ended_at", is_time, entry.used)
    if ended is not None:
        entry.take("ended_at", ended, 'the first day without it; if the last day with it, add ends = "inclusive" above')
        notice = best(profile, "subscriptions", "end_known_at", is_time, entry.used)
        if notice is not None and _mostly(con, profile, notice, ended):
            entry.take("end_known_at", notice, "when notice was given")
        reason = best(profile, "subscriptions", "end_reason", is_text, entry.used)
        if reason is not None:
            entry.take("end_reason", reason, "known when the end is")
    tests = {"renews_at": is_time, "notice_by": is_time, "product": is_text, "seats": is_number, "auto_renew": is_flag}
    for role, test in tests.items():
        column = best(profile, "subscriptions", role, test, entry.used)
        if column is None:
            continue
        if role == "auto_renew" and {value.strip().lower() for value in column.values} & {"ja", "nej"}:
            entry.used.add(column.name)
            entry.columns[role] = Value("sql", f"lower(trim({column.plain})) = 'ja'")
        else:
            entry.take(role, column)
    _currency(entry)
    take_known_at(con, entry, started)
    return entry


def _mrr(entry: Entry, doubts: Doubts) -> None:
    """Map the monthly price, from a yearly one where there is no other."""
    profile = entry.profile
    monthly = ranked(profile, "subscriptions", "mrr", is_number)
    if monthly:
        column = _chosen(monthly, f"Which column of {profile.name} is the monthly recurring revenue", doubts)
        entry.take("mrr", column, "monthly recurring revenue of the line")
        return
    yearly = best(profile, "subscriptions", "yearly", is_number)
    if yearly is not None:
        entry.used.add(yearly.name)
        entry.columns["mrr"] = Value("sql", f"{yearly.number_sql or yearly.plain} / 12", "a yearly price by the month")
        return
    priced = ranked(profile, "subscriptions", "price", is_number)
    if not priced:
        return
    price = _chosen(priced, f"Which column of {profile.name} is the price", doubts)
    period = best(profile, "subscriptions", "period", is_text, {price.name})
    amount = price.number_sql or price.plain
    entry.used.add(price.name)
    if period is None:
        doubts.admit(f"{profile.name}: '{price.name}' is taken to be a price per month")
        entry.take("mrr", price, "taken to be a price per month")
        return
    entry.used.add(period.name)
    entry.columns["mrr"] = Value(
        "sql",
        f"{amount} / {_months_sql(period)}",
        f"the price of a period by the month: {', '.join(period.values[:5])}",
    )
    doubts.admit(
        f"{profile.name}: '{price.name}' is taken to be the price of one period of '{period.name}' "
        f"({', '.join(period.values[:5])})"
    )
    known = {word for words in _PERIODS.values() for word in words.split()}
    unknown = [value for value in period.values if re.sub(_LEFT_OUT, "", value.lower()) not in known]
    if unknown:
        doubts.admit(
            f"{profile.name}: how many months {', '.join(repr(value) for value in unknown[:5])} in '{period.name}' are "
            "is not known, so these rows have no mrr; add them to the CASE of mrr"
        )


def _months_sql(period: Column) -> str:
    """Return the SQL for the months of a period; NULL where it is not known, which validate reports."""
    written = f"regexp_replace(lower({period.plain}), '{_LEFT_OUT}', '', 'g')"
    cases = " ".join(
        f"WHEN {written} IN ({', '.join(repr(word) for word in words.split())}) THEN {months}"
        for months, words in _PERIODS.items()
    )
    return f"CASE {cases} ELSE NULL END"


def invoices_entry(con: duckdb.DuckDBPyConnection, profile: Profile, doubts: Doubts) -> Entry:
    """Return the entry for a table of invoices or lines, its account left to the caller."""
    entry = Entry("invoices", profile)
    issued = best(profile, "invoices", "issued_at", is_time) or _only_time(profile)
    if issued is not None:
        entry.take("issued_at", issued, "a day: known at its end" if issued.is_day else "known at that moment")
    amounts = ranked(profile, "invoices", "amount", is_number)
    quantity = best(profile, "invoices", "quantity", is_number)
    price = best(profile, "invoices", "unit_price", is_number, {quantity.name} if quantity else ())
    if amounts:
        column = _chosen(amounts, f"Which column of {profile.name} is the amount without tax", doubts)
        entry.take("amount", column, "without tax; negative: a credit note")
        if fit(column.name, (COLUMNS["invoices"]["amount"][-1],)) and column is amounts[0][1]:
            doubts.admit(f"{profile.name}: '{column.name}' may include tax; there is no other amount")
    elif quantity is not None and price is not None:
        product = f"{quantity.number_sql or quantity.plain} * {price.number_sql or price.plain}"
        entry.columns["amount"] = Value("sql", product, "there is no column with the amount; negative: a credit note")
        entry.used.add(price.name)
    if quantity is not None:
        entry.take("quantity", quantity)
    tests = {"product": is_word, "due_at": is_time, "paid_at": is_time, "voided_at": is_time}
    for role, test in tests.items():
        column = best(profile, "invoices", role, test, entry.used)
        if column is not None:
            entry.take(role, column, "known from that instant on" if role in {"paid_at", "voided_at"} else "")
    _invoice_ids(con, entry)
    _currency(entry)
    take_known_at(con, entry, issued)
    return entry


def _invoice_ids(con: duckdb.DuckDBPyConnection, entry: Entry) -> None:
    """Map ids only where they tell rows apart: rows that agree on an id correct one another."""
    profile = entry.profile
    invoice = best(profile, "invoices", "invoice_id", is_id, entry.used)
    line = best(profile, "invoices", "line_id", is_id, entry.used)
    if invoice is None:
        return
    entry.used.add(invoice.name)
    if invoice.distinct >= 0.99 * profile.rows:
        entry.take("invoice_id", invoice, "a later row with the same id corrects the earlier one")
        return
    if line is not None and line.name != invoice.name:
        pairs = con.execute(
            f"SELECT count(DISTINCT ({id_sql(invoice)}, {id_sql(line)})) FROM {profile.relation}"
        ).fetchall()[0][0]
        if pairs >= 0.99 * profile.rows:
            entry.take("invoice_id", invoice)
            entry.take("line_id", line, "with invoice_id it identifies the line")
            return
    lines = profile.rows / max(invoice.distinct, 1)
    entry.notes.append(
        f"invoice_id is not mapped: '{invoice.name}' names {invoice.distinct:,} documents of {lines:.1f} lines each, "
        "and rows that agree on an id correct one another: one line of each would be left. Where lines are numbered, "
        "map invoice_id and line_id."
    )


def rates_entry(profile: Profile) -> Entry:
    entry = Entry("rates", profile, about=["Reporting currency per one of the other currency, from the day on."])
    currency = currency_column(profile)
    if currency is not None:
        entry.take("currency", currency)
    for role, test in (("rate_on", is_time), ("rate", is_number)):
        column = best(profile, "rates", role, test, entry.used)
        if column is not None:
            entry.take(role, column)
    return entry


def currency_column(profile: Profile) -> Column | None:
    """Return the column with the currency of each row: a name for it, and codes of three letters."""
    for name, column in profile.columns.items():
        codes = all(len(value.strip()) == 3 and value.strip().isalpha() for value in column.values)
        if column.is_text and codes and column.distinct <= 60 and fit(name, CURRENCY, profile.name):
            return column
    return None


def only_one_currency(entry: Entry, code: str, con: duckdb.DuckDBPyConnection, doubts: Doubts) -> None:
    """Leave rows in other currencies out where no rates convert them: a sum is never mixed."""
    column = currency_column(entry.profile)
    if column is None:
        return
    quoted_code = code.replace("'", "''")
    condition = f"upper(trim({column.plain})) = '{quoted_code}' OR {column.plain} IS NULL"
    kept, rows = con.execute(f"SELECT count(*) FILTER ({condition}), count(*) FROM {entry.profile.seen}").fetchall()[0]
    if kept == rows:
        return
    entry.where = f"({condition})" if entry.where is None else f"{entry.where} AND ({condition})"
    said = f"{1 - kept / rows:.0%} of the rows are in other currencies and left out"
    entry.where_comment = "; ".join(part for part in (entry.where_comment, said) if part)
    doubts.admit(f"{entry.profile.name}: {said}; map [[tables.rates]] with rates into {code} to count them")


def most_common_currency(con: duckdb.DuckDBPyConnection, profiles: list[Profile]) -> str | None:
    """Return the currency that most rows are in, or that the names of columns speak of."""
    counted: Counter[str] = Counter()
    for profile in profiles:
        column = currency_column(profile)
        if column is not None:
            rows = con.execute(
                f"SELECT upper(trim({column.plain})), count(*) FROM {profile.seen} GROUP BY 1"
            ).fetchall()
            counted.update({code: number for code, number in rows if code})
    if counted:
        return counted.most_common(1)[0][0]
    for profile in profiles:
        for name in profile.columns:
            ending = squashed(name)[-3:]
            if ending in {"usd", "eur", "gbp", "dkk", "sek", "nok", "chf"} and squashed(name) != ending:
                counted[ending.upper()] += 1
    return counted.most_common(1)[0][0] if counted else None


def _currency(entry: Entry) -> None:
    column = currency_column(entry.profile)
    if column is not None:
        entry.take("currency", column)


def _chosen(found: list[tuple[float, Column]], question: str, doubts: Doubts) -> Column:
    """Return the best column, asking where the next is as good."""
    top = [column for score, column in found if score >= found[0][0] - _CLOSE]
    if len(top) == 1:
        return top[0]
    names = tuple(column.name for column in top)
    others = ", ".join(f"'{name}'" for name in names[1:])
    answer = doubts.settle(
        Question(question, names, names[0], f"{question}: '{{}}' was taken, of '{names[0]}', {others}")
    )
    return next(column for column in top if column.name == answer)


def _only_time(profile: Profile) -> Column | None:
    times = [column for column in profile.columns.values() if column.is_time and column.filled > 0.5 * column.rows]
    return times[0] if len(times) == 1 else None


def _mostly(con: duckdb.DuckDBPyConnection, profile: Profile, first: Column, second: Column) -> bool:
    """Whether the first time is hardly ever after the second, where both are filled."""
    one, two = first.time_sql or first.plain, second.time_sql or second.plain
    before, both = con.execute(
        f"SELECT count(*) FILTER (CAST({one} AS TIMESTAMP) <= CAST({two} AS TIMESTAMP)), count(*) FROM {profile.seen} "
        f"WHERE {filled(first)} AND {filled(second)}"
    ).fetchall()[0]
    return both > 0 and before >= 0.95 * both

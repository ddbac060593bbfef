"""Customs: currency, time zone, and whether day or month comes first, from names and values, else asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from pipeline.discovery.billing_entries import most_common_currency
from pipeline.discovery.choosing import best, is_text
from pipeline.discovery.names import squashed
from pipeline.discovery.profile import ISO, Profile
from pipeline.discovery.proposal import Doubts, Entry, Question
from pipeline.discovery.words import DANISH

_COUNTRIES = (
    (r"denmark|danmark|dk|dnk", "DKK", "Europe/Copenhagen"),
    (r"unitedkingdom|uk|gb|gbr|greatbritain|england", "GBP", "Europe/London"),
    (r"sweden|sverige|se|swe", "SEK", "Europe/Stockholm"),
    (r"norway|norge|no|nor", "NOK", "Europe/Oslo"),
    (r"germany|deutschland|de|deu|tyskland", "EUR", "Europe/Berlin"),
    (r"netherlands|nederland|nl|nld", "EUR", "Europe/Amsterdam"),
    (r"france|fr|fra", "EUR", "Europe/Paris"),
    (r"finland|fi|fin", "EUR", "Europe/Helsinki"),
    (r"ireland|ie|irl", "EUR", "Europe/Dublin"),
    (r"unitedstates(ofamerica)?|us|usa", "USD", "UTC"),  # four zones: none is the likely one
)

_MOST = 0.7
"""Share of the rows that must name a country for its customs to be guessed."""


@dataclass(frozen=True)
class Home:
    """Where most rows come from: the customs of that country are the best guesses."""

    danish: bool
    currency: str
    zone: str
    reason: str = ""


def home_of(con: duckdb.DuckDBPyConnection, profiles: Sequence[Profile]) -> Home:
    """Return the country that most rows name, or that the names of the columns speak the language of."""
    names = [squashed(name) for each in profiles for name in (each.name, *each.columns)]
    danish = sum(bool(DANISH.search(name)) for name in names) >= 2
    for profile in profiles:
        column = best(profile, "accounts", "country", is_text)
        if column is None:
            continue
        value, share = con.execute(
            f"SELECT {column.plain}, count(*) / sum(count(*)) OVER () FROM {profile.seen} "
            f"WHERE {column.plain} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        ).fetchall()[0]
        for pattern, currency, zone in _COUNTRIES:
            if share > _MOST and re.fullmatch(pattern, squashed(value)):
                return Home(danish, currency, zone, f"; most rows of {profile.name} are of {value}")
    if danish:
        return Home(True, "DKK", "Europe/Copenhagen", "; the columns have Danish names")
    return Home(False, "EUR", "UTC")


def currency_of(con: duckdb.DuckDBPyConnection, profiles: list[Profile], home: Home, doubts: Doubts) -> str:
    """Return the reporting currency: what most rows or the names of columns say, else the answer to a question."""
    found = most_common_currency(con, profiles)
    if found is not None:
        return found
    question = Question(
        "Which currency are the amounts in (three letters)",
        (),
        home.currency,
        f"no column says which currency the amounts are in: {{}} was taken{home.reason}",
        free="currency",
    )
    return doubts.settle(question).strip().upper()


def zone_of(entries: Sequence[Entry], home: Home, doubts: Doubts) -> str:
    """Return the zone of times that carry none; nobody is asked where there are no such times."""
    naive = [
        f"{entry.profile.name}.{column.name}"
        for entry in entries
        for column in entry.profile.columns.values()
        if column.name in entry.used and column.is_time and column.is_naive
    ]
    if not naive:
        return "UTC"
    question = Question(
        f"Which time zone are times such as {naive[0]} written in (say Europe/Copenhagen)",
        (),
        home.zone,
        f"no column says which time zone {naive[0]} is written in: {{}} was taken{home.reason}",
        free="zone",
    )
    return doubts.settle(question)


def day_order(profile: Profile, home: Home, doubts: Doubts) -> Profile:
    """Settle for every column of days whether the day or the month comes first, where the values leave it open.

    What another column of the same table shows decides; else the user; else the custom of the country.
    """
    days = {name: column.day for name, column in profile.columns.items() if column.day and column.day.format != ISO}
    told = {day.format[:2] for day in days.values() if day.other is None and day.format[:2] in {"%d", "%m"}}
    columns = dict(profile.columns)
    for name, day in days.items():
        if day.other is None:
            continue
        first, month = sorted((day.format, day.other))  # %d before %m
        if len(told) == 1:
            form = first if told == {"%d"} else month
        else:
            example = next(iter(profile[name].values), "")
            american = home.currency == "USD" or any("usd" in squashed(other) for other in profile.columns)
            question = Question(
                f"Which comes first in '{name}' of {profile.name}, day or month (for example {example})",
                (first, month),
                month if american and "/" in day.format else first,
                f"{profile.name}: '{name}' (for example {example}) reads as {first} and as {month}; {{}} was taken",
            )
            form = doubts.settle(question)
        columns[name] = replace(profile[name], day=replace(day, format=form))
    return replace(profile, columns=columns)

"""Sorting: which table is which, by what it is called and by the columns that the contract would need."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.discovery.choosing import best, is_flag, is_id, is_number, is_text, is_time, ranked
from pipeline.discovery.names import fit, singular, squashed
from pipeline.discovery.profile import Profile
from pipeline.discovery.references import account_key
from pipeline.discovery.words import ACCOUNT, CURRENCY, NO_TABLE, TABLES

LOOKED_FOR = (
    "accounts (one row each, with an id), invoices or orders (an account, a date, an amount), subscriptions (an "
    "account, a start, a monthly or yearly price) and activity such as usage, logins or tickets (an account, a date)"
)
"""What init can recognise, in the words of its errors."""

_NAMED = 3.0


@dataclass(frozen=True)
class Sort:
    """What a table could be: contract tables with their scores, the best first."""

    profile: Profile
    scores: tuple[tuple[float, str], ...]
    reason: str = ""
    """Why it is none of them."""


def sort(profile: Profile) -> Sort:
    """Return what a table could be; accounts of its rows may have to come through another table."""
    name = squashed(profile.name)
    if not profile.rows:
        return Sort(profile, (), "it has no rows")
    if re.search(NO_TABLE, name) and not re.search(r"nps|csat|survey", name):
        return Sort(profile, (), "it looks like what people expect or have judged, not like something that happened")
    scores = {table: _NAMED * bool(re.search(pattern, name)) for table, pattern in TABLES.items()}
    possible = {
        "accounts": _accounts(profile, bool(scores["accounts"]), any(scores.values())),
        "subscriptions": _subscriptions(profile, bool(scores["subscriptions"])),
        "invoices": _invoices(profile),
        "interactions": _interactions(profile),
        "exclusions": 1.0 if scores["exclusions"] else None,
        "rates": _rates(profile),
        "account_links": _links(profile),
    }
    found = [(score + scores[table], table) for table, score in possible.items() if score is not None]
    found.sort(key=lambda each: -each[0])
    return Sort(
        profile, tuple(found), "" if found else "it lacks a date, or an amount, or an id that tells its account"
    )


def _accounts(profile: Profile, named: bool, otherwise: bool) -> float | None:
    """Return the score; a table whose name says something else (orders) is none for having few rows per account."""
    key = account_key(profile)
    if key is None or (not fit(key.name, ACCOUNT) and not named):
        return None
    roles = ("name", "opened_at", "account_manager", "segment", "industry", "country")
    tests = {"opened_at": is_time}
    attributes = sum(best(profile, "accounts", role, tests.get(role, is_text)) is not None for role in roles)
    return 1.0 + 0.5 * attributes + 1.0 * key.unique - 2.0 * (otherwise and not named)


def _subscriptions(profile: Profile, named: bool) -> float | None:
    if best(profile, "subscriptions", "started_at", is_time) is None:
        return None
    recurring = any(best(profile, "subscriptions", role, is_number) is not None for role in ("mrr", "yearly"))
    ended = best(profile, "subscriptions", "ended_at", is_time) is not None
    priced = best(profile, "subscriptions", "price", is_number) is not None
    period = best(profile, "subscriptions", "period", is_text) is not None
    if not recurring and not (priced and (named or period)):
        return None
    return 1.0 + 2.0 * recurring + 0.5 * ended + 0.5 * period


def _invoices(profile: Profile) -> float | None:
    amount = best(profile, "invoices", "amount", is_number) is not None
    quantity = best(profile, "invoices", "quantity", is_number) is not None
    priced = quantity and best(profile, "invoices", "unit_price", is_number) is not None
    if not amount and not priced:
        return None
    dated = ranked(profile, "invoices", "issued_at", is_time)
    lines = best(profile, "invoices", "invoice_id", is_id) is not None
    if not dated and not lines:
        return None
    return 1.0 + (dated[0][0] if dated else 0.0) + 0.5 * lines + 0.5 * priced


def _interactions(profile: Profile) -> float | None:
    dated = ranked(profile, "interactions", "occurred_at", is_time)
    if not dated and not any(column.is_time for column in profile.columns.values()):
        return None
    kind = best(profile, "interactions", "kind", is_text) is not None
    money = best(profile, "invoices", "amount", is_number) is not None
    return 0.5 + (0.5 * dated[0][0] if dated else 0.0) + 0.5 * kind - 1.0 * money


def _rates(profile: Profile) -> float | None:
    code = any(fit(name, CURRENCY, profile.name) for name in profile.columns)
    dated = best(profile, "rates", "rate_on", is_time)
    rate = best(profile, "rates", "rate", is_number)
    return 3.0 if code and dated and rate and len(profile.columns) <= 6 else None


def _links(profile: Profile) -> float | None:
    old = best(profile, "account_links", "old_id", is_id)
    new = best(profile, "account_links", "new_id", is_id)
    return 4.0 if old and new and old.name != new.name and len(profile.columns) <= 6 else None


def own_id(profile: Profile) -> str | None:
    """Return the column that names each row of a table: `ticket_id` in `support_tickets`, or just `id`."""
    stems = {singular(part) for part in [squashed(profile.name), *re.split(r"[\W_]+", profile.name.lower())] if part}
    ending = r"(id|no|nr|number|nummer|key|guid|uuid)"
    for column in profile.columns.values():
        own = squashed(column.name)
        named = re.fullmatch(ending, own) or any(re.fullmatch(rf"{stem}{ending}", own) for stem in stems)
        if named and is_id(column) and column.distinct >= 0.99 * column.filled and not is_flag(column):
            return column.name
    return None

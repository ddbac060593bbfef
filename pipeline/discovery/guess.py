"""Guessing: from profiles to a config's content: what each table is, how it maps, what to predict, what is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from pipeline.discovery.account_entries import accounts_entry, derived_accounts, exclusions_entry, left_out, links_entry
from pipeline.discovery.activity_entries import interactions_entries
from pipeline.discovery.billing_entries import invoices_entry, only_one_currency, rates_entry, subscriptions_entry
from pipeline.discovery.choosing import best, is_time
from pipeline.discovery.customs import currency_of, day_order, home_of, zone_of
from pipeline.discovery.names import fit, squashed
from pipeline.discovery.periods import Covered, Plan, covered, day_after, plan, rhythm
from pipeline.discovery.placing import OCCURRED, Accounts
from pipeline.discovery.profile import Profile
from pipeline.discovery.proposal import Doubts, Entry, Question, Value
from pipeline.discovery.references import account_key
from pipeline.discovery.sorting import LOOKED_FOR, Sort, sort
from pipeline.discovery.words import ACCOUNT, COLUMNS
from pipeline.errors import SourceError

ORDER = ("accounts", "subscriptions", "invoices", "interactions", "exclusions", "account_links", "rates")
OWNED = ("subscriptions", "invoices", "interactions", "exclusions")
"""Tables whose rows belong to accounts."""

_SURE = 1.5
"""A table scoring less than this may be what it was taken for, and the user is told so."""


@dataclass
class Discovery:
    """Everything that a config is written from."""

    entries: list[Entry]
    tables_left_out: list[tuple[str, str]]
    """Source and reason of tables that are not used."""
    doubts: Doubts
    currency: str
    zone: str
    language: str
    as_of: date | None
    covers: dict[str, Covered] = field(default_factory=dict)
    gaps: tuple[int, int] | None = None
    plans: dict[str, Plan] = field(default_factory=dict)
    """By what targets look at: contract or invoices."""
    events: tuple[str, ...] = ()
    """Kinds of interactions that an event target could predict."""

    def left_out(self, entry: Entry) -> dict[str, list[str]]:
        """Return what of an entry's source no entry maps, by reason."""
        taken = {name for each in self.entries if each.profile is entry.profile for name in each.used}
        return left_out(entry, taken)


def guess(con: duckdb.DuckDBPyConnection, profiles: Sequence[Profile], doubts: Doubts, today: date) -> Discovery:
    """Return what the tables are, how they map to the contract, and what to predict.

    `doubts` asks, or remembers guesses. Raises SourceError where nothing to predict from was recognised.
    """
    home = home_of(con, profiles)
    profiles = [day_order(each, home, doubts) for each in profiles]
    sorts = [sort(each) for each in profiles]
    chosen = _choose(sorts, doubts)
    accounts = Accounts(con, doubts)
    accounts.settle(chosen.get("accounts", []), [each for table in ORDER[1:] for each in chosen.get(table, [])])
    entries, unused = _entries(con, doubts, accounts, chosen)
    unused += [(each.profile.source, each.reason) for each in sorts if not each.scores]
    if not any(entry.table in OCCURRED for entry in entries):
        raise SourceError(_nothing(profiles, entries, unused))
    entries.sort(key=lambda entry: ORDER.index(entry.table))
    _name_contract_lines(entries)
    billed = any(entry.table in {"subscriptions", "invoices"} for entry in entries)
    if not billed:
        doubts.admit(
            "nothing tells who left or grew, so nothing is predicted yet: add invoices or subscriptions, or an event"
        )
    if not any("account_manager" in entry.columns for entry in entries):
        doubts.admit("no column names account managers: all accounts share one list of [lists] capacity rows")
    if billed:
        doubts.admit(
            "nothing says what a call costs and wins: `cost` and `effect` of the plays, and so worth, are guesses"
        )
    currency = currency_of(con, [entry.profile for entry in entries], home, doubts) if billed else home.currency
    if not any(entry.table == "rates" for entry in entries):
        for entry in entries:
            if "currency" in entry.columns:
                only_one_currency(entry, currency, con, doubts)
    zone = zone_of(entries, home, doubts)
    found = Discovery(entries, unused, doubts, currency, zone, "da" if home.danish else "en", None)
    _periods(con, found, accounts, today)
    kinds = [entry.columns["kind"] for entry in entries if entry.table == "interactions" and "kind" in entry.columns]
    found.events = tuple(dict.fromkeys(value.text for value in kinds if value.how == "const"))
    return found


def _choose(sorts: Sequence[Sort], doubts: Doubts) -> dict[str, list[Profile]]:
    """Return contract table -> the tables that feed it; one table of customers may be accounts and subscriptions."""
    chosen: dict[str, list[Profile]] = {}
    for each in sorts:
        if not each.scores:
            continue
        score, table = each.scores[0]
        tied = [other for points, other in each.scores if points > score - 0.25]
        if len(tied) > 1:
            question = f"What is {each.profile.source}"
            doubt = f"{each.profile.source} was taken for {{}}, but could be {' or '.join(tied[1:])}"
            table = doubts.settle(Question(question, tuple(tied), table, doubt))
        elif score < _SURE:
            doubts.admit(f"{each.profile.source} was taken for {table}; little in it says so")
        if table == "interactions":
            _doubt_amounts(each.profile, doubts)
        chosen.setdefault(table, []).append(each.profile)
        scores = {other: points for points, other in each.scores}
        if table == "accounts" and scores.get("subscriptions", 0) >= 3:
            chosen.setdefault("subscriptions", []).append(each.profile)
        if table == "subscriptions" and _one_row_each(each.profile) and "accounts" in scores:
            chosen.setdefault("accounts", []).append(each.profile)
    return chosen


def _doubt_amounts(profile: Profile, doubts: Doubts) -> None:
    """Say that what is called an amount is none, so that a table of invoices is not silently one of events."""
    for name, column in profile.columns.items():
        if column.is_text and column.number is None and fit(name, COLUMNS["invoices"]["amount"], profile.name):
            example = next(iter(column.values), "")
            doubts.admit(f"{profile.name}: '{name}' would be its amount, but holds texts such as '{example}'")


def _one_row_each(profile: Profile) -> bool:
    key = account_key(profile)
    return key is not None and key.unique and fit(key.name, ACCOUNT) > 0


def _entries(
    con: duckdb.DuckDBPyConnection, doubts: Doubts, accounts: Accounts, chosen: dict[str, list[Profile]]
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Return the entries of all tables, and the tables that turned out not to be usable, with the reason."""
    entries: list[Entry] = []
    unused: list[tuple[str, str]] = []
    if accounts.profile is not None and accounts.key is not None:
        entries.append(accounts_entry(accounts.profile, accounts.key))
        reason = f"{accounts.profile.name} is the table of accounts already"
        unused += [(each.source, reason) for each in chosen["accounts"] if each.seen != accounts.profile.seen]
    entries += [rates_entry(each) for each in chosen.get("rates", [])]
    entries += [links_entry(each) for each in chosen.get("account_links", [])]
    rest = [each for table in OWNED for each in chosen.get(table, [])]
    for table in OWNED:
        for each in chosen.get(table, []):
            placed = [entry for entry in _made(con, doubts, accounts, table, each) if accounts.place(entry, rest)]
            if not placed:
                doubts.forget(each.source)
                unused.append((each.source, "no column tells the account, and none leads to one through another table"))
            entries += placed
    documents = {other.seen for entry in entries for other in entry.sources.values()}
    for entry in [each for each in entries if each.table == "interactions" and each.profile.seen in documents]:
        entries.remove(entry)  # an order is what its lines say, not a further event
    entries, again = _once_billed(entries, doubts)
    if accounts.profile is None:
        entries += _from_invoices(accounts, entries)
    return entries, unused + again


def _name_contract_lines(entries: Sequence[Entry]) -> None:
    """Map which contract line a row belongs to, where its account comes through one: `validate` compares the times."""
    keys = {
        (entry.profile.source, entry.columns["subscription_id"].text)
        for entry in entries
        if entry.table == "subscriptions" and "subscription_id" in entry.columns
    }
    for entry in entries:
        through = entry.through
        if entry.table == "interactions" and through is not None and (through.source, through.to) in keys:
            comment = "the contract line it belongs to; rows dated before it are reported"
            entry.columns["subscription_id"] = Value("column", through.on, comment)


def _made(con: duckdb.DuckDBPyConnection, doubts: Doubts, accounts: Accounts, table: str, each: Profile) -> list[Entry]:
    if table == "subscriptions":
        return [subscriptions_entry(con, each, doubts)]
    if table == "invoices":
        return [invoices_entry(con, each, doubts)]
    if table == "interactions":
        return interactions_entries(con, each, doubts)
    owner = accounts.owners.get(each.seen)
    return [] if owner is None else [exclusions_entry(each, owner)]


def _from_invoices(accounts: Accounts, entries: Sequence[Entry]) -> list[Entry]:
    """Return an entry for accounts from what invoices say about them, where no table does."""
    for entry in entries:
        issued = best(entry.profile, "invoices", "issued_at", is_time)
        if entry.table == "invoices" and entry.through is None and entry.select is None and issued is not None:
            derived = derived_accounts(entry.profile, accounts.owners[entry.profile.seen], issued)
            return [] if derived is None else [derived]
    return []


def _once_billed(entries: list[Entry], doubts: Doubts) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Keep one table of money where several bill the same: documents and their lines would count twice."""
    invoices = [entry for entry in entries if entry.table == "invoices"]
    if len(invoices) < 2:
        return entries, []
    best_first = sorted(
        invoices, key=lambda e: (e.through is not None or e.select is not None, -_named(e), -e.profile.rows)
    )
    kept, dropped = best_first[0], best_first[1:]
    reason = f"{kept.profile.name} has the invoices already; the same money must not count twice"
    for entry in dropped:
        doubts.admit(
            f"{entry.profile.name} bills too, and was left out beside {kept.profile.name}; add it if it is other money"
        )
    gone = {id(entry) for entry in dropped}
    return [entry for entry in entries if id(entry) not in gone], [(e.profile.source, reason) for e in dropped]


def _named(entry: Entry) -> int:
    own = squashed(entry.profile.name)
    return 2 if "invoice" in own or "faktura" in own else 1 if "order" in own or "ordre" in own else 0


def _periods(con: duckdb.DuckDBPyConnection, found: Discovery, accounts: Accounts, today: date) -> None:
    """Fill in what days are covered, the as_of for old data, and the plans for targets."""
    for entry in found.entries:
        spanned = covered(con, entry, today)
        if spanned is not None:
            before = found.covers.get(entry.table)
            first = min(before.first, spanned.first) if before else spanned.first
            last = max(before.last, spanned.last) if before else spanned.last
            whole = spanned.whole_days if before is None or spanned.last >= before.last else before.whole_days
            found.covers[entry.table] = Covered(first, last, whole)
    if not found.covers:
        return
    found.as_of = day_after(list(found.covers.values()), today)
    invoices = next((entry for entry in found.entries if entry.table == "invoices" and not entry.select), None)
    if invoices is not None and invoices.profile.seen in accounts.owners:
        found.gaps = rhythm(con, invoices, accounts.owners[invoices.profile.seen].name)
    for table, contract in (("subscriptions", True), ("invoices", False), ("interactions", False)):
        if table in found.covers:
            found.plans[table] = plan(found.covers[table].days, contract, found.gaps if table == "invoices" else None)
            if not found.plans[table].enough:
                found.doubts.admit(
                    f"{table} cover {found.covers[table].days:,} days only: too few to train and to test on later days"
                )


def _nothing(profiles: Sequence[Profile], entries: Sequence[Entry], unused: Sequence[tuple[str, str]]) -> str:
    """Return the message for tables of which none can be predicted from."""
    told = []
    reasons = dict(unused)
    for each in profiles:
        names = ", ".join(list(each.columns)[:12]) + (", ..." if len(each.columns) > 12 else "")
        taken = next((entry.table for entry in entries if entry.profile.seen == each.seen), None)
        said = f"taken for {taken}" if taken else reasons.get(each.source, "not recognised")
        told.append(f"{each.source} ({each.rows:,} rows; {names}): {said}")
    return (
        f"init: nothing to predict from was recognised. Looked for: {LOOKED_FOR}. Found:\n  "
        + "\n  ".join(told)
        + "\nGive the columns telling names, name further files, or write the config by hand (see configs/demo.toml)."
    )

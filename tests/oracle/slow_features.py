"""Every feature and fact, recomputed by slow loops straight from raw rows, with a cut of its own.

Shares no code with the engine. None is an unknown figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from slow_rhythm import alive_probability, contract_moves, expected_days, people

Row = dict[str, Any]
Raw = dict[str, list[Row]]

KEYS = {
    "accounts": (("account_id",),),
    "interactions": (("interaction_id",),),
    "invoices": (("invoice_id", "line_id"), ("invoice_id",)),
    "subscriptions": (("subscription_id", "started_at"), ("product", "started_at"), ("started_at",)),
    "holdings": (("product", "started_at"),),
}
WHEN = {
    "accounts": "opened_at",
    "interactions": "occurred_at",
    "invoices": "issued_at",
    "subscriptions": "started_at",
    "holdings": "started_at",
}
GONE = {"interactions": "cancelled_at", "invoices": "voided_at", "subscriptions": "voided_at"}
LATE = ("closed_at", "paid_at", "ended_at", "end_known_at")
TOPICS = (
    "price", "competitor", "quality", "support", "people", "expansion", "contract", "payment", "praise", "training",
    "disuse", "unreached",
)  # fmt: skip
LONG_AGO = datetime(1, 1, 1)  # noqa: DTZ001  # instants are naive UTC here


# --- the cut ---------------------------------------------------------------------------------------------------------


def content(table: str, row: Row) -> tuple[Any, ...]:
    """Order rows by occurrence, knowledge, the other columns by name, and late ones last; empty values last."""
    first = [WHEN[table], "known_at"]
    late = {name for name in row if name.removesuffix("__known") in (*LATE, GONE.get(table))}
    names = [name for name in first if name in row] + sorted(set(row) - {*first, "account_id"} - late) + sorted(late)
    return tuple((row[name] is None, row[name] if row[name] is not None else 0) for name in names)


def visible(table: str, rows: list[Row], now: datetime, constant: tuple[str, ...] = ()) -> list[Row]:
    """Return what could be read before `now`: the latest correction of each row, unknown late values blank."""
    if "known_at" not in rows[0]:
        keep = {"account_id", "opened_at", *constant}
        rows = [{k: v for k, v in row.items() if k in keep} | {"known_at": row.get("opened_at")} for row in rows]
    known = [row for row in rows if row["known_at"] is None or row["known_at"] < now]
    key = next((key for key in KEYS[table] if all(name in rows[0] for name in key)), None)
    latest: dict[Any, Row] = {}
    for number, row in enumerate(known):
        identity: Any = number
        if key and all(row[name] is not None for name in key if name.endswith("_id")):
            identity = (row["account_id"], *(row[name] for name in key))
        other = latest.get(identity)
        if other is None or _rank(table, row) >= _rank(table, other):
            latest[identity] = row
    gone = GONE.get(table, "") + "__known"
    cut = []
    for row in sorted(latest.values(), key=lambda row: content(table, row)):
        if row.get(gone) is not None and row[gone] < now:
            continue
        hidden = {c for c in LATE if c in row and (row[c + "__known"] is None or row[c + "__known"] >= now)}
        cut.append({name: None if name in hidden else value for name, value in row.items()})
    return cut


def _rank(table: str, row: Row) -> tuple[Any, ...]:
    return (row["known_at"] or LONG_AGO, content(table, row))


def first_days(raw: Raw, now: datetime) -> dict[str, date]:
    """Return the first day each table has a row for that was known before `now`, corrected and voided ones included."""
    first: dict[str, date] = {}
    for table, rows in raw.items():
        days = [
            row[WHEN[table]].date()
            for row in rows
            if (row.get("known_at") is None or row["known_at"] < now) and row.get(WHEN[table]) is not None
        ]
        if days:
            first[table] = min(days)
    return first


# --- plain arithmetic ------------------------------------------------------------------------------------------------


def days_since(now: datetime, then: datetime) -> int:
    return (now.date() - then.date()).days


def distinct_days(rows: Iterable[Row], when: str) -> list[date]:
    return sorted({row[when].date() for row in rows})


def units(rows: Iterable[Row], column: str) -> float:
    return sum(row[column] for row in rows if row[column] is not None) / 10_000


def quotient(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b is not None and b > 0 else None


def change(a: float | None, b: float | None) -> float | None:
    ratio = quotient(a, b)
    return None if ratio is None else ratio - 1


def gaps(days: list[date]) -> list[int]:
    return [(later - earlier).days for earlier, later in pairwise(days)]


def regularity(prefix: str, days: list[date], now: datetime, over: str) -> dict[str, float | None]:
    between = gaps(days)
    mean = sum(between) / len(between) if between else None
    spread = None
    if mean is not None and len(between) > 1:
        spread = math.sqrt(sum((gap - mean) ** 2 for gap in between) / len(between))
    return {
        f"{prefix}_gap_mean": mean,
        f"{prefix}_gap_deviation": spread,
        f"{prefix}_gap_longest": max(between) if between else None,
        over: quotient((now.date() - days[-1]).days, mean) if days else None,
    }


# --- the features of one account -------------------------------------------------------------------------------------


class Account:
    """One account's visible rows at `now`, and the figures asked of them."""

    def __init__(self, tables: Raw, mapped: dict[str, set[str]], first: dict[str, date], now: datetime) -> None:
        self.tables, self.mapped, self.first, self.now = tables, mapped, first, now
        self.found: dict[str, float | str | None] = {}

    def past(self, table: str) -> list[Row]:
        rows = [row for row in self.tables[table] if row[WHEN[table]] is not None and row[WHEN[table]] < self.now]
        return sorted(rows, key=lambda row: row[WHEN[table]])

    def within(self, table: str, rows: list[Row], window: int | None, back: int = 0) -> list[Row] | None:
        """Return the rows in `[now - back - window, now - back)`, None where the table does not reach back so far."""
        stop = self.now - timedelta(days=back)
        if window is None:
            return rows
        start = stop - timedelta(days=window)
        if table not in self.first or start.date() < self.first[table]:
            return None
        return [row for row in rows if start <= row[WHEN[table]] < stop]

    def figure(self, table: str, rows: list[Row], how: str, column: str, window: int | None, back: int = 0) -> Any:
        chosen = self.within(table, rows, window, back)
        if chosen is None:
            return None
        if how == "count":
            return len(chosen)
        if how == "days":
            return len(distinct_days(chosen, WHEN[table]))
        if how == "distinct":
            return len({row[column] for row in chosen if row[column] is not None})
        if how == "mean":
            return quotient(units(chosen, column), sum(row[column] is not None for row in chosen))
        return units(chosen, column)

    def aggregate(
        self, name: str, table: str, rows: list[Row], how: str, windows: tuple[Any, ...], column: str = ""
    ) -> None:
        for window in windows:
            ending = "all" if window is None else f"{window}d"
            self.found[f"{name}_{ending}"] = self.figure(table, rows, how, column, window)

    def trend(
        self, name: str, table: str, rows: list[Row], how: str, windows: tuple[int, ...], column: str = ""
    ) -> None:
        for window in windows:
            self.found[f"{name}_change_{window}d"] = change(*self.two_windows(name, table, rows, how, window, column))

    def two_windows(
        self, name: str, table: str, rows: list[Row], how: str, window: int, column: str = ""
    ) -> tuple[Any, Any]:
        """Find a window's figure and that of the window before, which phrases show."""
        now, before = (self.figure(table, rows, how, column, window, back) for back in (0, window))
        self.found |= {f"{name}_{window}d": now, f"{name}_{window}d_before": before}
        return now, before

    def decayed(
        self, name: str, table: str, rows: list[Row], how: str, half_lives: tuple[int, ...], column: str = ""
    ) -> None:
        for half_life in half_lives:
            when = WHEN[table]
            if how == "days":
                ages = [((self.now.date() - day).days, 1.0) for day in distinct_days(rows, when)]
            else:
                ages = [(days_since(self.now, row[when]), (row[column] or 0) / 10_000) for row in rows]
            self.two_windows(name, table, rows, how, 2 * half_life, column)
            self.found[f"{name}_decayed_{half_life}d"] = math.fsum(x * 0.5 ** (age / half_life) for age, x in ages)

    def pace(self, name: str, table: str, rows: list[Row], fast: int, slow: int, column: str = "") -> None:
        totals, when = [], WHEN[table]
        self.two_windows(name, table, rows, "sum" if column else "days", 2 * fast, column)
        for half_life in (fast, slow):
            if column:
                ages = [(days_since(self.now, row[when]), (row[column] or 0) / 10_000) for row in rows]
            else:
                ages = [((self.now.date() - day).days, 1.0) for day in distinct_days(rows, when)]
            totals.append(math.fsum(x * 0.5 ** (age / half_life) for age, x in ages))
        ratio = quotient(*totals)
        self.found[f"{name}_pace_{fast}d"] = None if ratio is None else ratio * slow / fast

    def over_usual(self, name: str, windows: tuple[int, ...], every: list[Row]) -> None:
        age = days_since(self.now, every[0]["issued_at"]) if every else None
        for window in windows:
            ratio = quotient(self.found[f"{name}_{window}d"], self.found[f"{name}_per_month"])  # type: ignore[arg-type]
            self.found[f"{name}_over_usual_{window}d"] = None if ratio is None else ratio * 30 / window
            usual = self.found[f"{name}_per_month"] if age is not None and age >= window else None
            self.found[f"{name}_usual_{window}d"] = None if usual is None else usual * window / 30  # type: ignore[operator]

    def monthly(self, name: str, total: float, table: str, every: list[Row]) -> None:
        days = days_since(self.now, every[0][WHEN[table]]) if every else None
        self.found[f"{name}_per_month"] = None if days is None else 30 * total / max(days, 30)

    def top_share(self, name: str, table: str, rows: list[Row], by: str, weigh: Callable[[Row], int | None]) -> None:
        totals: dict[Any, int] = {}
        for row in self.within(table, rows, 365) or []:
            if row[by] is not None:
                totals[row[by]] = totals.get(row[by], 0) + (weigh(row) or 0)
        self.found[name] = quotient(max(totals.values()), sum(totals.values())) if totals else None

    def since(self, name: str, table: str, rows: list[Row], which: int = -1) -> None:
        self.found[name] = days_since(self.now, rows[which][WHEN[table]]) if rows else None

    # --- invoices

    def billing(self) -> None:
        t, rows = "invoices", self.past("invoices")
        bought = [row for row in rows if row["amount"] > 0]
        credited = [{**row, "amount": -row["amount"]} for row in rows if row["amount"] < 0]
        self.aggregate("purchase_days", t, bought, "days", (30, 60, 90, 180, 365, None))
        self.monthly("purchase_days", len(distinct_days(bought, "issued_at")), t, rows)
        self.decayed("purchase_days", t, bought, "days", (15, 30, 90))
        self.trend("purchase_days", t, bought, "days", (30, 60, 90, 180))
        self.aggregate("invoice_rows", t, rows, "count", (30, 90, 365, None))
        self.trend("invoice_rows", t, rows, "count", (30, 90))
        if "invoice_id" in self.mapped[t]:
            self.aggregate("invoices", t, bought, "distinct", (30, 90, 365), "invoice_id")
        if "product" in self.mapped[t]:
            self.aggregate("products_bought", t, bought, "distinct", (30, 90, 365, None), "product")
            self.top_share("top_product_share_365d", t, bought, "product", lambda row: row["amount"])
        self.aggregate("spend", t, rows, "sum", (30, 60, 90, 180, 365, None), "amount")
        self.monthly("spend", units(rows, "amount"), t, rows)
        self.decayed("spend", t, rows, "sum", (30, 90), "amount")
        self.trend("spend", t, rows, "sum", (30, 60, 90, 180), "amount")
        self.pace("purchase_days", t, bought, 15, 90)
        self.pace("purchases", t, bought, 30, 90, "amount")
        self.over_usual("purchase_days", (60,), rows)
        self.over_usual("spend", (30, 60), rows)
        for window in (90, 365, None):
            ending = "all" if window is None else f"{window}d"
            self.found[f"spend_per_day_{ending}"] = quotient(
                self.figure(t, rows, "sum", "amount", window), self.figure(t, bought, "days", "", window)
            )
        self.aggregate("credit_notes", t, credited, "count", (90, 365, None))
        self.aggregate("credited", t, credited, "sum", (90, 365, None), "amount")
        for window in (90, 365):
            self.found[f"purchases_{window}d"] = self.figure(t, bought, "sum", "amount", window)
            self.found[f"credited_share_{window}d"] = quotient(
                self.figure(t, credited, "sum", "amount", window), self.figure(t, bought, "sum", "amount", window)
            )
        self.since("days_since_purchase", t, bought)
        self.since("days_since_first_purchase", t, bought, 0)
        span = days_since(bought[-1]["issued_at"], bought[0]["issued_at"]) if bought else None
        self.found["days_between_first_and_last_purchase"] = span
        days = distinct_days(bought, "issued_at")
        self.found |= regularity("purchase", days, self.now, "days_since_purchase_over_gap")
        self.expected(bought, days)
        if "paid_at" in self.mapped[t]:
            self.payments(bought)

    def expected(self, bought: list[Row], days: list[date]) -> None:
        alive = ahead = spend = None
        if days:
            history = len(days) - 1, (days[-1] - days[0]).days, (self.now.date() - days[0]).days
            alive, ahead = alive_probability(*history), expected_days(*history, 60)
            spend = ahead * units(bought, "amount") / len(days)
        self.found["purchase_alive_probability"] = alive
        self.found["purchase_days_expected_60d"] = ahead
        self.found["spend_expected_mean_60d"] = spend
        self.found["spend_expected_over_recent_60d"] = quotient(spend, self.found["spend_60d"])  # type: ignore[arg-type]
        if "quantity" in self.mapped["invoices"]:
            total = units(bought, "quantity")
            self.found["price_per_unit_all"] = quotient(units(bought, "amount"), total)
            self.found["units_per_row_all"] = quotient(total, len(bought))

    def payments(self, billed: list[Row]) -> None:
        unpaid = [row for row in billed if row["paid_at"] is None]
        self.found["open_amount"] = units(unpaid, "amount")
        if "due_at" not in self.mapped["invoices"]:
            return
        overdue = [row for row in unpaid if row["due_at"] is not None and row["due_at"] < self.now]
        self.found["overdue_amount"] = units(overdue, "amount")
        self.found["overdue_rows"] = len(overdue)
        self.found["days_overdue"] = max((days_since(self.now, row["due_at"]) for row in overdue), default=None)
        for window in (90, 365, None):
            ending = "all" if window is None else f"{window}d"
            settled = self.within("invoices", [r for r in billed if r["paid_at"] and r["due_at"]], window)
            late = None if settled is None else [days_since(row["paid_at"], row["due_at"]) for row in settled]
            share = quotient(sum(days > 0 for days in late), len(late)) if late is not None else None
            self.found[f"share_paid_late_{ending}"] = share
        for window in (90, 180, 365, None):
            ending = "all" if window is None else f"{window}d"
            settled = self.within("invoices", [r for r in billed if r["paid_at"] and r["due_at"]], window)
            late = None if settled is None else [days_since(row["paid_at"], row["due_at"]) for row in settled]
            mean = quotient(sum(late), len(late)) if late is not None else None
            self.found[f"days_paid_late_mean_{ending}"] = mean
        told = [row for row in billed if row["due_at"] and (row["paid_at"] or row["due_at"] < self.now)]
        newest = sorted(told, key=lambda row: (row["issued_at"], row["paid_at"] is None))[-1:]
        late_by = days_since(newest[0]["paid_at"] or self.now, newest[0]["due_at"]) if newest else None
        self.found["days_paid_late_last"] = late_by

    # --- interactions

    def interactions(self) -> None:
        t, rows, mapped = "interactions", self.past("interactions"), self.mapped["interactions"]
        kinds: Callable[[str], list[Row]] = lambda kind: [row for row in rows if row["kind"] == kind]  # noqa: E731
        self.aggregate("interactions", t, rows, "count", (7, 30, 90, 365, None))
        self.monthly("interactions", len(rows), t, rows)
        self.trend("interactions", t, rows, "count", (30, 90))
        self.aggregate("interaction_days", t, rows, "days", (7, 30, 90, 180, 365))
        self.decayed("interaction_days", t, rows, "days", (14, 60))
        self.pace("interaction_days", t, rows, 14, 60)
        self.trend("interaction_days", t, rows, "days", (30, 90))
        self.aggregate("logins", t, kinds("login"), "count", (7, 30, 90))
        self.aggregate("login_days", t, kinds("login"), "days", (30, 90))
        self.trend("logins", t, kinds("login"), "count", (30, 90))
        for kind in ("call", "meeting", "email", "ticket", "note"):
            self.aggregate(kind + "s", t, kinds(kind), "count", (30, 90, 365))
        for kind in ("call", "meeting", "email", "ticket", "login"):
            self.found[f"{kind}_share_90d"] = quotient(
                self.figure(t, kinds(kind), "count", "", 90), self.figure(t, rows, "count", "", 90)
            )
        if "quantity" in mapped:
            self.aggregate("usage", t, kinds("usage"), "sum", (7, 30, 90, 365), "quantity")
            self.trend("usage", t, kinds("usage"), "sum", (30, 90), "quantity")
            self.decayed("usage", t, kinds("usage"), "sum", (14,), "quantity")
            self.pace("usage", t, kinds("usage"), 14, 60, "quantity")
            self.aggregate("usage_mean", t, kinds("usage"), "mean", (30, 90), "quantity")
            self.aggregate("call_minutes", t, kinds("call"), "sum", (30, 90, 365), "quantity")
        if "contact_id" in mapped:
            self.aggregate("contacts", t, rows, "distinct", (30, 90, 365), "contact_id")
            self.top_share("top_contact_share_365d", t, rows, "contact_id", lambda _: 1)
            self.found |= people(rows, self.now, self.within(t, rows, 365) is not None)
        self.aggregate("kinds", t, rows, "distinct", (30, 90), "kind")
        self.since("days_since_interaction", t, rows)
        self.since("days_since_first_interaction", t, rows, 0)
        for kind in ("login", "usage", "call", "meeting", "email", "ticket", "nps", "csat"):
            self.since(f"days_since_{kind}", t, kinds(kind))
        days = distinct_days(rows, "occurred_at")
        self.found |= regularity("interaction", days, self.now, "days_since_interaction_over_gap")
        ahead = [
            row["occurred_at"] for row in self.tables[t] if row["kind"] == "meeting" and row["occurred_at"] >= self.now
        ]
        self.found["meetings_booked"] = len(ahead)
        self.found["days_to_meeting"] = (min(ahead).date() - self.now.date()).days if ahead else None
        if "closed_at" in mapped:
            self.tickets(kinds("ticket"))
        if "score" in mapped:
            for kind in ("nps", "csat"):
                self.survey(kind, kinds(kind))
        if "note_sentiment" in mapped:
            self.notes([row for row in rows if row["note_sentiment"] is not None])

    def tickets(self, tickets: list[Row]) -> None:
        still_open = [row for row in tickets if row["closed_at"] is None]
        self.found["tickets_open"] = len(still_open)
        self.since("oldest_open_ticket_days", "interactions", still_open, 0)
        for window in (90, 365):
            chosen = self.within("interactions", [row for row in tickets if row["closed_at"]], window)
            mean = None
            if chosen:
                taken = sum((row["closed_at"] - row["occurred_at"] for row in chosen), timedelta())
                mean = taken / timedelta(days=1) / len(chosen)
            self.found[f"days_to_close_ticket_mean_{window}d"] = mean

    def survey(self, kind: str, rows: list[Row]) -> None:
        answers = [row for row in rows if row["score"] is not None]
        by_day = [
            [row["score"] for row in answers if row["occurred_at"].date() == day]
            for day in distinct_days(answers, "occurred_at")
        ]
        scores = [sum(day) / 10_000 / len(day) for day in by_day]
        self.found[f"{kind}_last"] = scores[-1] if scores else None
        self.found[f"{kind}_last_change"] = scores[-1] - scores[-2] if len(scores) > 1 else None
        self.found[f"{kind}_last_before"] = scores[-2] if len(scores) > 1 else None
        self.found[f"{kind}_answers_365d"] = self.figure("interactions", answers, "count", "", 365)
        self.found[f"{kind}_mean_365d"] = self.figure("interactions", rows, "mean", "score", 365)

    def notes(self, notes: list[Row]) -> None:
        t, mood = "interactions", "note_sentiment"
        self.aggregate("notes_negative", t, [row for row in notes if row[mood] < 0], "count", (180,))
        self.aggregate("note_sentiment_mean", t, notes, "mean", (180,), mood)
        days = distinct_days(notes, "occurred_at")
        last = [row[mood] for row in notes if days and row["occurred_at"].date() == days[-1]]
        self.found["note_sentiment_last"] = sum(last) / 10_000 / len(last) if last else None
        for topic in TOPICS:
            about = [row for row in notes if topic in (row["note_topics"] or "").split()]
            self.aggregate(f"notes_about_{topic}", t, about, "count", (180,))

    # --- contracts

    def contracts(self) -> None:
        mapped, now = self.mapped["subscriptions"], self.now

        def mrr(back: int) -> float | None:
            return self.contracted("mrr", back)

        self.found["mrr"] = mrr(0)
        for window in (30, 90, 180, 365):
            self.found[f"mrr_change_{window}d"] = change(mrr(0), mrr(window))
            self.found[f"mrr_{window}d_before"] = mrr(window)
        if "seats" in mapped:
            self.found["seats"] = self.contracted("seats", 0)
            for window in (90, 365):
                before = self.contracted("seats", window)
                self.found[f"seats_change_{window}d"] = change(self.contracted("seats", 0), before)
                self.found[f"seats_{window}d_before"] = before
            price = [quotient(mrr(back), self.contracted("seats", back)) for back in (0, 365)]
            self.found["mrr_per_seat"] = price[0]
            self.found["mrr_per_seat_change_365d"] = change(price[0], price[1])
            self.found["mrr_per_seat_365d_before"] = price[1]
            self.moves()
            self.seats_used()
        held, ago = self.in_force(0), self.in_force(365)
        self.found["lines"] = len(held or [])
        self.found["lines_365d_before"] = None if ago is None else len(ago)
        self.found["lines_change_365d"] = None if ago is None else len(held or []) - len(ago)
        rows = [row for _, row in held or []]
        if "product" in mapped:
            self.found["products"] = len({row["product"] for row in rows if row["product"] is not None})
        for name, column in (("days_to_renewal", "renews_at"), ("days_to_notice", "notice_by")):
            if column in mapped:
                ahead = [row[column] for row in rows if row[column] is not None and row[column] >= now]
                self.found[name] = (min(ahead).date() - now.date()).days if ahead else None
        if "auto_renew" in mapped:
            said = [row["auto_renew"] for row in rows if row["auto_renew"] is not None]
            self.found["auto_renew_share"] = quotient(sum(said), len(said))
        if "ended_at" in mapped:
            self.found["mrr_under_notice"] = units([row for row in rows if row["ended_at"] is not None], "mrr")
        began = [versions[0]["started_at"] for versions, _ in held or []]
        self.found["oldest_line_days"] = days_since(now, min(began)) if began else None
        year = None if not began else days_since(now, min(began)) % 365
        self.found["contract_year_days"] = year
        self.since("days_since_contract_change", "subscriptions", self.past("subscriptions"))

    def moves(self) -> None:
        moved = contract_moves(list(self.lines().values()), self.now)
        names = {"rose": "mrr_growth", "fell": "mrr_reduction", "priced": "price_rise", "returned": "return"}
        for kind, name in names.items():
            days, share = moved.get(kind, (None, None))
            self.found[f"days_since_{name}"] = days
            if kind in ("rose", "priced"):
                self.found[f"{name}_last"] = share

    def seats_used(self) -> None:
        if "interactions" not in self.tables:
            return
        rows = [row for row in self.past("interactions") if row["kind"] == "login"]
        seats = self.contracted("seats", 0)
        self.found["logins_per_seat_90d"] = quotient(self.found["logins_90d"], seats)  # type: ignore[arg-type]
        if "quantity" in self.mapped["interactions"]:
            self.found["usage_per_seat_30d"] = quotient(self.found["usage_30d"], seats)  # type: ignore[arg-type]
        grown = self.found["days_since_mrr_growth"]
        days = 90 if grown is None else min(90, max(7, int(grown)))
        back = self.within("interactions", rows, 90) is not None
        since = self.within("interactions", rows, days)
        rate = len(since) * 30 / days if since is not None and back else None
        self.found["logins_since_growth_per_month"] = rate

    def contracted(self, column: str, back: int) -> float | None:
        held = self.in_force(back)
        return None if held is None else units([row for _, row in held], column)

    def in_force(self, back: int) -> list[tuple[list[Row], Row]] | None:
        """Return (all versions of the line, the version that held) for each line that held `back` days ago."""
        then = self.now - timedelta(days=back)
        if back and ("subscriptions" not in self.first or then.date() < self.first["subscriptions"]):
            return None
        held = []
        for versions in self.lines().values():
            begun = [row for row in versions if row["started_at"] <= then]
            # The version that started last, whatever became of the ones before it.
            if begun and (begun[-1].get("ended_at") is None or then < begun[-1]["ended_at"]):
                held.append((versions, begun[-1]))
        return held

    def lines(self) -> dict[Any, list[Row]]:
        """Return the versions of each line."""
        lines: dict[Any, list[Row]] = {}
        for row in self.tables["subscriptions"]:
            named = row.get("subscription_id")
            lines.setdefault(("id", named) if named is not None else ("product", row.get("product")), []).append(row)
        return lines

    # --- holdings and the account itself

    def others(self, attributes: tuple[str, ...]) -> None:
        if "holdings" in self.tables:
            held = [r for r in self.past("holdings") if r.get("ended_at") is None or r["ended_at"] > self.now]
            self.found["holdings"] = len({row["product"] for row in held})
        first = [
            self.past(table)[0][WHEN[table]]
            for table in ("interactions", "invoices", "subscriptions", "holdings")
            if table in self.tables and self.past(table)
        ]
        self.found["days_observed"] = days_since(self.now, min(first)) if first else None
        if "accounts" not in self.tables:
            return
        latest = self.tables["accounts"][-1] if self.tables["accounts"] else {}
        opened = latest.get("opened_at")
        age = days_since(self.now, opened) if opened is not None and opened < self.now else None
        self.found["days_since_opened"] = age
        self.found["days_since_anniversary"] = None if age is None else age % 365
        for name in attributes:
            self.found[name] = latest.get(name)


def slow_features(
    raw: Raw, as_of: date, constant: tuple[str, ...] = (), attributes: tuple[str, ...] = ()
) -> dict[str, dict[str, float | str | None]]:
    """Return, per account seen at `as_of`, every feature by name; None is unknown."""
    now = datetime.combine(as_of, datetime.min.time())
    cut = {table: visible(table, rows, now, constant) for table, rows in raw.items()}
    mapped = {table: set(rows[0]) for table, rows in raw.items()}
    first = first_days(raw, now)
    answers = {}
    for account in sorted({row["account_id"] for rows in cut.values() for row in rows}):
        own = {table: [row for row in rows if row["account_id"] == account] for table, rows in cut.items()}
        asked = Account(own, mapped, first, now)
        if "invoices" in raw:
            asked.billing()
        if "interactions" in raw:
            asked.interactions()
        if "subscriptions" in raw:
            asked.contracts()
        asked.others(attributes)
        answers[account] = asked.found
    return answers

"""Ten accounts in the reasons' words, in both languages.

    python tests/golden/ten_accounts.py

writes reasons.en.txt and reasons.da.txt anew after a change that is meant. The histories are made by loops, and the
contributions by a rule that stands for a model (what is worse than the median account's raises the risk), so that the
texts are the same on every machine.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
if str(HERE.parent / "laws") not in sys.path:
    sys.path.append(str(HERE.parent / "laws"))
if str(HERE.parents[1]) not in sys.path:
    sys.path.append(str(HERE.parents[1]))

from random_histories import Raw, Row, columns_of, history_of  # noqa: E402

from features.catalogue import facts_for, features_for  # noqa: E402
from features.engine import build_features  # noqa: E402
from features.phrases import known_value  # noqa: E402
from features.spec import Feature  # noqa: E402
from features.topics import good_news  # noqa: E402
from models.explain import Reason, reasons  # noqa: E402
from pipeline.settings import AccountSettings  # noqa: E402

AS_OF = date(2026, 3, 1)
CURRENCY = "EUR"
SCALE = 10_000

PEOPLE = {
    "a01 steady": {},
    "a02 logs in less": {"logins": (210, 84)},
    "a03 pays late": {"unpaid": 2, "late": 16},
    "a04 many tickets": {"tickets": 12, "open": 3},
    "a05 silent": {"logins": (60, 0), "calls": False, "usage": (400, 0)},
    "a06 fewer seats": {"seats": (40, 25), "nps": (9, 4)},
    "a07 pays early": {"late": -3, "usage": (200, 390)},
    "a08 credited": {"credit": 700, "late": 0},
    "a09 renews soon": {"renews": 12, "nps": (9, 9)},
    "a10 new": {"since": 100},
}
"""Account -> in what it differs from the steady one; pairs are the 90 days before the last 90, and those."""
STEADY = {
    "logins": (90, 90), "usage": (300, 300), "tickets": 1, "open": 0, "calls": True, "unpaid": 0, "late": 2,
    "seats": (30, 30), "nps": (8, 8), "credit": 0, "renews": 200, "since": 720,
}  # fmt: skip


def day(back: int, hour: int = 9) -> datetime:
    return datetime(AS_OF.year, AS_OF.month, AS_OF.day, hour, tzinfo=UTC).replace(tzinfo=None) - timedelta(days=back)


def ten_accounts() -> Raw:
    tables: Raw = {"accounts": [], "interactions": [], "invoices": [], "subscriptions": []}
    for account, differs in PEOPLE.items():
        life = {**STEADY, **differs}
        opened = day(life["since"], 0)
        tables["accounts"].append(
            {"account_id": account, "opened_at": opened, "segment": "trade" if "1" in account else "public",
             "known_at": opened}
        )  # fmt: skip
        since = life["since"]
        tables["interactions"] += [row for row in talks(account, life) if row["occurred_at"] >= day(since)]
        tables["invoices"] += [row for row in bills(account, life) if row["issued_at"] >= day(since, 0)]
        tables["subscriptions"] += contract(account, life)
    return tables


def talks(account: str, life: dict[str, Any]) -> Iterator[Row]:
    def row(back: float, kind: str, quantity: float = 0, score: int | None = None, closes: float | None = None) -> Row:
        when = day(0) - timedelta(days=back)
        closed = None if closes is None else when + timedelta(days=closes)
        return {
            "account_id": account, "occurred_at": when, "kind": kind, "quantity": int(quantity * SCALE),
            "score": None if score is None else score * SCALE, "contact_id": f"person {int(back) % 3}",
            "closed_at": closed, "closed_at__known": closed, "known_at": when,
        }  # fmt: skip

    for start, key in ((540, 0), (450, 0), (360, 0), (270, 0), (180, 0), (90, 1)):
        logins, used = life["logins"][key], life["usage"][key]
        for number in range(logins):
            yield row(start - 90 * (number + 0.5) / logins, "login", 20)
        for week in range(12 if used else 0):
            yield row(start - 7 * week - 3, "usage", used / 12)
    if life["calls"]:
        for back in range(20, 500, 60):
            yield row(back, "call", 15)
            yield row(back + 25, "meeting", 45)
    for number in range(life["tickets"]):
        yield row(8 + 6 * number, "ticket", closes=None if number < life["open"] else 1.5)
    yield row(400, "nps", score=life["nps"][0])
    yield row(150, "nps", score=life["nps"][0])
    yield row(40, "nps", score=life["nps"][1])


def bills(account: str, life: dict[str, Any]) -> Iterator[Row]:
    for number, back in enumerate(range(15, 700, 30)):
        issued = day(back, 0)
        due = issued + timedelta(days=14)
        paid = None if number < life["unpaid"] else due + timedelta(days=life["late"])
        yield {
            "account_id": account, "issued_at": issued, "amount": 1240 * SCALE, "due_at": due, "paid_at": paid,
            "paid_at__known": paid, "known_at": issued + timedelta(days=1),
        }  # fmt: skip
        if number == 1 and life["credit"]:
            yield {
                "account_id": account, "issued_at": issued, "amount": -life["credit"] * SCALE, "due_at": None,
                "paid_at": None, "paid_at__known": None, "known_at": issued + timedelta(days=1),
            }  # fmt: skip


def contract(account: str, life: dict[str, Any]) -> Iterator[Row]:
    before, now = life["seats"]
    for back, seats in ((life["since"], before), *(((60, now),) if now != before else ())):
        started = day(back, 0)
        yield {
            "account_id": account, "subscription_id": f"s {account}", "started_at": started, "product": "desk",
            "mrr": 31 * seats * SCALE, "seats": seats * SCALE, "renews_at": day(-life["renews"], 0),
            "known_at": started,
        }  # fmt: skip


class Rule:
    """Stands for a model: a figure worse than the median account's raises the risk, a better one eases it."""

    risk = True

    def __init__(self, features: tuple[Feature, ...], frame: pd.DataFrame) -> None:
        self.features, self.scorer = features, self
        self.manifest = {"features": [{"name": each.name, "typical": _typical(frame, each)} for each in features]}

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame

    def contributions(self, frame: pd.DataFrame) -> np.ndarray:
        return np.array([[*(self._share(row, number) for number in range(len(self.features))), 0.0]
                         for row in frame.to_dict("records")])  # fmt: skip

    def _share(self, row: dict[Any, Any], number: int) -> float:
        feature, typical = self.features[number], self.manifest["features"][number]["typical"]
        value = known_value(row[feature.name])
        if not isinstance(value, float) or not isinstance(typical, float):
            return 0.0
        apart = (value - typical) / max(1.0, abs(typical))
        # Of what is neither good news nor bad, more is taken to ease.
        better = good_news(feature.topic, feature.family) or 1
        return -better * apart / (1 + abs(apart)) * _weight(feature.name)


def _typical(frame: pd.DataFrame, feature: Feature) -> float | str | None:
    known = [value for value in map(known_value, frame[feature.name]) if value is not None]
    if not known:
        return None
    return min(known) if feature.unit == "category" else float(np.median(known))


def _weight(name: str) -> float:
    return hashlib.sha256(name.encode()).digest()[0] / 256


def told(language: str) -> dict[str, list[Reason]]:
    """Return the reasons of the ten accounts."""
    raw = ten_accounts()
    features = features_for(columns_of(raw), AccountSettings(features=("segment",)))
    frame = build_features(history_of(raw), [AS_OF], (*features, *facts_for(features)))
    model: Any = Rule(features, frame)
    rows = frame.drop(columns=["account_id", "as_of"])
    return dict(zip(frame["account_id"], reasons(model, features, rows, CURRENCY, language), strict=True))


def written(language: str) -> str:
    """Return what the golden file of a language holds."""
    lines = []
    for account, row in told(language).items():
        lines += [account, *(f"  {reason.role:<6} {reason.topic:<10} {reason.text}" for reason in row), ""]
    return "\n".join(lines)


def file(language: str) -> Path:
    return HERE / f"reasons.{language}.txt"


if __name__ == "__main__":
    for language in ("en", "da"):
        file(language).write_text(written(language), encoding="utf-8")

"""The laws and the oracle are worth something only if they fail on a bug: here each is planted, and must be caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from compare import differences
from laws import unknown_rows_change_nothing
from random_histories import AS_OF, AS_OFS, Raw, Row, history_of, midnight, random_raw
from slow_features import slow_features

from features.accounts import attributes
from features.engine import build_features
from features.evaluation import Evaluation
from features.selection import Selection
from pipeline import history as cut
from pipeline.asof import DAY, MISSING, NEVER, instant
from pipeline.history import History, Ints, Rows, View

SEEDS = range(20)


def law_catches(kind: type[History]) -> bool:
    """Whether "rows not yet known change nothing" fails on one of the random histories."""
    return any(
        unknown_rows_change_nothing(random_raw(seed, rows=3 + seed), as_of, kind) for seed in SEEDS for as_of in AS_OFS
    )


def oracle_catches(kind: type[History] = History) -> bool:
    return any(differences(random_raw(seed, rows=3 + seed), AS_OFS, kind=kind) for seed in SEEDS)


def test_without_a_bug_neither_finds_anything() -> None:
    assert not law_catches(History)
    assert not oracle_catches()


class _Changed(History):
    """A history whose stored tables were tampered with after they were read."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tables = {name: self.tamper(name, stored) for name, stored in self._tables.items()}

    def tamper(self, table: str, stored: Any) -> Any:
        raise NotImplementedError


class CutByOccurrence(_Changed):
    """A row is visible from when it happened."""

    def tamper(self, table: str, stored: Any) -> Any:
        return stored if table == "accounts" else replace(stored, known=stored.rows.occurred)


class AtMidnightToo(History):
    """`known_at <= as_of` instead of `<`."""

    def upto(self, as_of: date) -> View:
        return self._cut(as_of, instant(as_of) + 1)


class TerminationForeseen(_Changed):
    """The end of a contract is visible before notice was given."""

    def tamper(self, table: str, stored: Any) -> Any:
        late = {name: np.full_like(known, MISSING) for name, known in stored.late.items() if name == "ended_at"}
        return replace(stored, late={**stored.late, **late})


class PaymentForeseen(_Changed):
    """`paid_at` and `closed_at` are visible before they came."""

    def tamper(self, table: str, stored: Any) -> Any:
        late = {n: np.full_like(known, MISSING) for n, known in stored.late.items() if n in ("paid_at", "closed_at")}
        return replace(stored, late={**stored.late, **late})


class VoidedBeforehand(_Changed):
    """What will be voided or cancelled is absent from the start."""

    def tamper(self, table: str, stored: Any) -> Any:
        return replace(stored, gone=np.where(stored.gone < NEVER, MISSING, NEVER))


class CorrectedBeforehand(_Changed):
    """Only the latest version of a row counts, at any time."""

    def tamper(self, table: str, stored: Any) -> Any:
        return replace(stored, superseded=np.where(stored.superseded < NEVER, MISSING, NEVER))


class NeverCorrected(_Changed):
    """A correction stands beside what it corrects."""

    def tamper(self, table: str, stored: Any) -> Any:
        return replace(stored, superseded=np.full_like(stored.superseded, NEVER))


class FirstDayOfAllTime(History):
    """A table's first day counts rows that arrive later."""

    def upto(self, as_of: date) -> View:
        first = {name: min((o for _, o in steps), default=MISSING) for name, steps in self._first_days.items()}
        return replace(super().upto(as_of), first_days=first)


FORESEEING = (CutByOccurrence, TerminationForeseen, PaymentForeseen, VoidedBeforehand, CorrectedBeforehand)


@pytest.mark.parametrize("kind", [*FORESEEING, AtMidnightToo])
def test_the_law_of_unknown_rows_catches(kind: type[History]) -> None:
    assert law_catches(kind)


@pytest.mark.parametrize("kind", [*FORESEEING, AtMidnightToo, FirstDayOfAllTime, NeverCorrected])
def test_the_oracle_catches(kind: type[History]) -> None:
    assert oracle_catches(kind)


def test_the_law_of_unknown_rows_catches_a_first_day_that_arrives_later() -> None:
    def invoice(issued: date, known: date) -> Row:
        return {"account_id": "a", "issued_at": midnight(issued), "amount": 1, "known_at": midnight(known)}

    raw = {"invoices": [invoice(date(2026, 2, 1), date(2026, 2, 1)), invoice(date(2025, 1, 1), date(2026, 5, 1))]}
    assert unknown_rows_change_nothing(raw, AS_OF) is None
    assert unknown_rows_change_nothing(raw, AS_OF, FirstDayOfAllTime) is not None


def test_the_oracle_catches_a_booked_meeting_counted_as_held(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_rows(self: Evaluation, table: str, ahead: bool) -> Rows:
        return self.view.tables[table]

    monkeypatch.setattr(Evaluation, "_rows", all_rows)
    assert oracle_catches()


def test_the_oracle_catches_windows_that_are_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    since: Callable[[Selection, int], Ints] = Selection.since
    monkeypatch.setattr(Selection, "since", lambda self, start: since(self, start + 1))
    assert oracle_catches()


def test_the_oracle_catches_windows_cut_short_by_the_start_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Evaluation, "observable", lambda self, table, days: True)
    assert oracle_catches()


def test_the_oracle_catches_a_first_day_taken_to_the_microsecond(monkeypatch: pytest.MonkeyPatch) -> None:
    def to_the_microsecond(self: Evaluation, table: str, days: int) -> bool:
        first = self.view.first_days.get(table, MISSING)
        return first != MISSING and self.at - days * DAY >= first

    monkeypatch.setattr(Evaluation, "observable", to_the_microsecond)
    assert oracle_catches()


class TodaysAttributes(_Changed):
    """Of an account's versions the latest counts, whatever the as_of."""

    def tamper(self, table: str, stored: Any) -> Any:
        if table != "accounts":
            return stored
        latest = stored.superseded == NEVER
        return replace(
            stored, known=np.where(latest, MISSING, NEVER), superseded=np.full_like(stored.superseded, NEVER)
        )


def test_the_oracle_catches_the_attribute_of_today_in_the_past() -> None:
    def version(segment: str, known: date) -> Row:
        return {"account_id": "a", "opened_at": None, "segment": segment, "known_at": midnight(known)}

    raw = {"accounts": [version("small", date(2025, 1, 1)), version("large", AS_OF)]}
    assert differences(raw, AS_OFS, ("segment",)) == []
    assert differences(raw, AS_OFS, ("segment",), kind=TodaysAttributes) != []


def test_the_oracle_catches_a_snapshot_of_today_taken_for_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    raw: Raw = {"accounts": [{"account_id": "a", "opened_at": None, "segment": "large"}]}

    def segment() -> object:
        return build_features(history_of(raw), [AS_OF], attributes(("segment",)))["segment"][0]

    expected = slow_features(raw, AS_OF, attributes=("segment",))["a"]["segment"]
    assert segment() is expected is None
    monkeypatch.setattr(cut, "_without_today", lambda table, _: table.append_column("known_at", table["opened_at"]))
    assert segment() == "large"

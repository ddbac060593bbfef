"""The laws and the oracle are worth something only if they fail on a bug: here each is planted, and must be caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from compare import differences
from laws import dates_together_or_alone_agree, unknown_rows_change_nothing
from random_histories import AS_OF, AS_OFS, Raw, Row, history_of, midnight, random_raw
from slow_features import slow_features

from features.accounts import attributes
from features.computing import selection
from features.computing.dated import DatedTable
from features.computing.evaluation import Evaluation
from features.computing.picking import Picked
from features.computing.selection import ALWAYS, Selection
from features.engine import build_features
from pipeline import history as cut
from pipeline.asof import DAY, MISSING, NEVER
from pipeline.history import Flags, History, Ints, View

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


class AtMidnightToo(_Changed):
    """`known_at <= as_of` instead of `<`."""

    def tamper(self, table: str, stored: Any) -> Any:
        def sooner(known: Ints) -> Ints:
            return known - (known != MISSING)

        late = {name: sooner(known) for name, known in stored.late.items()}
        return replace(
            stored,
            known=sooner(stored.known),
            superseded=sooner(stored.superseded),
            gone=sooner(stored.gone),
            late=late,
        )


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
    monkeypatch.setattr(DatedTable, "past", property(lambda self: self.begin))
    assert oracle_catches()


def test_the_oracle_catches_windows_that_are_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    edge: Callable[[Selection, int], Any] = Selection.edge
    monkeypatch.setattr(Selection, "edge", lambda self, back: edge(self, back - (0 < back < ALWAYS)))
    assert oracle_catches()


def test_the_oracle_catches_windows_cut_short_by_the_start_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Evaluation, "observable", lambda self, table, days: np.ones(len(self.days), dtype=bool))
    assert oracle_catches()


def test_the_oracle_catches_a_first_day_taken_to_the_microsecond(monkeypatch: pytest.MonkeyPatch) -> None:
    def to_the_microsecond(self: Evaluation, table: str, days: int) -> Flags:
        first = np.array([view.first_days.get(table, MISSING) for view in self.views])
        return (first != MISSING) & ((self.days.astype(np.int64) - days) * DAY >= first)

    monkeypatch.setattr(Evaluation, "observable", to_the_microsecond)
    assert oracle_catches()


def rows_wait_for_late_ones(account: Ints, picked: Picked, dates: int) -> Any:
    """Lay out one strand where an account should have two: a row counts no sooner than the rows before it."""
    ever = picked.begin < picked.end
    account, waiting = account[ever], picked.begin[ever]
    for place in range(1, len(account)):
        if account[place] == account[place - 1]:
            waiting[place] = max(waiting[place], waiting[place - 1])
    laid, places = LAY_OUT(account, Picked(picked.rows[ever], waiting, picked.end[ever]), dates)
    return laid, np.flatnonzero(ever)[places]


def withdrawn_rows_never_counted(account: Ints, picked: Picked, dates: int) -> Any:
    """Leave out a row that stops counting at a later one of the dates."""
    never = np.where(picked.end < dates, dates, picked.begin).astype(np.int32)
    return LAY_OUT(account, Picked(picked.rows, never, picked.end), dates)


LAY_OUT = selection.lay_out


@pytest.mark.parametrize("bug", [rows_wait_for_late_ones, withdrawn_rows_never_counted])
def test_the_law_of_dates_and_the_oracle_catch_rows_mislaid_over_dates(
    bug: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "lay_out", bug)
    assert any(dates_together_or_alone_agree(random_raw(seed, rows=30), AS_OFS) for seed in SEEDS)
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

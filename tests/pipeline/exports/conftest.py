"""Small published lists for the tests of sinks, and texts that a spreadsheet might take for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.exports import Sink, export
from pipeline.store import ExportStatus, Run, RunRecord, Store

AT = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)

TRAPS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1,1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "'=1+1", "＝1+1", "{=1+1}",
    "=cmd|' /C calc'!A0", '=HYPERLINK("http://example.com","click")', "http://example.com", "mailto:a@example.com",
    "internal:churn!A1", "<r><t>rich</t></r>", "<b>&amp;</b>", "_x0041_", "007", "1,234", "1E5", "2026-01-31", "TRUE",
    "#REF!",
)  # fmt: skip
"""Texts that must come out of a spreadsheet as they went in."""


def as_shown(text: str) -> str:
    """What a cell holds for a text: the end of a line is LF, and rich text is kept from being markup."""
    shown = text.replace("\r", "\n")
    return f"{shown} " if shown.startswith("<r>") else shown


@dataclass(frozen=True)
class Lists:
    """A store with lists, and a folder for its exports."""

    store: Store
    folder: Path

    def publish(self, target: str = "churn", day: int = 31, rows: Sequence[dict[str, Any]] = (), **facts: Any) -> Run:
        """Publish a list of typed rows; what a row leaves out is filled in."""
        filled = [_filled(number, row) for number, row in enumerate(rows, 1)]
        frame = pd.DataFrame(filled, columns=list(_filled(1, {})), dtype=object)
        sections = [row["section"] for row in filled]
        counts = {"listed": sections.count("call"), "leaving": sections.count("leaving")}
        counts |= {"scored": sections.count("call"), "too_new": sections.count("too_new")}
        record = RunRecord(
            as_of=date(2026, 1, day), target=target, model_name=f"keepgrow-{target}", model_version="3",
            model_digest="m", feature_digest=str(rows), settings_digest="s", code_version="0", created_at=AT,
            counts=counts | {"excluded": {"do not contact": 2}},
        )  # fmt: skip
        scores = frame[["account_id", "section", "probability", "value_at_stake", "expected_value"]]
        scores = scores.assign(section=scores["section"].where(scores["section"] != "call", "cohort"))
        run_id = self.store.publish(replace(record, **facts), frame, scores, excluded=()).run_id
        return self.store.run(run_id)

    def sink(self, kind: str, language: str = "en", targets: tuple[str, ...] = ("churn", "upsell")) -> Sink:
        where = self.folder / ("lists.duckdb" if kind == "duckdb" else "lists")
        return Sink(kind, where, "firm", targets, language)

    def export(self, sink: Sink, target: str = "churn", **options: Any) -> ExportStatus:
        return export(self.store, target, [sink], AT, **({"wait": _never} | options))[0]


def _never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s")


def _filled(number: int, row: dict[str, Any]) -> dict[str, Any]:
    called = row.get("section", "call") == "call"
    blank = {
        "account_id": f"a{number:03}", "section": "call", "name": f"Firm {number}", "account_manager": "Ann",
        "team": "West", "reasons": [{"text": "no login for 40 days", "role": "raises"}], "value_at_stake": 1200.0,
        "change": None, "previous_probability": None,
    }  # fmt: skip
    call = {
        "rank": number, "manager_rank": number, "probability": 0.7, "band": "High, about 7 in 10",
        "observed_rate": 0.66, "observed_low": 0.5, "observed_high": 0.8, "expected_value": 840.0, "play": "Call",
    }  # fmt: skip
    return blank | {name: value if called else None for name, value in call.items()} | row


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[Lists]:
    with Store(f"sqlite:///{tmp_path}/store.db") as store:
        yield Lists(store, tmp_path)


@pytest.fixture(scope="session")
def make_lists() -> Callable[[Path], Lists]:
    """Make such lists in a folder of one's own; the store is closed by whoever asks."""
    return lambda folder: Lists(Store(f"sqlite:///{folder}/store.db"), folder)


@pytest.fixture(scope="session")
def traps() -> tuple[str, ...]:
    return TRAPS


@pytest.fixture(scope="session")
def shown() -> Callable[[str], str]:
    return as_shown

"""Checks of rows against what they belong to, in the smallest firms that break them, and on RavenStack's tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import read_settings
from pipeline.validate import Finding, validate

DAY = date(2025, 1, 1)
LINES = "account_id,subscription_id,started_at,mrr,ended_at"
NAMED = "account_id,subscription_id,occurred_at,kind"


def found(firm, as_of=DAY, targets: dict[str, Any] | None = None, **texts: str) -> list[tuple]:
    """Return rule, count, number looked at and share of the findings that are about contracts."""
    tables = {name: {"source": firm.csv(f"{name}.csv", text)} for name, text in texts.items()}
    rows = validate(firm.settings(tables=tables, targets=targets or {}), as_of).rows
    told = ("before", "contract line", "not in subscriptions", "other kinds")
    return [(row.rule, row.count, row.of, row.share) for row in rows if any(words in row.rule for words in told)]


def test_rows_before_their_own_line_though_another_line_is_older(firm):
    lines = f"{LINES}\na,s1,2024-01-01,5,\na,s2,2024-06-01,5,"
    rows = f"{NAMED}\na,s2,2024-05-31,usage\na,s2,2024-06-01,usage\na,s1,2024-01-01,usage\na,s1,2023-01-01,error"
    assert found(firm, subscriptions=lines, interactions=rows) == [
        ("before its own contract line began: error", 1, 1, "100.0 %"),
        ("before its own contract line began: usage", 1, 3, "33.3 %"),
    ]


def test_a_line_begins_with_its_first_version(firm):
    lines = f"{LINES}\na,s1,2024-03-01,9,\na,s1,2024-01-01,5,"
    assert found(firm, subscriptions=lines, interactions=f"{NAMED}\na,s1,2024-02-01,usage") == []


def test_rows_that_name_no_line_are_compared_with_the_first_contract(firm):
    lines = f"{LINES}\na,s1,2024-01-01,5,"
    rows = f"{NAMED}\na,s1,2023-05-31,usage\na,,2023-05-31,call\na,,2024-05-31,call"
    assert found(firm, subscriptions=lines, interactions=rows) == [
        ("before its own contract line began: usage", 1, 1, "100.0 %"),
        ("before the first contract began: call", 1, 2, "50.0 %"),
    ]


def test_rows_that_name_a_line_nobody_knows(firm):
    lines = f"{LINES}\na,s1,2024-01-01,5,\nb,s2,2024-01-01,5,"
    rows = f"{NAMED}\na,s9,2024-05-31,usage\na,s2,2024-05-31,usage\na,s1,2024-05-31,usage"
    assert found(firm, subscriptions=lines, interactions=rows) == [
        ("subscription_id not in subscriptions", 2, 3, "66.7 %")
    ]


def test_invoices_are_compared_with_the_first_contract(firm):
    lines = f"{LINES}\na,s1,2024-01-01,5,"
    assert found(firm, subscriptions=lines, invoices="account_id,issued_at,amount\na,2023-12-31,5\na,2024-02-01,5") == [
        ("before the first contract began", 1, 2, "50.0 %")
    ]


def test_rare_kinds_are_told_together(firm):
    kinds = [f"kind{number:02d}" for number in range(12)]
    rows = "\n".join(
        f"a,,2023-01-{1 + copy:02d},{name}" for name in kinds for copy in range(2 if name < "kind10" else 1)
    )
    rules = found(firm, subscriptions=f"{LINES}\na,s1,2024-01-01,5,", interactions=f"{NAMED}\n{rows}")
    assert [(rule.rpartition(": ")[2], count, of) for rule, count, of, _ in rules] == [
        *((name, 2, 2) for name in kinds[:10]),
        ("other kinds", 2, 2),
    ]


CHURN_RECORD = {"churn_record": {"kind": "event", "event": "churned"}}
OPEN, ENDED, LATER = "a,s1,2023-01-01,5,", "a,s1,2023-01-01,5,2024-06-01", "a,s1,2023-01-01,5,2025-06-01"


@pytest.mark.parametrize(
    ("line", "contradicts"),
    [(OPEN, True), (ENDED, False), (LATER, True), ("a,s1,2025-02-01,5,", False), ("b,s1,2023-01-01,5,", False)],
)
def test_an_account_said_to_have_left_that_holds_an_open_line(firm, line, contradicts):
    rows = f"{NAMED}\na,,2024-05-01,churned\na,,2024-06-01,login\nz,,2024-05-01,churned"
    lines = f"{LINES}\n{line}\nz,s3,2020-01-01,5,2024-01-01"
    rules = [each for each in found(firm, targets=CHURN_RECORD, subscriptions=lines, interactions=rows)
             if "before the first" not in each[0]]  # fmt: skip
    assert rules == [("churned, yet a contract line is open", 1, 2, "50.0 %")] * contradicts


def test_only_events_that_say_so_mean_that_an_account_left(firm):
    targets = {"trouble": {"kind": "event", "event": "escalation"}, "churn": {"kind": "churn"}}
    rows = f"{NAMED}\na,,2024-05-01,escalation\na,,2024-05-01,churned"
    assert found(firm, targets=targets, subscriptions=f"{LINES}\n{OPEN}", interactions=rows) == []


def test_lines_without_ends_are_open(firm):
    rows, lines = f"{NAMED}\na,,2024-05-01,churned", "account_id,started_at,mrr\na,2023-01-01,5"
    assert found(firm, targets=CHURN_RECORD, subscriptions=lines, interactions=rows) == [
        ("churned, yet a contract line is open", 1, 1, "100.0 %")
    ]


def test_an_event_that_never_occurs_is_told_with_those_that_do(firm):
    rows = f"{NAMED}\na,,2024-05-01,churned\na,,2024-05-02,churned\na,,2024-06-01,login"
    targets = {"left": {"kind": "event", "event": "chruned"}}
    tables = {"interactions": {"source": firm.csv("i.csv", rows)}}
    findings = validate(firm.settings(tables=tables, targets=targets), DAY).rows
    (finding,) = [row for row in findings if row.rule == "no row of kind 'chruned'"]
    assert (finding.level, finding.of, finding.example) == ("warning", None, "kinds present: churned, login")


@pytest.mark.parametrize(
    ("count", "of", "share"),
    [
        (1077, 2000, "53.8 %"),
        (2, 3, "66.7 %"),
        (3, 3, "100.0 %"),
        (1, 1000, "0.1 %"),
        (1, 1001, "< 0.1 %"),
        (1, None, ""),
        (1, 0, ""),
    ],
)
def test_a_share_is_never_shown_as_none(count: int, of: int | None, share: str) -> None:
    assert Finding("warning", "late", "invoices", count, "", "", of).share == share


def test_a_finding_reads_as_a_sentence_with_its_share() -> None:
    finding = Finding("warning", "late", "invoices", 1200, "account_id=a", "Kept.", 4800)
    assert str(finding) == "invoices: late (1,200 of 4,800 rows, 25.0 %, for example account_id=a). Kept."


def test_ravenstacks_faults_are_counted(ravenstack: Path, root: Path, tmp_path: Path) -> None:
    """The counts were taken by hand in SQL over the five files."""
    settings = read_settings(root / "configs" / "ravenstack.toml", state=str(tmp_path / "state"))
    rows = validate(settings, date(2025, 1, 1)).rows
    counts = {(row.table, row.rule): (row.count, row.of, row.share) for row in rows}
    assert counts["interactions", "before its own contract line began: usage"] == (19_142, 25_000, "76.6 %")
    assert counts["interactions", "before the account was opened: ticket"] == (1_077, 2_000, "53.8 %")
    assert counts["interactions", "churn_event, yet a contract line is open"] == (600, 600, "100.0 %")
    examples = {row.rule: row.example for row in rows}
    assert examples["churn_event, yet a contract line is open"].startswith("352 of 352 such accounts")
    assert not [row for row in rows if row.level == "error"]

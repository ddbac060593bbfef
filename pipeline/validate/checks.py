"""Every check of the contract, in one list; adding one is a function and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from pipeline.settings import Settings
from pipeline.staging import Stage, stage
from pipeline.validate import accounts, cells, contracts, knowledge, repeats, unreadable
from pipeline.validate.findings import Finding, Findings, in_order
from pipeline.validate.statement import Answer, Statement

Check = Callable[[Stage], Iterator[Statement]]

CHECKS: tuple[Check, ...] = (
    cells.rejected_rows,
    unreadable.unreadable_cells,
    cells.rejected_exclusions,
    cells.mixed_currencies,
    cells.blanked_cells,
    cells.missing_values,
    repeats.duplicate_keys,
    repeats.shared_ids,
    repeats.exact_repeats,
    repeats.several_rates,
    accounts.unknown_accounts,
    accounts.before_the_account,
    contracts.before_the_contract,
    contracts.before_its_line,
    contracts.left_yet_open,
    contracts.unknown_event,
    accounts.snapshot_of_today,
    accounts.attribute_features,
    accounts.outcomes_as_features,
    knowledge.no_known_at,
    knowledge.empty_known_at,
    knowledge.stopped_sources,
)


def validate(settings: Settings, as_of: date) -> Findings:
    """Read the sources and check them against the contract; `as_of` is the day the lists would be made for.

    Raises SourceError and ContractError for what keeps the rows from being read at all.
    """
    with stage(settings, as_of) as staged:
        return check(staged)


def check(staged: Stage) -> Findings:
    """Run every check over staged tables."""
    rows = {name: staged.ask(f"SELECT count(*) FROM {each.name}")[0][0] for name, each in staged.tables.items()}
    every = statements(staged)
    return told(every, answers(staged, every), rows)


def statements(staged: Stage) -> list[Statement]:
    """Return what every check asks, always in the same order for the same tables."""
    return [statement for each in CHECKS for statement in each(staged)]


Asked = tuple[int, Answer]
"""The position of a statement, and an answer to it."""


def answers(
    staged: Stage, asked: Sequence[Statement], chosen: Callable[[Statement], bool] | None = None
) -> list[Asked]:
    """Run statements over staged tables; with `chosen`, those alone that it picks."""
    return [
        (position, Answer(rule, example, tuple(int(number or 0) for number in (count, *more))))
        for position, statement in enumerate(asked)
        if chosen is None or chosen(statement)
        for rule, count, example, *more in staged.ask(statement.sql)
    ]


def added_up(parts: Iterable[Asked], asked: Sequence[Statement]) -> list[Asked]:
    """Return the answers of a whole from those of its parts."""
    added: dict[tuple[int, str], Answer] = {}
    apart: list[Asked] = []
    for position, answer in parts:
        if not asked[position].adds_up:
            apart.append((position, answer))
            continue
        key = (position, answer.rule)
        added[key] = added[key].plus(answer) if key in added else answer
    return [*apart, *((position, answer) for (position, _), answer in added.items())]


def told(asked: Sequence[Statement], found: Iterable[Asked], rows: Mapping[str, int]) -> Findings:
    """Return what is to be told of answers to statements; `rows` counts the rows of each table."""
    findings = []
    for position, part in found:
        statement = asked[position]
        answer = statement.tell(part)
        if answer is None:
            continue
        count, *of = answer.numbers
        every = rows.get(statement.table, 0)
        level, action = statement.verdict(count, every)
        whole = (of[0] if of else every) if statement.counts_rows else None
        findings.append(Finding(level, answer.rule, statement.table, count, answer.example or "", action, whole))
    return in_order(findings)

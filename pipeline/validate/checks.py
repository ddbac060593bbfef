"""Every check of the contract, in one list; adding one is a function and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from pipeline.settings import Settings
from pipeline.staging import Stage, stage
from pipeline.validate import accounts, cells, contracts, knowledge, repeats, unreadable
from pipeline.validate.findings import Finding, Findings, in_order
from pipeline.validate.statement import Statement

CHECKS: tuple[Callable[[Stage], Iterator[Statement]], ...] = (
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
    found = []
    for statements in CHECKS:
        for statement in statements(staged):
            for rule, count, example, *of in staged.ask(statement.sql):
                every = rows.get(statement.table, 0)
                level, action = statement.verdict(count, every)
                whole = (of[0] if of else every) if statement.counts_rows else None
                found.append(Finding(level, rule, statement.table, count, example or "", action, whole))
    return in_order(found)

"""Checks of rows against contracts: what is dated before them, and who is said to have left but has not."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources import literal
from pipeline.staging import Stage
from pipeline.validate.dated import dated_before
from pipeline.validate.statement import Answer, Statement, example

_LEFT = "churn|cancel|terminat|attrition|lapse"
"""Words by which the name of an event says that the account left."""
_KINDS_SHOWN = 10


def before_the_contract(stage: Stage) -> Iterator[Statement]:
    """Rows on a day before the account's first contract began; those that name their line are compared with that."""
    if "subscriptions" in stage.tables:
        spared = ("accounts", "subscriptions", "feedback", "holdings")
        condition = "TRUE" if not _lines_named(stage) else "subscription_id IS NULL"
        rule = "before the first contract began"
        yield from dated_before(stage, "staged_subscriptions", "started_at", rule, spared, of_interactions=condition)


def before_its_line(stage: Stage) -> Iterator[Statement]:
    """Interactions on a day before the contract line that they name began, and those whose line is unknown."""
    if not _lines_named(stage):
        return
    yield from dated_before(
        stage, "staged_subscriptions", "started_at", "before its own contract line began",
        ("accounts", "invoices", "subscriptions", "feedback", "holdings"), ("account_id", "subscription_id"),
        of_interactions="subscription_id IS NOT NULL",
    )  # fmt: skip
    staged = stage.tables["interactions"]
    yield Statement(
        "interactions",
        f"SELECT 'subscription_id not in subscriptions', count(*), {example(staged, 'subscription_id')} "
        "FROM staged_interactions WHERE _rule IS NULL AND subscription_id IS NOT NULL "
        "AND (account_id, subscription_id) NOT IN (SELECT (account_id, subscription_id) FROM staged_subscriptions "
        "WHERE _rule IS NULL AND subscription_id IS NOT NULL) HAVING count(*) > 0",
        "The rows are used as they are.",
    )


def left_yet_open(stage: Stage) -> Iterator[Statement]:
    """Events that say an account left, of accounts that hold an open contract line at as_of."""
    if "subscriptions" not in stage.tables or "interactions" not in stage.tables:
        return
    at = f"TIMESTAMP '{stage.as_of}'"
    ended = f"AND (ended_at IS NULL OR ended_at > {at})" if "ended_at" in stage.tables["subscriptions"].columns else ""
    held = (
        "SELECT account_id, count(*) AS lines FROM staged_subscriptions "
        f"WHERE _rule IS NULL AND started_at < {at} {ended} GROUP BY 1"
    )
    for event in _events(stage):
        yield Statement(
            "interactions",
            f"SELECT {literal(event + ', yet a contract line is open')}, count(lines), "
            "min(account_id) FILTER (lines IS NOT NULL), count(*), "
            "count(DISTINCT account_id) FILTER (lines IS NOT NULL), count(DISTINCT account_id) "
            f"FROM staged_interactions LEFT JOIN ({held}) USING (account_id) "
            f"WHERE _rule IS NULL AND kind = {literal(event)} AND occurred_at < {at} "
            f"AND regexp_matches(lower(kind), {literal(_LEFT)})",
            "Both are used as they are. Accounts that came back are in order; otherwise the record and the contract "
            "contradict each other: mend one of them before you trust a target that rests on either.",
            tell=_of_accounts,
        )


def _of_accounts(answer: Answer) -> Answer | None:
    count, rows, holding, accounts = answer.numbers
    if not count:
        return None
    example = f"{holding} of {accounts} such accounts, for example account_id={answer.example}"
    return Answer(answer.rule, example, (count, rows))


def unknown_event(stage: Stage) -> Iterator[Statement]:
    """Targets of kind event whose event never occurs: misspelt, or not mapped."""
    if "interactions" not in stage.tables:
        return
    events = _events(stage)
    kinds = stage.whole.kinds() if events else []
    shown = f"kinds present: {', '.join(kinds[:_KINDS_SHOWN])}" if kinds else ""
    for event in events:
        if event not in kinds:
            yield Statement(
                "interactions",
                f"SELECT {literal(f'no row of kind {event!r}')}, 1, {literal(shown)}",
                "A target predicts it and cannot be learnt: mend `event` in the target, or map the rows.",
                counts_rows=False,
                fixed=True,
            )


def _lines_named(stage: Stage) -> bool:
    """Whether interactions name the contract line that they belong to."""
    tables = ("interactions", "subscriptions")
    return all(name in stage.tables and "subscription_id" in stage.tables[name].columns for name in tables)


def _events(stage: Stage) -> list[str]:
    """Return the events that targets predict, each once."""
    named = [str(keys.get("event", "")) for keys in stage.settings.targets.values() if keys.get("kind") == "event"]
    return [event for event in dict.fromkeys(named) if event]

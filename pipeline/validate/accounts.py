"""Checks of rows against their accounts, and of the attributes that are to become features."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources import literal, quoted
from pipeline.staging import Stage
from pipeline.validate.dated import dated_before
from pipeline.validate.statement import Statement, example

_OUTCOME_NAMES = "churn|status|cancel|health|attrition|lapsed|terminat|is_active|inactive"
_OUTCOME_VALUES = r"\b(churn(ed)?|cancel(l?ed)?|inactive|lapsed|terminated|lost|healthy|unhealthy|at.risk)\b"

UNKNOWN = 0.5
"""When more rows than this share belong to no account, the ids of the two tables do not match."""


def unknown_accounts(stage: Stage) -> Iterator[Statement]:
    """Rows whose account is not in `accounts`."""
    if "accounts" not in stage.tables:
        return
    known = "SELECT account_id FROM staged_accounts WHERE _rule IS NULL"
    for table, staged in stage.tables.items():
        if table != "accounts" and "account_id" in staged.columns:
            yield Statement(
                table,
                f"SELECT 'account not in accounts', count(*), {example(staged)} FROM {staged.name} "
                f"WHERE _rule IS NULL AND account_id NOT IN ({known}) HAVING count(*) > 0",
                "These accounts are kept, without attributes.",
                stops_above=UNKNOWN,
                remedy=f"More than {UNKNOWN:.0%} of the rows: the ids of the two tables do not match. Mend account_id.",
            )


def before_the_account(stage: Stage) -> Iterator[Statement]:
    """Rows that occurred on a day before their account was opened."""
    accounts = stage.tables.get("accounts")
    if accounts is not None and "opened_at" in accounts.columns:
        rule = "before the account was opened"
        yield from dated_before(stage, "staged_accounts", "opened_at", rule, ("accounts",))


def snapshot_of_today(stage: Stage) -> Iterator[Statement]:
    """Accounts without known_at: nobody can say what their attributes were on an earlier day."""
    accounts = stage.tables.get("accounts")
    if accounts is not None and accounts.of_today:
        yield Statement(
            "accounts",
            "SELECT 'no known_at: a snapshot of today', count(*), '' FROM staged_accounts HAVING count(*) > 0",
            "Attributes serve lists only and become no features, unless declared constant.",
        )


def attribute_features(stage: Stage) -> Iterator[Statement]:
    """Attributes listed as features that are not there, must not be used, or were not known at the time."""
    accounts, settings = stage.tables.get("accounts"), stage.settings.accounts
    for name in dict.fromkeys((*settings.features, *settings.constant)):
        if accounts is None or name not in accounts.columns:
            excluded = accounts is not None and name in accounts.excluded
            rule = f'{name} has role = "exclude"' if excluded else f"{name} is not mapped"
            remedy = "Take it out of [accounts]" + ("." if excluded else ", or map it under tables.accounts.columns.")
            yield _fault(rule, remedy)
        elif name in settings.features and accounts.of_today and name not in settings.constant:
            yield _fault(
                f"{name} is a feature, but accounts have no known_at",
                f"Map known_at, or name {name} under [accounts] constant if it never changes.",
            )


def outcomes_as_features(stage: Stage) -> Iterator[Statement]:
    """Attributes listed as features that look like the outcome itself.

    Where `known_at` tells what was known when, such an attribute (a health score) may be fair: a warning. Declared
    constant it is today's outcome seen from the past: an error.
    """
    accounts = stage.tables.get("accounts")
    if accounts is None:
        return
    for name in stage.settings.accounts.features:
        if name in accounts.columns and stage.tables["accounts"].kind(name) in ("text", "id"):
            column = quoted(name)
            named = f"regexp_matches({literal(name.lower())}, {literal(_OUTCOME_NAMES)})"
            valued = f"regexp_matches(lower({column}), {literal(_OUTCOME_VALUES)})"
            constant = name in stage.settings.accounts.constant or accounts.of_today
            yield Statement(
                "accounts",
                f"SELECT {literal(name + ' looks like an outcome')}, count(*), {literal(name + '=')} || min({column}) "
                f"FROM staged_accounts WHERE _rule IS NULL AND {column} IS NOT NULL AND ({named} OR {valued}) "
                "HAVING count(*) > 0",
                "It is used as known at each as_of; make sure that nobody fills it in after the fact.",
                stops_above=0 if constant else None,
                remedy=f"A constant cannot tell who leaves: take {name} out of [accounts] features, or map known_at.",
            )


def _fault(rule: str, remedy: str) -> Statement:
    sql = f"SELECT {literal(rule)}, 1, ''"
    return Statement("accounts", sql, "", stops_above=0, remedy=remedy, counts_rows=False, fixed=True)

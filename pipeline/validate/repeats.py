"""Checks of keys: rows that say the same thing twice, or two things under one name."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources import literal, quoted
from pipeline.staged import Staged
from pipeline.staging import Stage
from pipeline.validate.statement import Statement, example, kept_for_example

TOO_MANY = 0.2
"""Share of a table's rows above which a repeated key is no slip but an id that means something else."""


def duplicate_keys(stage: Stage) -> Iterator[Statement]:
    """Rows with the same key, known at the same moment: nothing says which of them corrects the other."""
    for table, staged in stage.tables.items():
        if staged.key is None:
            continue
        columns = list(dict.fromkeys(("account_id", *staged.key, *(() if staged.of_today else ("known_at",)))))
        grouped = ", ".join(quoted(name) for name in columns)
        yield Statement(
            table,
            f"SELECT {literal('same ' + ', '.join(columns))}, CAST(sum(rows - 1) AS BIGINT), "
            f"{example(staged, *staged.key)} FROM (SELECT {grouped}{kept_for_example(staged, columns)}, "
            f"count(*) AS rows FROM {staged.name} "
            f"WHERE _rule IS NULL{_identified(staged)} GROUP BY {grouped} HAVING count(*) > 1) HAVING count(*) > 0",
            "Of each such group the last by content is used.",
            TOO_MANY,
            f"More than {TOO_MANY:.0%} of the rows would be taken for corrections of others and not be used. If these "
            f"are lines of one document, map line_id too, or leave {staged.key[0]} unmapped: rows without an id are "
            "all kept.",
        )


def shared_ids(stage: Stage) -> Iterator[Statement]:
    """The same id under two accounts: corrections find their row within one account only."""
    for table, staged in stage.tables.items():
        for name in ids_of(staged):
            yield Statement(
                table,
                f"SELECT {literal('same ' + name + ' under several accounts')}, count(*), min(shown) FROM ("
                f"SELECT {literal(name + '=')} || id || ' under ' || min(account_id) || ' and ' || "
                f"max(account_id) AS shown FROM ({stage.whole.ids(staged, name)}) "
                "GROUP BY id HAVING min(account_id) <> max(account_id)) HAVING count(*) > 0",
                "Each account keeps its rows. If accounts were merged, map account_links.",
                counts_rows=False,
            )


def exact_repeats(stage: Stage) -> Iterator[Statement]:
    """Rows equal in every column where no id tells them apart."""
    for table, staged in stage.tables.items():
        if staged.key is not None or "account_id" not in staged.columns:
            continue
        for position, mapped in enumerate(staged.mapped):
            action = 'They are kept; if they are the same row twice, set on_repeat = "drop" or map an id.'
            if mapped.drop_repeats:
                action = 'They are dropped (on_repeat = "drop").'
            yield Statement(
                table,
                f"SELECT 'exact repeats without an id', CAST(sum(rows - 1) AS BIGINT), {example(staged)} FROM ("
                f"SELECT count(*) AS rows{kept_for_example(staged, [])} "
                f"FROM {staged.name} WHERE _rule IS NULL "
                f"AND _source = {position} GROUP BY _digest HAVING count(*) > 1) HAVING count(*) > 0",
                action,
            )


def several_rates(stage: Stage) -> Iterator[Statement]:
    """Two rates of one currency for one day."""
    if "rates" in stage.tables:
        yield Statement(
            "rates",
            "SELECT 'several rates for one day', count(*), min(shown) FROM (SELECT currency || ' on ' || "
            "CAST(CAST(rate_on AS DATE) AS VARCHAR) AS shown FROM staged_rates WHERE _rule IS NULL "
            "GROUP BY currency, rate_on HAVING min(rate) < max(rate)) HAVING count(*) > 0",
            "The highest is used.",
            counts_rows=False,
        )


def ids_of(staged: Staged) -> list[str]:
    """Return the columns that identify rows of the table, whatever the account."""
    named = {name for key in staged.contract.key for name in key if name.endswith("_id") and name != "account_id"}
    if staged.contract.name == "invoices" and "invoice_id" in staged.columns:
        named.discard("line_id")  # line numbers start anew on every invoice
    return [name for name in staged.columns if name in named]


def _identified(staged: Staged) -> str:
    """Return the SQL that keeps rows with a full id: others are nobody's correction."""
    named = [name for name in staged.key or () if name.endswith("_id") and name != "account_id"]
    return "".join(f" AND {quoted(name)} IS NOT NULL" for name in named)

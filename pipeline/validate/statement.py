"""A check as data: SQL over staged rows, and what its findings mean."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sources import literal, quoted
from pipeline.staged import Staged
from pipeline.validate.findings import Level


@dataclass(frozen=True)
class Statement:
    """A query for one table whose rows are (rule, count, example); no row means nothing was found.

    The count is one of the table's rows, unless `counts_rows` is false; a fourth column says of how many, where that
    is not all of them.

    `action` says what will be done. Above the share `stops_above` of the table's rows a finding is an error, and
    `remedy` is said instead; 0 makes every finding an error, None none.
    """

    table: str
    sql: str
    action: str
    stops_above: float | None = None
    remedy: str = ""
    counts_rows: bool = True

    def verdict(self, count: int, rows: int) -> tuple[Level, str]:
        """Return the level and what will be done, for `count` of the table's `rows`."""
        if self.stops_above is not None and count > self.stops_above * rows:
            return "error", self.remedy
        return "warning", self.action


def example(staged: Staged, *more: str) -> str:
    """Return the SQL of a text that shows one row of a group, always the same; `more` names further columns."""
    named = [*shown_columns(staged), *(name for name in more if name in staged.columns)]
    parts = [f"{literal(name + '=')} || CAST({quoted(name)} AS VARCHAR)" for name in dict.fromkeys(named)]
    parts += ["'found ' || _cell"] if "_cell" in more else []
    return f"min(concat_ws(', ', {', '.join(parts)}))" if parts else "''"


def shown_columns(staged: Staged) -> list[str]:
    """Return the columns that an example shows of every row."""
    return [name for name in ("account_id", "old_id", "currency", staged.contract.occurred) if name in staged.columns]


def kept_for_example(staged: Staged, grouped: list[str]) -> str:
    """Return the SQL that carries what an example shows through a GROUP BY, so that few texts have to be made."""
    return "".join(f", min({quoted(name)}) AS {quoted(name)}" for name in shown_columns(staged) if name not in grouped)

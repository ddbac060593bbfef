"""A check as data: SQL over staged rows, and what its findings mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.sources import literal, quoted
from pipeline.staged import Staged
from pipeline.validate.findings import Level


@dataclass(frozen=True)
class Answer:
    """What a check found of one rule: the smallest example and, first of the numbers, the count.

    Answers from parts of a table, each with all rows of its accounts, add up to that of the whole.
    """

    rule: str
    example: str | None
    numbers: tuple[int, ...]

    def plus(self, other: Answer) -> Answer:
        examples = [text for text in (self.example, other.example) if text is not None]
        numbers = tuple(own + more for own, more in zip(self.numbers, other.numbers, strict=True))
        return Answer(self.rule, min(examples, default=None), numbers)


def counted(answer: Answer) -> Answer | None:
    """Return an answer that counts anything."""
    return answer if answer.numbers[0] else None


@dataclass(frozen=True)
class Statement:
    """A query for one table whose rows are (rule, count, example); no row, or a count of 0, means nothing was found.

    The count is one of the table's rows, unless `counts_rows` is false; a fourth column says of how many, where that
    is not all of them. Further columns are numbers that `tell` needs to make of the rule's answer what is told.
    `adds_up` says whether rows of one rule are parts of one finding where a table is looked at in parts, `fixed` that
    the answer is known without looking at its rows.

    `action` says what will be done. Above the share `stops_above` of the table's rows a finding is an error, and
    `remedy` is said instead; 0 makes every finding an error, None none.
    """

    table: str
    sql: str
    action: str
    stops_above: float | None = None
    remedy: str | Callable[[], str] = ""
    counts_rows: bool = True
    tell: Callable[[Answer], Answer | None] = counted
    adds_up: bool = True
    fixed: bool = False

    def verdict(self, count: int, rows: int) -> tuple[Level, str]:
        """Return the level and what will be done, for `count` of the table's `rows`."""
        if self.stops_above is not None and count > self.stops_above * rows:
            return "error", self.remedy if isinstance(self.remedy, str) else self.remedy()
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

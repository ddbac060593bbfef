"""What a guess consists of: entries of the config, what is left out of it, and what it was unsure of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import available_timezones

from pipeline.discovery.profile import Column, Profile


@dataclass(frozen=True)
class Value:
    """The right side of a mapped column: a source column, an expression or a constant, and a word about it."""

    how: Literal["column", "sql", "const"]
    text: str
    comment: str = ""
    exclude: bool = False
    """Whether it is mapped with role = "exclude", so that it is named and never read."""


@dataclass(frozen=True)
class Through:
    """How rows come by their account, when another table has it."""

    source: str
    on: str
    to: str
    account_id: str


@dataclass
class Entry:
    """One `[[tables.TABLE]]` of the config, as lines of comment, mapped columns and what is left out."""

    table: str
    profile: Profile
    columns: dict[str, Value] = field(default_factory=dict)
    about: list[str] = field(default_factory=list)
    """Comments above the entry."""
    where: str | None = None
    where_comment: str = ""
    through: Through | None = None
    select: str | None = None
    sources: dict[str, Profile] = field(default_factory=dict)
    """Further tables that `select` reads, by the name it uses."""
    notes: list[str] = field(default_factory=list)
    """Comments below the columns: what is not mapped on purpose."""
    offered: dict[str, Value] = field(default_factory=dict)
    """Columns that are written as comments, for the operator to take in."""
    used: set[str] = field(default_factory=set)
    """Source columns that are mapped or spoken of."""

    def take(self, name: str, column: Column, comment: str = "") -> None:
        """Map a source column, through SQL where it is written in a way that only SQL can read."""
        self.used.add(column.name)
        if column.time_sql is not None and column.is_time:
            shown = next(iter(column.values), "")
            said = f"written as {shown}" if shown else ""
            self.columns[name] = Value("sql", column.time_sql, "; ".join(part for part in (comment, said) if part))
        elif column.number is not None:
            said = f"{'decimal comma' if column.number.comma else 'thousands marked'}: {column.number.example}"
            sql = column.number_sql or ""
            self.columns[name] = Value("sql", sql, "; ".join(part for part in (comment, said) if part))
        else:
            self.columns[name] = Value("column", column.name, comment)


@dataclass(frozen=True)
class Question:
    """Something only the user can know: what is asked, what may be answered, the best guess and how it is admitted."""

    text: str
    options: tuple[str, ...]
    default: str
    doubt: str
    """Said where nobody is asked; `{}` stands for the answer."""
    free: Literal["", "currency", "zone"] = ""
    """What may be answered where there are no options."""

    def accepts(self, answer: str) -> bool:
        """Whether this is an answer."""
        if self.free == "currency":
            return len(answer) == 3 and answer.isalpha()
        if self.free == "zone":
            return answer in available_timezones()
        return answer in self.options

    @property
    def expected(self) -> str:
        """What an answer looks like, for those who gave another."""
        if self.free == "currency":
            return "with three letters, say EUR"
        if self.free == "zone":
            return "with the name of a zone, say Europe/Copenhagen or UTC"
        return "with " + " or ".join(self.options)


Ask = Callable[[Question], str]
"""Returns the answer to a question, or its default."""


@dataclass
class Doubts:
    """Asks, or takes the best guess and remembers what it was unsure of."""

    ask: Ask | None = None
    said: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def settle(self, question: Question) -> str:
        """Return the answer, asking for each question only once."""
        if question.text in self.answers:
            return self.answers[question.text]
        if self.ask is None:
            answer = question.default
            self.said.append(question.doubt.format(answer))
        else:
            answer = self.ask(question)
        self.answers[question.text] = answer
        return answer

    def forget(self, beginning: str) -> None:
        """Take back what was said about a table that is not used after all."""
        self.said = [doubt for doubt in self.said if not doubt.startswith(beginning)]

    def admit(self, doubt: str) -> None:
        """Remember something that was guessed and cannot be settled by a question."""
        if doubt not in self.said:
            self.said.append(doubt)

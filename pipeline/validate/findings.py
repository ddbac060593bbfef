"""What a check says: a table of findings, errors first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

from pipeline.errors import ContractError

Level = Literal["error", "warning"]
_SHOWN = 10
_SMALLEST = Decimal("0.1")
"""Percent; smaller shares would be shown as none."""


@dataclass(frozen=True)
class Finding:
    """One rule that rows of a table break: how many, an example, and what will be done about them."""

    level: Level
    rule: str
    table: str
    count: int
    example: str
    action: str
    of: int | None = None
    """The number of rows that were looked at; None where the count is not one of rows."""

    def __str__(self) -> str:
        example = f", for example {self.example}" if self.example else ""
        rows = f"{self.count:,} rows" if self.of is None else f"{self.count:,} of {self.of:,} rows, {self.share}"
        return f"{self.table}: {self.rule} ({rows}{example}). {self.action}"

    @property
    def share(self) -> str:
        """The count's share of the rows looked at, such as "76.6 %"; empty where there is none to tell."""
        if not self.of:
            return ""
        share = Decimal(100 * self.count) / self.of  # exact: 53.85 % is a tie, which a binary fraction would decide
        return f"{share:.1f} %" if share >= _SMALLEST else f"< {_SMALLEST} %"


@dataclass(frozen=True)
class Findings:
    """All findings of a check of the contract, errors first, then by table and rule."""

    rows: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(row for row in self.rows if row.level == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(row for row in self.rows if row.level == "warning")

    def as_data(self) -> list[dict[str, Any]]:
        """Return the findings as plain data, for --json."""
        return [asdict(row) for row in self.rows]

    def refuse_errors(self, where: str) -> None:
        """Raise ContractError with every error, when there is one; `where` names the config."""
        if self.errors:
            faults = [str(row) for row in self.errors[:_SHOWN]]
            if len(self.errors) > _SHOWN:
                faults.append(f"and {len(self.errors) - _SHOWN} more")
            raise ContractError(f"{where}: the data break the contract:\n  " + "\n  ".join(faults))


def in_order(rows: Iterable[Finding]) -> Findings:
    """Return findings sorted: errors first, then by table, rule and example."""
    return Findings(tuple(sorted(rows, key=lambda row: (row.level != "error", row.table, row.rule, row.example))))

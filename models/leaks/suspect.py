"""A column under suspicion: which sign it shows, with the figures, in words for those who run training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Sign = Literal[
    "too good alone", "better with the future", "changed after the fact", "filled after the fact",
    "constant until the event",
]  # fmt: skip


@dataclass(frozen=True)
class Suspect:
    """A column of the rows to learn from, and the first sign by which it gave itself away.

    `source` is what it is made of, as `table.column`; `said` tells the figures in words, `figures` as data.
    """

    column: str
    source: tuple[str, ...]
    sign: Sign
    said: str
    figures: Mapping[str, float]
    attribute: bool

    def plain(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "source": list(self.source),
            "sign": self.sign,
            "said": self.said,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True)
class Checked:
    """What a search looked at and found; `trusted` are suspects that the config vouches for."""

    columns: int
    suspects: Sequence[Suspect] = ()
    trusted: Sequence[Suspect] = field(default=())

    def plain(self) -> dict[str, Any]:
        return {
            "columns": self.columns,
            "suspects": [suspect.plain() for suspect in self.suspects],
            "trusted": [suspect.plain() for suspect in self.trusted],
        }

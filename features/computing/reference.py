"""Reference tables: the whole book's figures by group of accounts at an as_of, cut by the rule that cuts every feature.

An account's features depend on nothing outside its bucket but these. They are whole numbers, so that buckets add up to
the same table in any order and number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

Sums = Mapping[str, Mapping[str, tuple[int, int]]]
"""Figure -> group -> its sum over the group's accounts, in ten-thousandths, and how many accounts those are."""

EVERYBODY = ""
"""The group that every account belongs to."""


@dataclass(frozen=True)
class Reference:
    """The book's figures at one as_of."""

    sums: Sums

    def plus(self, other: Reference) -> Reference:
        """Return the table of both parts of the book."""
        added: dict[str, dict[str, tuple[int, int]]] = {figure: dict(groups) for figure, groups in self.sums.items()}
        for figure, groups in other.sums.items():
            mine = added.setdefault(figure, {})
            for group, (total, accounts) in groups.items():
                before, count = mine.get(group, (0, 0))
                mine[group] = (before + total, count + accounts)
        return Reference(added)

    def plain(self) -> dict[str, dict[str, list[int]]]:
        """Return the sums as JSON has them, in one order."""
        return {
            figure: {group: [*groups[group]] for group in sorted(groups)}
            for figure, groups in sorted(self.sums.items())
        }

    @classmethod
    def of_plain(cls, plain: Mapping[str, Mapping[str, list[int]]]) -> Reference:
        """Return what `plain` wrote."""
        return cls({f: {g: (int(total), int(count)) for g, (total, count) in gs.items()} for f, gs in plain.items()})

    @property
    def digest(self) -> str:
        """The SHA-256 of what the table says."""
        return hashlib.sha256(json.dumps(self.plain()).encode()).hexdigest()

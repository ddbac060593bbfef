"""What workbooks show: the published lists in their own words, of everybody or of one account manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.exports.columns import reason_text
from pipeline.exports.excel import words
from pipeline.months import month_words
from pipeline.store import Run
from pipeline.store.frames import cells, in_order


@dataclass(frozen=True)
class Contents:
    """The lists of one workbook. Frames have the keys of the columns."""

    calls: Sequence[tuple[Run, pd.DataFrame]]
    """Each list's accounts to call, by rank."""
    apart: pd.DataFrame
    """Accounts that are not scored, each once, with `lists`, the targets that leave it out; leaving ones first."""
    missing: Sequence[str] = ()
    """Targets that have no list yet."""
    manager: str | None = None
    """Whose it is, None: everybody's."""

    @property
    def runs(self) -> list[Run]:
        return [run for run, _ in self.calls]

    @property
    def length(self) -> int:
        """Rows of all sheets."""
        return sum(len(rows) for _, rows in self.calls) + len(self.apart)

    def by_manager(self) -> dict[str, Contents]:
        """Return account manager -> what belongs to them, in the order of their names."""
        groups = [dict(list(rows.groupby("account_manager"))) for _, rows in self.calls]
        apart = dict(list(self.apart.groupby("account_manager")))
        people = sorted({str(person) for group in (*groups, apart) for person in group})
        return {
            person: Contents(
                [
                    (run, group.get(person, rows.iloc[:0]))
                    for (run, rows), group in zip(self.calls, groups, strict=True)
                ],
                apart.get(person, self.apart.iloc[:0]),
                self.missing,
                person,
            )
            for person in people
        }


def contents(lists: Sequence[tuple[Run, pd.DataFrame]], missing: Sequence[str], language: str) -> Contents:
    """Return what the workbook of everybody shows: `lists` are runs with their rows, as the store gives them."""
    shown = [(run, _in_words(run, in_order(rows), language)) for run, rows in lists]
    calls = [(run, rows[rows["rank"].notna()]) for run, rows in shown]
    return Contents(calls, _apart([rows[rows["rank"].isna()] for _, rows in shown]), missing)


def _in_words(run: Run, rows: pd.DataFrame, language: str) -> pd.DataFrame:
    shown: dict[str, list[Any]] = {
        "reasons": ["\n".join(map(_line, reasons)) or None for reasons in rows["reasons"]],
        "section": [words.SECTIONS.get(section, {}).get(language, section) for section in rows["section"]],
        "change": [None if change is None else words.change(change, language) for change in cells(rows["change"])],
        "likely_month": [month and month_words(month, language) for month in cells(rows["likely_month"])],
    }
    shown |= {"target": [run.target] * len(rows), "as_of": [run.as_of] * len(rows)}
    return rows.assign(**{name: pd.Series(column, rows.index, object) for name, column in shown.items()})


def _line(reason: Any) -> str:
    role = reason.get("role") if isinstance(reason, Mapping) else None
    return f"{words.ROLES.get(role, words.FACT)} {reason_text(reason)}"


def _apart(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all lists as one, an account's figures from the first list that has them."""
    rows = pd.concat(frames, ignore_index=True).assign(order=range(sum(map(len, frames))))
    if rows.empty:
        return rows.assign(lists=None)
    groups = rows.groupby(["section", "account_id"], sort=False)
    merged = groups.first().assign(lists=groups["target"].agg(", ".join))
    return merged.sort_values("order").reset_index()

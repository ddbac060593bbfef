"""What changed on a list since the run before: who is new, who moved, and who is no longer on it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Changes:
    """A list compared with the one before it."""

    rows: pd.DataFrame
    """The rows with `change` ("new", "up 3", "down 2", "same") and `previous_probability`."""
    left: pd.DataFrame
    """Accounts that were to be called and no longer are: account_id, name, account_manager, previous_rank,
    previous_probability and now ("leaving", "too_new" or "off the list"), by previous rank."""


def change_since(previous: pd.DataFrame | None, rows: pd.DataFrame) -> Changes:
    """Compare a list's rows with those of the previous run (as `Store.rows` gives them); None: there was none.

    Ranks are compared among rows to call. A leaving or too new account is "new" when it was not in that section
    before. Without a previous list both columns are blank, since everything would be new.
    """
    if previous is None:
        columns = {"change": None, "previous_probability": float("nan")}
        return Changes(rows.assign(**columns), _left(rows.iloc[:0], rows))
    before = previous.set_index("account_id")
    section = rows["account_id"].map(before["section"])
    moved = rows["account_id"].map(before["rank"]).astype("Int64") - rows["rank"].astype("Int64")
    change = ["new" if was != now else _moved(by) for was, now, by in zip(section, rows["section"], moved, strict=True)]
    compared = rows.assign(
        change=pd.Series(change, index=rows.index, dtype=object),
        previous_probability=rows["account_id"].map(before["probability"]).astype("float64"),
    )
    return Changes(compared, _left(previous, rows))


def _moved(by: int) -> str:
    if pd.isna(by) or by == 0:
        return "same"
    return f"up {by}" if by > 0 else f"down {-by}"


def _left(previous: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    now = previous["account_id"].map(rows.set_index("account_id")["section"]).astype(object)
    gone = previous.assign(now=now.where(now.notna(), "off the list"))
    gone = gone[(previous["section"] == "call") & (gone["now"] != "call")].sort_values("rank", ignore_index=True)
    # The previous list has a `previous_probability` of its own, of the list before it.
    kept = gone[["account_id", "name", "account_manager", "rank", "probability", "now"]]
    return kept.rename(columns={"rank": "previous_rank", "probability": "previous_probability"})

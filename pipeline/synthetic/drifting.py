"""A change in how the firm records what happens, from a day on: what a monitor has to find, and no account did."""

from __future__ import annotations

from numpy.typing import NDArray

from pipeline.asof import DAY

RECORDED = 0.5
"""Share of the minutes of use that are recorded from the change on: the product counts them in another way."""

RECORDED_AS = ("email", "call")
"""Half of the first kind are recorded as the second from the change on."""

MONTH = 365.25 / 12


def day_of_month(first_day: int, month: int) -> int:
    """Return the first day of the `month`-th month after `first_day`, both in days since 1970."""
    return first_day + round(month * MONTH)


def record_otherwise(rows: dict[str, NDArray], kinds: tuple[str, ...], day: int) -> None:
    """Change rows of interactions that occurred on `day` or later, in place; nothing is drawn."""
    since = rows["occurred"] >= day * DAY
    used = since & (rows["kind"] == kinds.index("usage"))
    rows["quantity"][used] = (rows["quantity"][used] * RECORDED).round(1)
    before, after = (kinds.index(kind) for kind in RECORDED_AS)
    other = since & (rows["kind"] == before) & (rows["number"] % 2 == 1)
    rows["kind"][other] = after

"""The second currency: accounts in Denmark are contracted and invoiced in kroner, which are pegged to the euro.

The chain knows euros alone. A Danish contract is the euro contract times PAR, and is converted back by the rate of the
day on which its version starts. Rates stay within MOVE of par, so MRR in euros grows by the chain's factors within one
part in a thousand. By default `oracle` asks for growth of 10 %: the nearest that the chain can reach are 1.06 x 1.028 =
1.0897 and 1.06 x 1.047 = 1.1098, nine parts in a thousand away, so every label is what it would be in euros and the
probabilities stay exact. For another `min_growth` they are exact where 1 + min_growth lies further than MOVE x 2 from
1.06 ** n times a price rise.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.population import COUNTRIES, Population

CURRENCIES = ("EUR", "DKK")
KRONER = CURRENCIES.index("DKK")

PAR = 7.46
"""Kroner per euro."""

MOVE = 0.0005
"""Share by which a month's rate may lie off par."""

EARLIER_DAYS = 3200
"""Days before the company's first day from which rates are known: contracts may be that old."""


def currency_of(people: Population) -> NDArray[np.int64]:
    """Return per account a position in CURRENCIES."""
    return np.where(people.country == COUNTRIES.index("DK"), KRONER, 0)


def in_own_currency(euros: NDArray[np.float64], currency: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return amounts in the currency at each position, to the cent."""
    return np.asarray(np.round(np.where(currency == KRONER, euros * PAR, euros), 2), dtype=np.float64)


def rates(first_day: int, last_day: int, rng: np.random.Generator) -> pa.Table:
    """Return a rate of the krone per month: euros per krone, from the first of the month on."""
    start, end = (np.datetime64(day, "D").astype("datetime64[M]") for day in (first_day - EARLIER_DAYS, last_day))
    days = np.arange(start, end + 1).astype("datetime64[D]")
    # A walk that is drawn back to par, as a pegged rate is.
    off = np.zeros(len(days))
    for month, step in enumerate(rng.normal(0, 0.0002, len(days) - 1), 1):
        off[month] = np.clip(0.8 * off[month - 1] + step, -MOVE, MOVE)
    return pa.table(
        {
            "currency": pa.array(["DKK"] * len(days)),
            "rate_on": pa.array(days.astype(np.int64) * DAY, pa.timestamp("us", tz="UTC")),
            "rate": np.round(1 / (PAR * (1 + off)), 7),
        }
    )

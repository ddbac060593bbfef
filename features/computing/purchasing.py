"""A compiled pass: how likely it is that an account still buys, and how often it will, by the purchases it has made.

The BG/NBD model (Fader, Hardie and Lee 2005, "Counting your customers the easy way"): while it lives an account buys
at a rate of its own, and after each purchase it may leave. Nothing but sums, products and square roots is used, so that
the same purchases give the same bits on every processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.computing.compiled import INTS, compiled

ALPHA, B = 60.0, 6.0
"""The prior, for any firm: r = 1/2 and alpha = 60, a purchase in 120 days on average with most accounts below that; a =
2 and b = 6, one account in four leaves after a purchase. Accounts' own purchases soon outweigh it."""

_OUT = "Array(float64, 1, 'C')"


@compiled(INTS, INTS, INTS, "float64", _OUT, _OUT)
def purchasing(repeats: Any, between: Any, age: Any, ahead: float, alive: Any, expected: Any) -> None:
    """Fill in the probability of being alive, and the number of purchase days expected in the `ahead` days to come.

    Per account: purchase days after the first, days from the first to the last, and days from the first to now;
    negative repeats mark an account without purchases, whose figures stay as they are.

    P(alive) is equation (7) of Fader, Hardie and Lee (2008, "Computing P(alive) using the BG/NBD model"). The
    expectation is equation (10) of the paper of 2005, with Euler's transformation of its hypergeometric function:
    for a = 2 the factor (1 - z)**(a - 1) is 1 - z, and the series converges fast however often the account bought.
    """
    for account in range(len(repeats)):
        x = repeats[account]
        if x < 0:
            continue
        chance = 1.0
        if x > 0:
            ratio = (ALPHA + age[account]) / (ALPHA + between[account])
            odds = 2.0 / (B + x - 1) * np.sqrt(ratio)
            power, left = ratio, x
            while left > 0:  # odds times ratio ** x
                if left & 1:
                    odds *= power
                power *= power
                left >>= 1
            chance = 1.0 / (1.0 + odds)
        z = ahead / (ALPHA + age[account] + ahead)
        term, series, n = 1.0, 1.0, 0
        while term > 1e-12:
            term *= (B + 0.5 + n) / (B + 1 + x + n) * z
            series += term
            n += 1
        alive[account] = chance
        expected[account] = (B + 1 + x) * (1.0 - (1.0 - z) * series) * chance

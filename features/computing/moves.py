"""A compiled pass over what changes in contracts: how an account's MRR moved from one instant to the next."""

from __future__ import annotations

from typing import Any

from features.computing.compiled import INTS, compiled

ROSE, FELL, PRICED, RETURNED = range(4)
"""What a move is: MRR rose or fell with its seats or lines, rose without either, or it came back from nothing."""

LEAST = 200
"""Moves of at most one part in so many are none: exchange rates make them."""

_OUT = "Array(int64, 2, 'C')"


@compiled(INTS, INTS, INTS, INTS, INTS, _OUT, _OUT, _OUT)
def contract_moves(
    account: Any, instant: Any, mrr: Any, seats: Any, lines: Any, last: Any, before: Any, after: Any
) -> None:
    """Fill in, per kind of move and account, the instant of the last one, and MRR before and after it.

    A change, of which there is one per row, adds `mrr`, `seats` and `lines` (or takes them away) at an instant; rows
    ascend by account, then instant, and all that changes at one instant is one move. MRR that rises without more
    lines or seats is a price; a fall is one whatever changed, but for one to nothing, which is the contract's end.
    """
    row = 0
    while row < len(account):
        owner = account[row]
        held, placed, count = 0, 0, 0
        ever = False
        while row < len(account) and account[row] == owner:
            now = instant[row]
            was, seated, counted = held, placed, count
            while row < len(account) and account[row] == owner and instant[row] == now:
                held += mrr[row]
                placed += seats[row]
                count += lines[row]
                row += 1
            kind = -1
            if was <= 0:
                if held > 0 and ever:
                    kind = RETURNED
            elif (held - was) * LEAST > was:
                kind = ROSE if placed > seated or count > counted else PRICED
            elif held > 0 and (was - held) * LEAST > was:
                kind = FELL
            if kind >= 0:
                last[kind, owner], before[kind, owner], after[kind, owner] = now, was, held
            ever = ever or held > 0

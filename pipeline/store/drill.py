"""The kill drill: named points of publishing and exporting at which a rehearsal can end the process by force.

With the environment variable KEEPGROW_KILL_AT set to one of POINTS, the process sends itself SIGKILL there, as a
power cut or the out-of-memory killer would. Without it the points do nothing.
"""

from __future__ import annotations

import os
import signal

from pipeline.errors import StoreError, nearest

VARIABLE = "KEEPGROW_KILL_AT"

POINTS = (
    "begun",
    "run_written",
    "rows_half_written",
    "rows_written",
    "scores_written",
    "audited",
    "flipped",
    "committed",
    "export_begun",
    "export_written",
    "export_renamed",
)
"""In the order they are passed. Up to `flipped` readers see the old list, from `committed` on the new one."""


def reached(point: str) -> None:
    """Kill this process when KEEPGROW_KILL_AT names `point`.

    Raises StoreError when the variable names no point at all, so that a mistyped drill is not taken for a passed one.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    if wanted not in POINTS:
        raise StoreError(f"{VARIABLE} names no point of the kill drill: {wanted!r}; {nearest(wanted, POINTS)}")
    if wanted == point:
        os.kill(os.getpid(), signal.SIGKILL)

"""Lets the tests of this folder import the random histories, and the slow features of the oracle, by their names."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("laws", "oracle"):
    path = str(Path(__file__).parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)

"""Lets the tests of this folder import the slow features, and the random histories of the laws, by their names."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("laws", "oracle"):
    path = str(Path(__file__).parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)

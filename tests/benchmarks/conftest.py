"""Lets tests import the benchmark scripts beside them, as the scripts import one another."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

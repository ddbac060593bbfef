"""The simulation of intervals, on a few books: that it runs, and that what it measures is near what is claimed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("books_drawn_again", Path(__file__).with_name("interval_coverage.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_without_signal_a_small_book_is_not_enough_data(coverage: ModuleType) -> None:
    """Twelve books: nine in ten are to say so, and fewer than ten of twelve would be very bad luck (2 %)."""
    told = coverage.simulate(200, 0.0, 12, future=3000)
    assert told["not enough data"].hits >= 10
    assert told["AUC 0.95"].hits >= 10
    assert told["AUC 0.90"].hits <= told["AUC 0.95"].hits


def test_the_same_draws_give_the_same_tallies(coverage: ModuleType) -> None:
    once, again = (coverage.simulate(200, 1.0, 1, future=1000) for _ in range(2))
    assert once == again

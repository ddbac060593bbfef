"""Errors people can mend, and the names offered instead of a wrong one."""

from __future__ import annotations

import inspect

import pytest

from pipeline import errors
from pipeline.errors import KeepgrowError, nearest


def test_every_error_has_one_base():
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    assert KeepgrowError in classes
    assert all(issubclass(each, KeepgrowError) for each in classes if each.__module__ == errors.__name__)


@pytest.mark.parametrize(
    ("name", "candidates", "said"),
    [
        ("custmer_id", ["customer_id", "amount"], "did you mean 'customer_id'?"),
        ("Customer_ID", ["customer_id", "amount"], "did you mean 'customer_id'?"),
        ("amount", ["AMOUNT"], "did you mean 'AMOUNT'?"),
        ("colour", ["day", "amount"], "present are: 'amount', 'day'"),
        ("colour", [], "none are present"),
    ],
)
def test_the_nearest_names_are_offered(name, candidates, said):
    assert nearest(name, candidates) == said


def test_several_near_names():
    assert nearest("paid", ["paid_at", "paid_on", "due"]) in (
        "did you mean 'paid_at' or 'paid_on'?",
        "did you mean 'paid_on' or 'paid_at'?",
    )


def test_names_that_differ_in_capitals_only_are_both_kept_apart():
    assert nearest("amount", ["Amount", "amount"]) == "did you mean 'amount'?"


def test_a_long_list_is_cut():
    said = nearest("zzz", [f"column_{n}" for n in range(40)])
    assert said.endswith("and 20 more")
    assert said.count("'") == 40

from __future__ import annotations

from datetime import date

from features.accounts import Observed
from features.billing import SPEND
from features.catalogue import FEATURES
from features.derived import Trend
from features.interactions import LOGINS, USAGE
from features.needs import Need, needs
from features.spec import ALL, Aggregate, Derived, expand
from features.words import Words
from pipeline.tables import HISTORY_TABLES

MARCH = date(2025, 3, 31)
APRIL = date(2025, 4, 30)


def test_the_widest_window_before_the_earliest_as_of_bounds_the_days() -> None:
    assert needs(expand([LOGINS]), [APRIL, MARCH]) == {"interactions": Need(("kind",), date(2024, 12, 31))}


def test_the_window_before_a_window_counts_too() -> None:
    assert needs(expand([Trend(LOGINS, windows=(30,))]), [MARCH])["interactions"].since == date(2025, 1, 30)


def test_a_figure_over_all_history_wants_all_days() -> None:
    spend = Aggregate("spend", "invoices", "sum", Words("spend", "køb"), column="amount", windows=(30, ALL))
    assert needs(expand([spend]), [MARCH]) == {"invoices": Need(("amount",), None)}


def test_tables_and_columns_are_those_that_any_feature_reads() -> None:
    found = needs(expand([USAGE, SPEND]), [MARCH])
    assert {table: need.columns for table, need in found.items()} == {
        "interactions": ("kind", "quantity"),
        "invoices": ("amount",),
    }


def test_a_measure_that_names_no_table_looks_at_all_rows_of_every_table() -> None:
    observed = Derived("days_observed", Observed(), Words("{value}", "{value}"))
    assert needs(expand([observed]), [MARCH]) == dict.fromkeys(HISTORY_TABLES, Need((), None))


def test_without_dates_no_day_bounds_anything() -> None:
    assert needs(expand([LOGINS]), []) == {"interactions": Need(("kind",), None)}


def test_the_whole_catalogue_needs_every_table() -> None:
    assert set(needs(FEATURES, [MARCH])) == set(HISTORY_TABLES)

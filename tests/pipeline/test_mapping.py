"""How source columns become contract columns: names, constants, SQL; time zones, dates, late columns, money, links."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pipeline.errors import ContractError, SettingsError, SourceError
from pipeline.links import follow_links
from pipeline.staging import stage

DAY = date(2025, 1, 1)
at = datetime.fromisoformat


def refused(firm, error, **parts):
    with pytest.raises(error) as caught, stage(firm.settings(**parts), DAY):
        pass
    return str(caught.value)


def invoices(firm, text, **mapping):
    return {"source": firm.csv("lines.csv", text), **mapping}


PLAIN = "customer,day,quantity,price\na,2024-05-01,2,1.25\nb,2024-05-02,-1,4"
COLUMNS = {"account_id": "customer", "issued_at": "day", "amount": {"sql": "quantity * price"}}


# ---- columns ----


def test_a_name_a_constant_and_an_expression(firm):
    columns = COLUMNS | {"product": {"const": "O'Hara"}, "quantity": {"const": 3}}
    settings = firm.settings(tables={"invoices": invoices(firm, PLAIN, columns=columns)})
    assert firm.rows(settings, "invoices", "account_id, amount, product, quantity") == [
        ("a", 25000, "O'Hara", 30000),
        ("b", -40000, "O'Hara", 30000),
    ]


def test_constants_of_every_kind(firm):
    columns = {
        "account_id": "customer",
        "started_at": {"const": date(2024, 1, 31)},
        "mrr": {"const": 9.5},
        "auto_renew": {"const": True},
    }
    settings = firm.settings(tables={"subscriptions": invoices(firm, PLAIN, columns=columns)})
    assert firm.rows(settings, "subscriptions", "started_at, mrr, auto_renew, known_at")[0] == (
        at("2024-01-31"), 95000, True, at("2024-02-01"),
    )  # fmt: skip


def test_without_columns_the_contracts_own_names_are_taken(firm):
    text = "Account_ID,issued_at,amount,colour\na,2024-05-01,1,red"
    settings = firm.settings(tables={"invoices": invoices(firm, text)})
    with stage(settings, DAY) as staged:
        assert staged.tables["invoices"].columns == ("account_id", "issued_at", "amount")


def test_a_whole_query(firm):
    query = "SELECT customer AS account_id, max(day) AS issued_at, sum(price) AS amount FROM source GROUP BY 1"
    for end in ("", ";", " -- by customer"):
        settings = firm.settings(tables={"invoices": invoices(firm, PLAIN, select=query + end)})
        assert firm.rows(settings, "invoices", "account_id, amount") == [("a", 12500), ("b", 40000)]


def test_a_query_may_name_its_own_files_from_the_configs_root(firm):
    firm.csv("lines.csv", PLAIN)
    query = "SELECT customer AS account_id, day AS issued_at, price AS amount FROM 'lines.csv'"
    assert len(firm.rows(firm.settings(tables={"invoices": {"select": query}}), "invoices", "amount")) == 2


def test_further_attributes_belong_to_accounts_only(firm):
    columns = {"account_id": "customer", "colour": {"const": "red"}}
    settings = firm.settings(tables={"accounts": invoices(firm, PLAIN, columns=columns)})
    assert firm.rows(settings, "accounts", "account_id, colour")[0] == ("a", "red")
    with pytest.raises(SettingsError, match=r"columns.colour: no such column in the contract"):
        firm.settings(tables={"invoices": invoices(firm, PLAIN, columns=columns)})


def test_excluded_attributes_are_not_even_read(firm):
    columns = {"account_id": "customer", "segment": {"column": "price", "role": "exclude"}}
    settings = firm.settings(tables={"accounts": invoices(firm, PLAIN, columns=columns)})
    with stage(settings, DAY) as staged:
        table = staged.tables["accounts"]
        assert (table.columns, table.excluded) == (("account_id",), {"segment"})


def test_several_sources_feed_one_table(firm):
    firm.csv("old.csv", "account_id,issued_at,amount\na,2023-05-01,1")
    firm.csv("new.csv", "account_id,issued_at,amount,product\na,2024-05-01,2,tea")
    settings = firm.settings(tables={"invoices": [{"source": "old.csv"}, {"source": "new.csv"}]})
    assert firm.rows(settings, "invoices", "amount, product") == [(10000, None), (20000, "tea")]


def test_where_counts_what_it_leaves_out(firm):
    settings = firm.settings(tables={"invoices": invoices(firm, PLAIN, columns=COLUMNS, where="quantity > 0")})
    with stage(settings, DAY) as staged:
        assert (staged.tables["invoices"].rows_in, staged.tables["invoices"].left_out) == (2, 1)


def test_where_that_leaves_nothing(firm):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS, where="quantity > 100")}
    assert "`where` leaves none of the 2 rows" in refused(firm, SourceError, tables=tables)


# ---- what is refused ----


def test_a_missing_column_names_the_nearest(firm):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS | {"account_id": "custmer"})}
    message = refused(firm, SourceError, tables=tables)
    assert "firm.toml: tables.invoices.columns.account_id: the source has no column 'custmer'" in message
    assert "did you mean 'customer'?" in message


def test_a_missing_excluded_column_is_an_error_too(firm):
    columns = {"account_id": "customer", "gender": {"column": "sex", "role": "exclude"}}
    assert "no column 'sex'" in refused(firm, SourceError, tables={"accounts": invoices(firm, PLAIN, columns=columns)})


def test_a_required_column_that_is_not_mapped(firm):
    columns = {"account_id": "customer", "issued_at": "day"}
    message = refused(firm, ContractError, tables={"invoices": invoices(firm, PLAIN, columns=columns)})
    assert "required and not mapped: 'amount'" in message
    assert "'price'" in message


def test_the_second_source_is_named(firm):
    firm.csv("old.csv", "account_id,issued_at,amount\na,2023-05-01,1")
    tables = {"invoices": [{"source": "old.csv"}, {"source": "old.csv", "columns": {"account_id": "x"}}]}
    assert "tables.invoices[1].columns.account_id" in refused(firm, SourceError, tables=tables)


def test_a_query_that_returns_nothing_of_the_contract(firm):
    tables = {"invoices": invoices(firm, PLAIN, select="SELECT customer FROM source")}
    assert "none of the columns it returns is in the contract" in refused(firm, ContractError, tables=tables)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("quantity * prize", 'Referenced column "prize" not found'),
        ("quantity * ", "syntax error"),
        ("CAST(customer AS INTEGER)", "Could not convert string 'a' to INT32"),
        ("error('no price')", "no price"),
    ],
)
def test_sql_that_fails_names_table_and_column(firm, sql, said):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS | {"amount": {"sql": sql}})}
    message = refused(firm, SourceError, tables=tables)
    assert f"firm.toml: tables.invoices.columns.amount: cannot compute {sql.strip()}" in message
    assert "DuckDB says:" in message
    assert said in message


def test_a_condition_that_fails(firm):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS, where="quantty > 0")}
    message = refused(firm, SourceError, tables=tables)
    assert "tables.invoices.where: cannot compute quantty > 0" in message


def test_a_whole_query_that_fails(firm):
    tables = {"invoices": invoices(firm, PLAIN, select="SELECT nothing FROM source")}
    assert 'tables.invoices.select: DuckDB says: Binder Error: Referenced column "nothing"' in refused(
        firm, SourceError, tables=tables
    )


def test_a_whole_query_that_fails_on_a_row(firm):
    query = "SELECT customer AS account_id, day AS issued_at, CAST(customer AS INTEGER) AS amount FROM source"
    tables = {"invoices": invoices(firm, PLAIN, select=query)}
    assert "tables.invoices.select: DuckDB says: Conversion Error" in refused(firm, SourceError, tables=tables)


@pytest.mark.parametrize(
    ("column", "sql", "said"),
    [
        ("amount", "DATE '2024-01-01'", "expected a number; found DATE, for example 2024-01-01"),
        ("amount", "true", "expected a number; found BOOLEAN"),
        ("issued_at", "1714521600", "expected a date or a timestamp; found INTEGER, for example 1714521600"),
        ("account_id", "DATE '2024-01-01'", "expected an id, a text or a whole number; found DATE"),
        ("product", "['a']", "expected a text; found VARCHAR[]"),
    ],
)
def test_a_column_of_the_wrong_type(firm, column, sql, said):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS | {column: {"sql": sql}})}
    message = refused(firm, ContractError, tables=tables)
    assert f"tables.invoices.columns.{column}: {said}" in message


def test_a_column_without_any_value_has_no_wrong_type(firm):
    source = firm.parquet(
        "lines.parquet",
        "SELECT 'a' AS account_id, DATE '2024-05-01' AS issued_at, 1 AS amount, CAST(NULL AS INTEGER) AS paid_at",
    )
    settings = firm.settings(tables={"invoices": {"source": source}})
    assert firm.rows(settings, "invoices", "paid_at, paid_at__known") == [(None, None)]


# ---- cells ----


def test_ids_that_became_floats_are_whole_again(firm):
    source = firm.parquet(
        "lines.parquet", "SELECT CAST(17850 AS DOUBLE) AS account_id, DATE '2024-05-01' AS issued_at, 1 AS amount"
    )
    assert firm.rows(firm.settings(tables={"invoices": {"source": source}}), "invoices", "account_id") == [("17850",)]


@pytest.mark.parametrize(
    ("sql", "ten_thousandths"),
    [
        ("0.00005", 1),
        ("-0.00005", -1),
        ("0.1 + 0.2", 3000),
        ("CAST(12.345678 AS DECIMAL(18,6))", 123457),
        ("1e11", 10**15),
    ],
)
def test_numbers_are_whole_ten_thousandths(firm, sql, ten_thousandths):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS | {"amount": {"sql": sql}})}
    assert firm.rows(firm.settings(tables=tables), "invoices", "amount, _rule")[0] == (ten_thousandths, None)


@pytest.mark.parametrize(("word", "flag"), [("yes", True), ("N", False), ("1", True), ("0", False), ("", None)])
def test_flags_are_read_from_words(firm, word, flag):
    text = f"account_id,started_at,mrr,auto_renew\na,2024-05-01,5,{word}"
    settings = firm.settings(tables={"subscriptions": invoices(firm, text)})
    assert firm.rows(settings, "subscriptions", "auto_renew, _rule") == [(flag, None)]


# ---- time ----

WINTER_NOON = at("2024-01-15 11:00")


@pytest.mark.parametrize(
    ("sql", "occurred", "known"),
    [
        ("TIMESTAMP '2024-01-15 12:00'", WINTER_NOON, WINTER_NOON),
        ("TIMESTAMP '2024-07-15 12:00'", at("2024-07-15 10:00"), at("2024-07-15 10:00")),
        ("TIMESTAMPTZ '2024-01-15 12:00+01'", WINTER_NOON, WINTER_NOON),
        ("'2024-01-15 12:00:00'", WINTER_NOON, WINTER_NOON),
        ("'2024-01-15T11:00:00Z'", WINTER_NOON, WINTER_NOON),
        ("'2024-01-15T13:00:00+02:00'", WINTER_NOON, WINTER_NOON),
        ("DATE '2024-01-15'", at("2024-01-15"), at("2024-01-16")),
        ("'2024-01-15'", at("2024-01-15"), at("2024-01-16")),
    ],
)
def test_naive_timestamps_are_read_in_the_zone_and_dates_never_shift(firm, sql, occurred, known):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS | {"issued_at": {"sql": sql}})}
    settings = firm.settings(tables=tables, time={"zone": "Europe/Copenhagen"})
    assert firm.rows(settings, "invoices", "issued_at, known_at")[0] == (occurred, known)


def test_a_known_at_timestamp_wins_over_the_next_midnight(firm):
    text = "account_id,issued_at,amount,known_at\na,2024-05-01,1,2024-05-01 08:00:00\nb,2024-05-01,1,"
    settings = firm.settings(tables={"invoices": invoices(firm, text)})
    assert firm.rows(settings, "invoices", "account_id, known_at") == [
        ("a", at("2024-05-01 08:00")),
        ("b", at("2024-05-02")),
    ]


def test_a_known_at_date_is_known_at_the_next_midnight(firm):
    text = "account_id,issued_at,amount,known_at\na,2024-05-01,1,2024-05-09"
    settings = firm.settings(tables={"invoices": invoices(firm, text)})
    assert firm.rows(settings, "invoices", "known_at") == [(at("2024-05-10"),)]


def test_accounts_without_known_at_get_none(firm):
    settings = firm.settings(tables={"accounts": invoices(firm, "account_id,opened_at\na,2024-05-01")})
    with stage(settings, DAY) as staged:
        assert staged.tables["accounts"].stored == ("account_id", "opened_at")


# ---- late columns ----


def test_a_late_column_is_known_at_its_own_value(firm):
    text = "account_id,issued_at,amount,paid_at,voided_at\na,2024-05-01,1,2024-06-01 09:00:00,2024-07-01"
    settings = firm.settings(tables={"invoices": invoices(firm, text)})
    assert firm.rows(settings, "invoices", "paid_at__known, voided_at__known") == [
        (at("2024-06-01 09:00"), at("2024-07-02"))
    ]


def test_a_mapping_may_name_another_column_for_when_it_was_known(firm):
    text = (
        "account_id,issued_at,amount,paid_at,booked\na,2024-05-01,1,2024-06-01,2024-06-20\nb,2024-05-01,1,2024-06-01,"
    )
    settings = firm.settings(tables={"invoices": invoices(firm, text, late={"paid_at": "booked"})})
    assert firm.rows(settings, "invoices", "account_id, paid_at, paid_at__known") == [
        ("a", at("2024-06-01"), at("2024-06-21")),
        ("b", at("2024-06-01"), at("2024-06-02")),
    ]


def test_late_may_name_a_column_of_a_whole_query(firm):
    query = (
        "SELECT customer AS account_id, day AS issued_at, price AS amount, day AS paid_at, day + 9 AS told FROM source"
    )
    settings = firm.settings(tables={"invoices": invoices(firm, PLAIN, select=query, late={"paid_at": "told"})})
    assert firm.rows(settings, "invoices", "paid_at__known")[0] == (at("2024-05-11"),)


def test_late_is_for_late_columns(firm):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS, late={"amount": "day"})}
    assert "late.amount: only a late column" in refused(firm, ContractError, tables=tables)


def test_late_names_a_column_of_the_source(firm):
    tables = {"invoices": invoices(firm, PLAIN, columns=COLUMNS | {"paid_at": "day"}, late={"paid_at": "dey"})}
    assert "late.paid_at: the source has no column 'dey'; did you mean 'day'?" in refused(
        firm, SourceError, tables=tables
    )


def test_an_end_is_known_when_notice_was_given_else_at_the_end(firm):
    text = """
        account_id,started_at,mrr,ended_at,end_known_at,end_reason
        a,2024-01-01,5,2024-06-30,2024-04-01,price
        b,2024-01-01,5,2024-06-30,,price
        c,2024-01-01,5,,,
    """
    settings = firm.settings(tables={"subscriptions": invoices(firm, text)})
    assert firm.rows(settings, "subscriptions", "account_id, ended_at__known, end_reason__known") == [
        ("a", at("2024-04-02"), at("2024-04-02")),
        ("b", at("2024-07-01"), at("2024-07-01")),
        ("c", None, None),
    ]


def test_inclusive_ends_count_their_last_day(firm):
    text = "account_id,started_at,mrr,ended_at\na,2024-01-01,5,2024-06-30"
    for ends, ended in (("exclusive", at("2024-06-30")), ("inclusive", at("2024-07-01"))):
        settings = firm.settings(tables={"subscriptions": invoices(firm, text, ends=ends)})
        assert firm.rows(settings, "subscriptions", "ended_at, ended_at__known") == [(ended, at("2024-07-01"))]


def test_an_inclusive_timestamp_ends_with_its_local_day(firm):
    text = "account_id,started_at,mrr,ended_at\na,2024-01-01 00:00:00,5,2024-06-30 23:59:59"
    tables = {"subscriptions": invoices(firm, text, ends="inclusive")}
    settings = firm.settings(tables=tables, time={"zone": "Europe/Copenhagen"})
    assert firm.rows(settings, "subscriptions", "ended_at") == [(at("2024-06-30 22:00"),)]


def test_far_future_ends_mean_open(firm):
    text = "account_id,started_at,mrr,ended_at,renews_at\na,2024-01-01,5,9999-12-31,2999-01-01"
    settings = firm.settings(tables={"subscriptions": invoices(firm, text)})
    assert firm.rows(settings, "subscriptions", "ended_at, ended_at__known, renews_at, _rule, _notes") == [
        (None, None, None, None, "renews_at open,ended_at open")
    ]


# ---- money ----

SALES = """
    account_id,issued_at,amount,currency
    a,2024-03-01,10,EUR
    a,2024-03-01,10,usd
    a,2024-03-15,10,USD
    a,2024-03-31,10,
"""
RATES = "currency,rate_on,rate\nUSD,2024-02-01,0.9\nUSD,2024-03-15,0.5\nUSD,2024-03-20,0.1\nJPY,2024-01-01,0.00612345"


def test_money_is_converted_by_the_latest_rate_of_the_day_or_before(firm):
    tables = {"invoices": invoices(firm, SALES), "rates": {"source": firm.csv("rates.csv", RATES)}}
    rows = firm.rows(firm.settings(tables=tables), "invoices", "issued_at, amount, currency")
    assert [(issued.day, amount, code) for issued, amount, code in rows] == [
        (1, 90000, "USD"), (1, 100000, "EUR"), (15, 50000, "USD"), (31, 100000, "EUR"),
    ]  # fmt: skip


def test_small_rates_keep_their_digits(firm):
    text = "account_id,issued_at,amount,currency\na,2024-03-01,100000,JPY"
    tables = {"invoices": invoices(firm, text), "rates": {"source": firm.csv("rates.csv", RATES)}}
    assert firm.rows(firm.settings(tables=tables), "invoices", "amount") == [(6123450,)]


@pytest.mark.parametrize("with_rates", [True, False])
def test_money_without_a_rate_is_never_summed(firm, with_rates):
    text = "account_id,issued_at,amount,currency\na,2024-01-31,10,USD\na,2024-02-01,10,EUR"
    tables = {"invoices": invoices(firm, text)}
    if with_rates:
        tables["rates"] = {"source": firm.csv("rates.csv", RATES)}
    assert firm.rows(firm.settings(tables=tables), "invoices", "amount, _rule") == [
        (100000, None),
        (None, "currency without a rate"),
    ]


# ---- links ----


def test_links_lead_to_the_account_that_carries_on(firm):
    firm.csv("links.csv", "old_id,new_id,known_at\na,b,2024-01-01\nb,c,2024-02-01\nc,d,2024-06-01")
    text = "account_id,issued_at,amount\na,2024-01-01,1\nc,2024-01-01,2"
    tables = {"invoices": invoices(firm, text), "account_links": {"source": "links.csv"}}
    settings = firm.settings(tables=tables)
    assert firm.rows(settings, "invoices", "account_id", date(2024, 6, 3)) == [("d",), ("d",)]
    # A date is known at the next midnight, and a row is visible after that.
    assert firm.rows(settings, "invoices", "account_id", date(2024, 6, 2)) == [("c",), ("c",)]
    assert firm.rows(settings, "invoices", "account_id", date(2023, 1, 1)) == [("a",), ("c",)]


def test_parents_are_linked_too_and_the_merged_accounts_attributes_give_way(firm):
    firm.csv("links.csv", "old_id,new_id\na,b\np,q")
    text = "account_id,parent_id,name\na,,Old\nb,p,New\nq,,Parent"
    tables = {"accounts": invoices(firm, text), "account_links": {"source": "links.csv"}}
    rows = firm.rows(firm.settings(tables=tables), "accounts", "account_id, parent_id, name, _rule")
    assert rows == [
        ("b", "q", "New", None),
        ("b", None, "Old", "merged into an account with a row of its own"),
        ("q", None, "Parent", None),
    ]


def test_links_that_go_in_a_circle_are_refused(firm):
    firm.csv("links.csv", "old_id,new_id\na,b\nb,c\nc,a")
    tables = {
        "invoices": invoices(firm, "account_id,issued_at,amount\na,2024-01-01,1"),
        "account_links": {"source": "links.csv"},
    }
    message = refused(firm, ContractError, tables=tables)
    assert "tables.account_links" in message
    assert "a -> b -> c -> a" in message


def test_of_several_links_the_last_known_wins():
    assert follow_links([("a", "b"), ("a", "c"), ("x", "a"), ("y", "y")], "links") == {"a": "c", "x": "c"}


# ---- repeats ----

TWICE = "account_id,issued_at,amount\na,2024-01-01,1\na,2024-01-01,1\na,2024-01-01,2"


@pytest.mark.parametrize(("on_repeat", "used"), [("keep", 3), ("drop", 2)])
def test_exact_repeats_are_kept_unless_told_otherwise(firm, on_repeat, used):
    settings = firm.settings(tables={"invoices": invoices(firm, TWICE, on_repeat=on_repeat)})
    with stage(settings, DAY) as staged:
        assert len(staged.ask(staged.tables["invoices"].used)) == used


def test_on_repeat_leaves_other_sources_alone(firm):
    firm.csv("other.csv", TWICE)
    tables = {"invoices": [invoices(firm, TWICE, on_repeat="drop"), {"source": "other.csv"}]}
    with stage(firm.settings(tables=tables), DAY) as staged:
        assert len(staged.ask(staged.tables["invoices"].used)) == 5

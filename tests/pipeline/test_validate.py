"""Every check of the contract, each with rows that break it and the finding it makes."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.errors import ContractError
from pipeline.validate import Finding, Findings, validate

DAY = date(2025, 1, 1)
MANY = 60


def found(firm, level=None, as_of=DAY, **parts):
    """Return the findings as (level, table, rule, count), those every firm has left out."""
    rows = validate(firm.settings(**parts), as_of).rows
    return [
        (row.level, row.table, row.rule, row.count)
        for row in rows
        if row.rule not in ("no known_at", "no known_at: a snapshot of today") and level in (None, row.level)
    ]


def table(firm, name, text, **mapping):
    return {name: {"source": firm.csv(f"{name}.csv", text), **mapping}}


def with_good_rows(header, good, *bad):
    """Return a CSV text with enough good rows that one bad one is a warning."""
    return "\n".join([header, *(good.replace("#", str(n)) for n in range(MANY)), *bad])


INVOICE = "account_id,issued_at,amount"


def test_good_rows_give_no_findings(firm):
    text = "account_id,issued_at,amount,invoice_id,known_at\na,2024-05-01,1,i1,2024-05-01 10:00:00"
    assert found(firm, tables=table(firm, "invoices", text)) == []


# ---- cells ----


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ("a,2024-05-01,much", "amount unreadable"),
        ("a,2024-05-01,", "amount missing"),
        ("a,2024-05-01,NaN", "amount not finite"),
        ("a,2024-05-01,inf", "amount not finite"),
        ("a,2024-05-01,-Infinity", "amount not finite"),
        ("a,2024-05-01,1e12", "amount too large"),
        ("a,yesterday,1", "issued_at unreadable"),
        ("a,,1", "issued_at missing"),
        ("a,0001-01-01,1", "issued_at implausible"),
        ("a,1899-12-31,1", "issued_at implausible"),
        ("a,2200-01-01,1", "issued_at implausible"),
        ("a,9999-12-31,1", "issued_at implausible"),
        (",2024-05-01,1", "account_id missing"),
    ],
)
def test_a_bad_cell_rejects_its_row_and_too_many_stop_the_run(firm, bad, rule):
    text = with_good_rows(INVOICE, "a,2024-05-01,#", bad)
    assert found(firm, tables=table(firm, "invoices", text)) == [("warning", "invoices", rule, 1)]
    # 4 of 64 rows are more than 5 %.
    text = with_good_rows(INVOICE, "a,2024-05-01,#", bad, bad, bad, bad)
    assert ("error", "invoices", rule, 4) in found(firm, tables=table(firm, "invoices", text))


@pytest.mark.parametrize("number", ["'NaN'::DOUBLE", "'-inf'::DOUBLE"])
def test_numbers_that_are_none(firm, number):
    source = firm.parquet(
        "lines.parquet", f"SELECT 'a' AS account_id, DATE '2024-05-01' AS issued_at, {number} AS amount"
    )
    rows = found(firm, tables={"invoices": {"source": source}})
    assert rows == [("error", "invoices", "amount not finite", 1)]


def test_a_finding_shows_a_row_and_says_what_will_be_done(firm):
    text = with_good_rows(INVOICE, "a,2024-05-01,#", "b,2024-05-02,much")
    (finding,) = validate(firm.settings(tables=table(firm, "invoices", text)), DAY).rows[:1]
    assert finding.example == "account_id=b, issued_at=2024-05-02 00:00:00, found much"
    assert finding.action == "These rows are rejected."


def test_days_in_another_order_say_how_to_read_them(firm):
    (finding,) = validate(firm.settings(tables=table(firm, "invoices", f"{INVOICE}\na,31/05/2024,1")), DAY).errors
    assert (finding.rule, "strptime" in finding.action) == ("issued_at unreadable", True)


def test_an_accounts_bad_cell_is_blanked_and_the_account_kept(firm):
    text = with_good_rows("account_id,opened_at", "a#,2020-01-01", "z,0001-01-01")
    assert found(firm, tables=table(firm, "accounts", text)) == [("warning", "accounts", "opened_at implausible", 1)]
    settings = firm.settings(tables=table(firm, "accounts", text))
    assert ("z", None, None) in firm.rows(settings, "accounts", "account_id, opened_at, _rule")


def test_far_future_ends_are_open_however_many(firm):
    text = "account_id,started_at,mrr,ended_at\na,2024-01-01,5,9999-12-31\nb,2024-01-01,5,2024-02-01"
    assert found(firm, tables=table(firm, "subscriptions", text)) == [("warning", "subscriptions", "ended_at open", 1)]


def test_columns_that_are_hardly_filled(firm):
    text = f"{INVOICE},product,paid_at,due_at\na,2024-05-01,1,,,\na,2024-05-02,1,,,\na,2024-05-03,1,tea,,2024-06-01"
    assert found(firm, tables=table(firm, "invoices", text)) == [
        ("warning", "invoices", "due_at mostly missing", 2),
        ("warning", "invoices", "paid_at always missing", 3),
        ("warning", "invoices", "product mostly missing", 2),
    ]


# ---- exclusions ----


@pytest.mark.parametrize(
    ("bad", "rule", "example"),
    [
        ("b,x,soon,", "from unreadable", "account_id=b, found soon"),
        ("b,x,,31/12/2024", "until unreadable", "account_id=b, found 31/12/2024"),
        ("b,x,1066-01-01,", "from implausible", "account_id=b, from=1066-01-01 00:00:00, found 1066-01-01"),
        (
            "b,x,2024-02-01,2024-01-31",
            "until before from",
            "account_id=b, from=2024-02-01 00:00:00, until=2024-01-31 00:00:00",
        ),
        (",x,2024-02-01,", "account_id missing", "from=2024-02-01 00:00:00"),
    ],
)
def test_every_rejected_exclusion_is_an_error_that_names_the_row(firm, bad, rule, example):
    text = with_good_rows("account_id,reason,from,until", "a#,x,2024-01-01,2024-12-31", bad)
    (finding,) = validate(firm.settings(tables=table(firm, "exclusions", text)), DAY).rows
    assert (finding.level, finding.rule, finding.count, finding.example) == ("error", rule, 1, example)


def test_rejected_exclusions_are_named_one_by_one(firm):
    text = "account_id,reason,from\na,x,soon\nb,x,later\nc,x,2024-01-01"
    rows = validate(firm.settings(tables=table(firm, "exclusions", text)), DAY).errors
    assert [row.example for row in rows] == ["account_id=a, found soon", "account_id=b, found later"]


def test_a_reason_may_be_missing(firm):
    assert found(firm, tables=table(firm, "exclusions", "account_id,reason\na,\nb,\nc,insolvency")) == []


# ---- several cells ----


def test_negative_tenure(firm):
    good = "a,2024-01-01,5,s#,2024-06-01"
    text = with_good_rows("account_id,started_at,mrr,subscription_id,ended_at", good, "a,2024-01-01,5,t,2023-12-31")
    rule = "ended_at before started_at"
    assert found(firm, tables=table(firm, "subscriptions", text)) == [("warning", "subscriptions", rule, 1)]


def test_mixed_currencies_without_rates_stop_the_run(firm):
    text = with_good_rows(f"{INVOICE},currency", "a,2024-05-01,#,EUR", "a,2024-05-01,5,USD")
    rule = "currency without a rate: USD"
    assert found(firm, tables=table(firm, "invoices", text)) == [("error", "invoices", rule, 1)]


def test_rates(firm):
    rates = "currency,rate_on,rate\nUSD,2024-01-01,0.9\nUSD,2024-01-01,0.8"
    text = f"{INVOICE},currency\na,2024-05-01,1,USD"
    tables = table(firm, "rates", rates) | table(firm, "invoices", text)
    assert found(firm, tables=tables) == [("warning", "rates", "several rates for one day", 1)]
    tables = table(firm, "rates", f"{rates}\nUSD,2024-02-01,0") | table(firm, "invoices", text)
    assert ("error", "rates", "rate not positive", 1) in found(firm, tables=tables)


# ---- keys ----


def test_duplicate_keys(firm):
    text = "account_id,issued_at,amount,invoice_id,known_at\n" + "\n".join(
        ["a,2024-05-01,1,i1,2024-05-01 10:00:00"] * 2
        + ["a,2024-05-01,2,i1,2024-05-02 10:00:00", "a,2024-05-01,1,,2024-05-02 10:00:00"] * 2
    )
    rule = "same account_id, invoice_id, known_at"
    # 2 of 6 rows are more than a fifth: this id names the document, not the line.
    assert found(firm, tables=table(firm, "invoices", text)) == [("error", "invoices", rule, 2)]
    text += "".join(f"\na,2024-05-01,1,j{number},2024-05-02 10:00:00" for number in range(4))
    assert found(firm, tables=table(firm, "invoices", text)) == [("warning", "invoices", rule, 2)]


def test_one_id_under_two_accounts(firm):
    text = f"{INVOICE},invoice_id\na,2024-05-01,1,i1\nb,2024-05-01,1,i1\nb,2024-05-01,1,i2"
    rule = "same invoice_id under several accounts"
    rows = validate(firm.settings(tables=table(firm, "invoices", text)), DAY).rows
    assert [(row.rule, row.count, row.example) for row in rows if row.rule == rule] == [
        (rule, 1, "invoice_id=i1 under a and b")
    ]


def test_line_numbers_start_anew_on_every_invoice(firm):
    text = f"{INVOICE},invoice_id,line_id\na,2024-05-01,1,i1,1\nb,2024-05-01,1,i2,1"
    assert found(firm, tables=table(firm, "invoices", text)) == []


def test_exact_repeats_without_an_id(firm):
    text = f"{INVOICE}\na,2024-05-01,1\na,2024-05-01,1\na,2024-05-01,1\na,2024-05-01,2"
    for on_repeat, done in (("keep", "They are kept"), ("drop", "They are dropped")):
        settings = firm.settings(tables=table(firm, "invoices", text, on_repeat=on_repeat))
        (finding,) = [row for row in validate(settings, DAY).rows if "repeats" in row.rule]
        assert (finding.count, finding.action.startswith(done)) == (2, True)


# ---- accounts ----


def test_rows_of_unknown_accounts(firm):
    tables = table(firm, "accounts", "account_id\na") | table(
        firm, "invoices", f"{INVOICE}\na,2024-05-01,1\nb,2024-05-01,1"
    )
    assert found(firm, tables=tables) == [("warning", "invoices", "account not in accounts", 1)]


def test_ids_that_do_not_match_stop_the_run(firm):
    tables = table(firm, "accounts", "account_id\n001\n002")
    tables |= table(firm, "invoices", f"{INVOICE}\n1,2024-05-01,1\n2,2024-05-01,1")
    assert found(firm, tables=tables) == [("error", "invoices", "account not in accounts", 2)]


def test_merged_accounts_are_known_accounts(firm):
    tables = table(firm, "accounts", "account_id,name\na,Acme\nb,Bolt") | table(
        firm, "account_links", "old_id,new_id\nb,a"
    )
    tables |= table(firm, "invoices", f"{INVOICE}\nb,2024-05-01,1")
    rule = "merged into an account with a row of its own"
    assert found(firm, tables=tables) == [("warning", "accounts", rule, 1)]


def test_events_before_the_account_was_opened(firm):
    tables = table(firm, "accounts", "account_id,opened_at\na,2024-05-02 12:00:00")
    tables |= table(firm, "invoices", f"{INVOICE}\na,2024-05-01,1\na,2024-05-02,1")
    assert found(firm, tables=tables) == [("warning", "invoices", "before the account was opened", 1)]


def test_events_before_the_first_contract_began(firm):
    tables = table(firm, "subscriptions", "account_id,started_at,mrr\na,2024-05-02,1\na,2024-06-02,1")
    tables |= table(firm, "interactions", "account_id,occurred_at,kind\na,2024-05-01,login\na,2024-05-09,login")
    assert found(firm, tables=tables) == [("warning", "interactions", "before the first contract began: login", 1)]


def test_accounts_without_known_at_are_a_snapshot_of_today(firm):
    settings = firm.settings(tables=table(firm, "accounts", "account_id,segment\na,small"))
    assert [(row.level, row.rule) for row in validate(settings, DAY).rows] == [
        ("warning", "no known_at: a snapshot of today")
    ]


# ---- attributes as features ----

SEGMENTS = "account_id,segment,known_at\na,small,2024-01-01 00:00:00"


def attributes(firm, text, **accounts):
    return found(firm, tables=table(firm, "accounts", text), accounts=accounts)


def test_a_feature_with_known_at_or_constant_is_fine(firm):
    assert attributes(firm, SEGMENTS, features=["segment"]) == []
    assert attributes(firm, "account_id,segment\na,small", features=["segment"], constant=["segment"]) == []


def test_a_feature_needs_known_at_or_to_be_constant(firm):
    assert attributes(firm, "account_id,segment\na,small", features=["segment"]) == [
        ("error", "accounts", "segment is a feature, but accounts have no known_at", 1)
    ]


def test_a_feature_must_be_mapped(firm):
    assert attributes(firm, SEGMENTS, features=["industry"]) == [("error", "accounts", "industry is not mapped", 1)]
    tables = table(firm, "invoices", f"{INVOICE}\na,2024-05-01,1")
    rows = found(firm, tables=tables, accounts={"features": ["segment"]})
    assert rows == [("error", "accounts", "segment is not mapped", 1)]


def test_a_feature_must_not_be_excluded(firm):
    columns = {"account_id": "account_id", "segment": {"column": "segment", "role": "exclude"}}
    tables = table(firm, "accounts", SEGMENTS, columns=columns)
    rows = found(firm, tables=tables, accounts={"features": ["segment"], "constant": ["segment"]})
    assert rows == [("error", "accounts", 'segment has role = "exclude"', 1)]


@pytest.mark.parametrize(
    ("name", "value"), [("churned", "no"), ("account_status", "open"), ("health_score", "7"), ("segment", "Cancelled")]
)
def test_what_looks_like_an_outcome_is_a_warning_with_known_at_and_an_error_without(firm, name, value):
    columns = {"account_id": "account_id", name: name, "known_at": "known_at"}
    text = f"account_id,{name},known_at\na,{value},2024-01-01 00:00:00"
    rule = f"{name} looks like an outcome"
    for known_at, level in (({"known_at"}, "warning"), (set(), "error")):
        used = {key: value for key, value in columns.items() if key != "known_at" or known_at}
        tables = table(firm, "accounts", text, columns=used)
        rows = found(firm, tables=tables, accounts={"features": [name], "constant": [] if known_at else [name]})
        assert rows == [(level, "accounts", rule, 1)]


# ---- knowledge ----


def test_without_known_at_late_rows_cannot_be_seen(firm):
    settings = firm.settings(tables=table(firm, "invoices", f"{INVOICE}\na,2024-05-01,1"))
    assert [(row.level, row.rule, row.count) for row in validate(settings, DAY).rows] == [("warning", "no known_at", 1)]


def test_rows_without_the_known_at_that_others_have(firm):
    text = f"{INVOICE},known_at\na,2024-05-01,1,2024-05-02 08:00:00\nb,2024-05-01,1,\nc,2024-05-01,1,"
    settings = firm.settings(tables=table(firm, "invoices", text))
    (finding,) = validate(settings, DAY).rows
    assert (finding.level, finding.rule, finding.count) == ("warning", "known_at missing", 2)
    assert finding.example == "account_id=b, issued_at=2024-05-01 00:00:00"
    assert finding.action == "These rows count as known when they occurred."


def test_a_second_source_without_known_at(firm):
    first = firm.csv("first.csv", f"{INVOICE},known_at\na,2024-05-01,1,2024-05-02 08:00:00")
    second = firm.csv("second.csv", f"{INVOICE}\nb,2024-05-01,1")
    tables = {"invoices": [{"source": first}, {"source": second}]}
    assert found(firm, tables=tables) == [("warning", "invoices", "known_at missing", 1)]


def test_accounts_without_known_at_must_not_make_features_that_change(firm):
    text = "account_id,segment,known_at\na,small,2024-01-01 00:00:00\nb,large,"
    rule = "known_at missing"
    assert attributes(firm, text) == [("warning", "accounts", rule, 1)]
    assert attributes(firm, text, features=["segment"]) == [("error", "accounts", rule, 1)]
    constant = attributes(firm, text, features=["segment"], constant=["segment"])
    assert constant == [("warning", "accounts", rule, 1)]


@pytest.mark.parametrize(("cell", "problem"), [("soon", "unreadable"), ("1066-01-01", "implausible")])
def test_an_accounts_bad_known_at_is_as_good_as_none(firm, cell, problem):
    text = with_good_rows("account_id,opened_at,segment,known_at", "a#,2023-01-01,small,2024-01-01", f"b,,large,{cell}")
    assert attributes(firm, text, features=["segment"]) == [
        ("error", "accounts", "known_at missing", 1),
        ("warning", "accounts", f"known_at {problem}", 1),
    ]
    settings = firm.settings(tables=table(firm, "accounts", text))
    assert firm.rows(settings, "accounts", "account_id, known_at")[-1] == ("b", None)


def test_a_source_that_stopped_being_filled(firm):
    tables = table(firm, "invoices", f"{INVOICE}\na,2024-05-31,1")
    tables |= table(firm, "interactions", "account_id,occurred_at,kind\na,2024-04-29,login")
    settings = firm.settings(tables=tables)
    (finding,) = [row for row in validate(settings, DAY).rows if row.rule == "stopped being filled"]
    assert (finding.table, finding.example) == ("interactions", "latest row 2024-04-30, others reach 2024-06-01")
    # A row one day later is not too old.
    tables |= table(firm, "interactions", "account_id,occurred_at,kind\na,2024-04-30,login")
    assert found(firm, tables=tables) == []


def test_only_what_was_known_at_as_of_tells_whether_a_source_stopped(firm):
    tables = table(firm, "invoices", f"{INVOICE}\na,2024-05-01,1\na,2024-08-01,1")
    tables |= table(firm, "interactions", "account_id,occurred_at,kind\na,2024-05-01,login")
    assert found(firm, tables=tables, as_of=date(2024, 6, 1)) == []
    assert found(firm, tables=tables) == [("warning", "interactions", "stopped being filled", 1)]


# ---- findings ----


def test_errors_come_first_and_stop_a_run_by_name():
    late = Finding("warning", "late", "invoices", 2, "", "kept.")
    bad = Finding("error", "bad", "invoices", 1200, "account_id=a", "Mend it.")
    assert Findings((bad, late)).warnings == (late,)
    with pytest.raises(ContractError) as caught:
        Findings((bad, late)).refuse_errors("firm.toml")
    assert str(caught.value) == (
        "firm.toml: the data break the contract:\n  invoices: bad (1,200 rows, for example account_id=a). Mend it."
    )
    Findings((late,)).refuse_errors("firm.toml")


def test_findings_are_plain_data_too():
    row = Finding("error", "bad", "invoices", 1, "x", "Mend it.", 8)
    assert Findings((row,)).as_data() == [
        {
            "level": "error",
            "rule": "bad",
            "table": "invoices",
            "count": 1,
            "example": "x",
            "action": "Mend it.",
            "of": 8,
        }
    ]


def test_a_long_list_of_errors_is_cut_short():
    rows = tuple(Finding("error", f"bad {n}", "invoices", 1, "", "Mend it.") for n in range(13))
    with pytest.raises(ContractError, match="and 3 more"):
        Findings(rows).refuse_errors("firm.toml")

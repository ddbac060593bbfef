"""What `validate` says about days and numbers it cannot read: the source's column, and the format found in it."""

from __future__ import annotations

from datetime import date

from pipeline.validate import validate

COLUMNS = {"account_id": "customer", "issued_at": "billed on", "amount": "net"}


def findings(firm, text, columns=None):
    firm.csv("lines.csv", text)
    settings = firm.settings(tables={"invoices": {"source": "lines.csv", "columns": columns or COLUMNS}})
    return {found.rule: found for found in validate(settings, date(2025, 1, 1)).errors}


def test_days_name_the_column_and_the_format(firm):
    found = findings(firm, "customer,billed on,net\na,31/12/2024,1\nb,01/12/2024,2")
    assert found["issued_at unreadable"].action == (
        'The source writes 01/12/2024: map issued_at = {sql = "CAST(strptime(\\"billed on\\", \'%d/%m/%Y\') AS DATE)"}.'
    )


def test_the_mapping_that_is_named_works(firm):
    columns = COLUMNS | {"issued_at": {"sql": "CAST(strptime(\"billed on\", '%d/%m/%Y') AS DATE)"}}
    assert findings(firm, "customer,billed on,net\na,31/12/2024,1\nb,01/12/2024,2", columns) == {}


def test_days_that_read_both_ways_say_so(firm):
    found = findings(firm, "customer,billed on,net\na,02/12/2024,1\nb,01/12/2024,2")
    assert "They read as %m/%d/%Y as well: check which it is." in found["issued_at unreadable"].action


def test_decimal_commas_name_the_column(firm):
    found = findings(firm, "customer;billed on;net\na;2024-12-01;1.234,50\nb;2024-12-01;10,00")
    assert found["amount unreadable"].action == (
        "The source writes 1.234,50: map amount = {sql = \"CAST(replace(replace(net, '.', ''), ',', '.') AS DOUBLE)\"}."
    )


def test_other_texts_are_told_what_is_read(firm):
    found = findings(firm, "customer,billed on,net\na,soon,much\nb,soon,2\nc,2024-12-01,much")
    assert "Days are read as 2024-01-31" in found["issued_at unreadable"].action
    assert "Numbers are read as 1234.50" in found["amount unreadable"].action


def test_a_computed_column_is_not_named_as_if_it_were_the_sources(firm):
    columns = COLUMNS | {"amount": {"sql": "net || ''"}}
    found = findings(firm, "customer;billed on;net\na;2024-12-01;1,50", columns)
    assert "Numbers are read as 1234.50" in found["amount unreadable"].action

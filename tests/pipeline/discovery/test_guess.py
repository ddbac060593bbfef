"""Which table is which, and which column is what: guesses on small tables."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.errors import SourceError

CUSTOMERS = """
    customer_id,customer_name,country,gender,birth_date,email,status,account_owner
    C1,Ash,DE,f,1980-01-01,a@x.com,active,Ida
    C2,Birch,DE,m,1981-01-01,b@x.com,churned,Ida
    C3,Cedar,DE,f,1982-01-01,c@x.com,active,Bo
"""
ORDERS = """
    order_id,customer_id,order_date,net_amount,currency
    1,C1,2024-12-01,10.5,EUR
    2,C1,2024-12-20,11.5,EUR
    3,C2,2024-12-24,12.5,EUR
    4,C3,2025-01-02,13.5,EUR
"""


def test_tables_are_recognised_by_names_and_overlap(tables, shown):
    tables.csv("customers", CUSTOMERS)
    tables.csv("orders", ORDERS)
    found = tables.discovered()
    assert [entry.table for entry in found.entries] == ["accounts", "invoices"]
    assert shown(found.entries[1]) == {
        "account_id": "customer_id",
        "issued_at": "order_date",
        "amount": "net_amount",
        "invoice_id": "order_id",
        "currency": "currency",
    }
    assert (found.currency, found.zone, found.language) == ("EUR", "UTC", "en")
    assert found.as_of is None  # the last row is eight days old
    assert tables.errors(tables.config(found)) == []


def test_names_do_not_matter_where_ids_overlap(tables, shown):
    rows = "\n".join(f"AB{n:02d},Firm {n}" for n in range(12))
    tables.csv("clients", f"id,name\n{rows}")
    tables.csv("log", "\n".join(["who,when", *(f"AB{n:02d},2024-12-{n + 1:02d}" for n in range(12))]))
    entry = tables.entry("interactions")
    assert shown(entry)["account_id"] == "who"
    assert shown(entry)["occurred_at"] == "when"


def test_outcomes_are_never_mapped(tables, shown):
    tables.csv("customers", CUSTOMERS)
    tables.csv("orders", ORDERS)
    found = tables.discovered()
    accounts = found.entries[0]
    assert "status" not in shown(accounts).values()
    assert "status" not in {value.text for value in accounts.offered.values()}
    assert found.left_out(accounts)["looks like an outcome, which a model must not see"] == ["status"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("churn_flag", ("true", "false", "true")),
        ("is_active", ("1", "0", "1")),
        ("health_score", ("low", "high", "low")),
        ("state", ("active", "churned", "active")),
        ("phase", ("Aktiv", "Opsagt", "Aktiv")),
    ],
)
def test_an_outcome_is_known_by_its_name_or_its_values(tables, column, values):
    rows = "\n".join(f"C{n},{value}" for n, value in enumerate(values, 1))
    tables.csv("customers", f"customer_id,{column}\n{rows}")
    tables.csv("orders", ORDERS)
    found = tables.discovered()
    mapped = {value.text for each in found.entries for value in (*each.columns.values(), *each.offered.values())}
    assert column not in mapped


def test_a_group_is_no_outcome(tables):
    tables.csv("customers", "customer_id,tariff\nC1,red\nC2,blue\nC3,red")
    tables.csv("orders", ORDERS)
    assert "tariff" in tables.entry("accounts").offered


def test_protected_attributes_are_named_to_be_excluded(tables):
    tables.csv("customers", CUSTOMERS)
    tables.csv("orders", ORDERS)
    found = tables.discovered()
    excluded = {name for name, value in found.entries[0].columns.items() if value.exclude}
    assert excluded == {"gender", "birth_date"}
    settings = tables.config(found)
    assert settings.tables["accounts"][0].columns["gender"].role == "exclude"
    assert settings.accounts.features == ()


def test_personal_data_are_left_out(tables):
    tables.csv("customers", CUSTOMERS)
    tables.csv("orders", ORDERS)
    found = tables.discovered()
    assert found.left_out(found.entries[0])["personal data"] == ["email"]


def test_danish_tables(tables, shown):
    tables.csv(
        "kunder",
        """
        kundenr;navn;branche;køn;kundeansvarlig
        007;Ahorn;Byg;m;Ida
        008;Birk;Handel;k;Bo
        """,
    )
    tables.csv(
        "fakturaer",
        """
        fakturanr;kundenr;fakturadato;beløb;forfaldsdato;betalt
        1;007;31-12-2024;1.234,50;30-01-2025;
        2;008;01-12-2024;10,00;31-12-2024;02-01-2025
        3;008;02-12-2024;-10,00;31-12-2024;02-01-2025
        """,
    )
    found = tables.discovered()
    accounts, invoices = found.entries
    assert shown(accounts) == {
        "account_id": "kundenr",
        "name": "navn",
        "account_manager": "kundeansvarlig",
        "industry": "branche",
        "k_n": "køn",
    }
    assert accounts.columns["k_n"].exclude
    assert shown(invoices) == {
        "account_id": "kundenr",
        "issued_at": "CAST(strptime(fakturadato, '%d-%m-%Y') AS DATE)",
        "amount": "CAST(replace(replace(\"beløb\", '.', ''), ',', '.') AS DOUBLE)",
        "due_at": "CAST(strptime(forfaldsdato, '%d-%m-%Y') AS DATE)",
        "paid_at": "CAST(strptime(betalt, '%d-%m-%Y') AS DATE)",
        "invoice_id": "fakturanr",
    }
    assert (found.currency, found.language) == ("DKK", "da")
    settings = tables.config(found)
    assert tables.errors(settings) == []
    from pipeline.staging import stage

    with stage(settings, date(2025, 1, 10)) as staged:
        rows = staged.ask("SELECT account_id, amount, issued_at::DATE FROM staged_invoices ORDER BY amount")
    assert rows == [
        ("008", -100000, date(2024, 12, 2)),
        ("008", 100000, date(2024, 12, 1)),
        ("007", 12345000, date(2024, 12, 31)),
    ]


def test_names_of_business_systems(tables, shown):
    tables.csv(
        "vbrk",
        """
        VBELN,KUNNR,FKDAT,NETWR,WAERK
        90001,100017,20241201,10.5,EUR
        90002,100018,20241202,20.5,EUR
        90003,100018,20241203,30.5,EUR
        """,
    )
    assert shown(tables.entry("invoices")) == {
        "account_id": "KUNNR",
        "issued_at": "CAST(strptime(CAST(FKDAT AS VARCHAR), '%Y%m%d') AS DATE)",
        "amount": "NETWR",
        "invoice_id": "VBELN",
        "currency": "WAERK",
    }


AMBIGUOUS = """
    customer_id,sale_date,amount
    C1,01/02/2024,10.5
    C2,03/04/2024,11.5
    C1,05/06/2024,11.5
"""


def test_days_that_read_both_ways_are_named(tables):
    tables.csv("sales", AMBIGUOUS)
    found = tables.discovered()
    assert "'%d/%m/%Y'" in found.entries[0].columns["issued_at"].text
    assert any("reads as %d/%m/%Y and as %m/%d/%Y; %d/%m/%Y was taken" in doubt for doubt in found.doubts.said)


def test_another_column_of_the_table_can_settle_the_order(tables):
    tables.csv(
        "sales",
        """
        customer_id,sale_date,due_date,amount
        C1,01/02/2024,01/31/2024,10.5
        C2,03/04/2024,04/02/2024,11.5
        """,
    )
    found = tables.discovered()
    assert "'%m/%d/%Y'" in found.entries[0].columns["issued_at"].text
    assert not any("reads as" in doubt for doubt in found.doubts.said)


def test_the_user_can_settle_it(tables):
    tables.csv("sales", AMBIGUOUS)
    asked = []

    def answer(question):
        asked.append(question.text)
        return question.options[1] if "day or month" in question.text else question.default

    found = tables.discovered(ask=answer)
    assert "'%m/%d/%Y'" in found.entries[0].columns["issued_at"].text
    assert [said.split(":")[0] for said in found.doubts.said] == [
        "no column names account managers",
        "nothing says what a call costs and wins",
    ]
    assert asked == [
        "Which comes first in 'sale_date' of sales, day or month (for example 01/02/2024)",
        "Which currency are the amounts in (three letters)",
    ]


def test_two_amounts_that_fit_as_well_are_asked_about(tables):
    tables.csv(
        "sales",
        """
        customer_id,sale_date,net_value,net_total,currency
        C1,2024-12-01,10.5,13.0,EUR
        C2,2024-12-02,11.5,14.0,EUR
        """,
    )
    assert tables.entry("invoices").columns["amount"].text == "net_value"
    assert any("'net_value' was taken, of 'net_value', 'net_total'" in d for d in tables.discovered().doubts.said)
    chosen = tables.entry("invoices", ask=lambda question: "net_total")
    assert chosen.columns["amount"].text == "net_total"


def test_lines_without_an_amount_are_multiplied_and_their_document_is_no_id(tables, shown):
    tables.csv(
        "lines",
        """
        invoice_no,stock_code,quantity,invoice_ts,unit_price,customer_id
        A1,x,2,2024-12-01 10:00:00,1.5,7
        A1,y,1,2024-12-01 10:00:00,2.5,7
        A2,x,-1,2024-12-02 10:00:00,1.5,8
        A3,x,5,2024-12-03 10:00:00,1.5,
        """,
    )
    found = tables.discovered()
    entry = next(each for each in found.entries if each.table == "invoices")
    assert shown(entry) == {
        "account_id": "customer_id",
        "issued_at": "invoice_ts",
        "amount": "quantity * unit_price",
        "quantity": "quantity",
        "product": "stock_code",
    }
    assert entry.where == "customer_id IS NOT NULL"
    assert entry.where_comment == "1 of 4 rows belong to no account: counted, not used"
    assert "'invoice_no' names 3 documents" in entry.notes[0]


def test_numbered_lines_have_an_id_together(tables, shown):
    tables.csv(
        "invoice_lines",
        """
        invoice_no,line_no,invoice_date,amount,customer_id
        A1,1,2024-12-01,1.5,C7
        A1,2,2024-12-01,2.5,C7
        A2,1,2024-12-02,2.5,C8
        """,
    )
    assert {"invoice_id": "invoice_no", "line_id": "line_no"}.items() <= shown(tables.entry("invoices")).items()


def test_lines_take_account_and_day_from_their_order(tables):
    tables.csv("orders", "order_id,customer_id,order_date\n1,C1,2024-12-01\n2,C2,2024-12-02\n3,C2,2024-12-03")
    tables.csv("order_lines", "order_id,sku,quantity,unit_price\n1,x,2,1.5\n1,y,1,2.5\n2,x,4,1.5")
    found = tables.discovered()
    assert [entry.table for entry in found.entries] == ["invoices"]
    settings = tables.config(found)
    assert tables.errors(settings) == []
    from pipeline.staging import stage

    with stage(settings, date(2025, 1, 10)) as staged:
        rows = staged.ask("SELECT account_id, amount, product FROM staged_invoices ORDER BY ALL")
    assert rows == [("C1", 25000, "y"), ("C1", 30000, "x"), ("C2", 60000, "x")]


def test_documents_and_their_lines_are_not_counted_twice(tables):
    tables.csv("orders", "order_id,customer_id,order_date,amount\n1,C1,2024-12-01,5.5\n2,C2,2024-12-02,6.0")
    tables.csv("order_lines", "order_id,sku,quantity,unit_price\n1,x,2,1.5\n1,y,1,2.5\n2,x,4,1.5")
    found = tables.discovered()
    assert [entry.profile.name for entry in found.entries if entry.table == "invoices"] == ["orders"]
    assert ("order_lines.csv", "orders has the invoices already; the same money must not count twice") in (
        found.tables_left_out
    )


SUBSCRIPTIONS = """
    subscription_id,account_id,start_date,end_date,plan,mrr,churned
    S1,A1,2024-01-01,,basic,10,false
    S2,A2,2024-02-01,2024-12-01,large,20,true
    S3,A3,2024-03-01,,large,20,false
"""


def test_usage_takes_its_account_through_its_subscription(tables, shown):
    tables.csv("subscriptions", SUBSCRIPTIONS)
    tables.csv(
        "feature_usage", "usage_id,subscription_id,usage_date,usage_count\nU1,S1,2024-12-01,5\nU2,S2,2024-12-02,6"
    )
    found = tables.discovered()
    usage = next(entry for entry in found.entries if entry.table == "interactions")
    assert usage.through is not None
    assert (usage.through.source, usage.through.on) == ("subscriptions.csv", "subscription_id")
    assert shown(usage) == {
        "occurred_at": "usage_date",
        "kind": "usage",
        "interaction_id": "usage_id",
        "quantity": "usage_count",
        "subscription_id": "subscription_id",
    }
    assert tables.errors(tables.config(found)) == []


def test_subscriptions(tables, shown):
    tables.csv("subscriptions", SUBSCRIPTIONS)
    entry = tables.entry("subscriptions")
    assert shown(entry) == {
        "account_id": "account_id",
        "mrr": "mrr",
        "started_at": "start_date",
        "subscription_id": "subscription_id",
        "ended_at": "end_date",
        "product": "plan",
    }


def test_yearly_prices_become_monthly(tables):
    tables.csv("contracts", "contract_id,customer_id,start_date,annual_value\n1,C1,2024-01-01,120\n2,C2,2024-01-01,240")
    assert tables.entry("subscriptions").columns["mrr"].text == "annual_value / 12"


def test_prices_of_a_period_become_monthly(tables):
    tables.csv(
        "subscriptions",
        """
        id,customer_id,start_date,price,billing_period
        1,C1,2024-01-01,120,yearly
        2,C2,2024-01-01,30,quarterly
        3,C3,2024-01-01,10,monthly
        """,
    )
    settings = tables.config(tables.discovered())
    from pipeline.staging import stage

    with stage(settings, date(2025, 1, 10)) as staged:
        assert staged.ask("SELECT mrr FROM staged_subscriptions") == [(100000,)] * 3


@pytest.mark.parametrize(
    ("period", "price"),
    [
        ("Y", 120), ("P1Y", 120), ("Årlig", 120), ("annual", 120), ("semi-annual", 60), ("Halvårlig", 60),
        ("half yearly", 60), ("Q", 30), ("kvartal", 30), ("M", 10), ("pr. måned", 10), ("md.", 10),
        ("biennial", None), ("", None),
    ],
)  # fmt: skip
def test_a_period_that_is_not_known_gives_no_price_by_the_month(tables, period, price):
    tables.csv(
        "subscriptions",
        f"""
        id,customer_id,start_date,price,billing_period
        1,C1,2024-01-01,{price or 240},{period}
        2,C2,2024-01-01,10,monthly
        3,C3,2024-01-01,10,monthly
        """,
    )
    found = tables.discovered()
    settings = tables.config(found)
    from pipeline.staging import stage

    with stage(settings, date(2025, 1, 10)) as staged:
        prices = staged.ask("SELECT mrr FROM staged_subscriptions ORDER BY account_id")
    assert prices == [(100000 if price else None,), (100000,), (100000,)]
    doubted = [doubt for doubt in found.doubts.said if f"how many months '{period}'" in doubt]
    assert len(doubted) == (price is None and period != "")
    assert [error.rule for error in tables.errors(settings)] == ([] if price else ["mrr missing"])


def test_one_table_of_customers_may_hold_their_contracts(tables):
    tables.csv(
        "customers",
        """
        customer_id,name,country,start_date,cancelled_at,mrr
        C1,Ash,DE,2024-01-01,,10
        C2,Birch,DE,2024-02-01,2024-12-01,20
        """,
    )
    found = tables.discovered()
    assert [entry.table for entry in found.entries] == ["accounts", "subscriptions"]
    assert found.entries[1].columns["ended_at"].text == "cancelled_at"


def test_scores_of_tickets_are_answers_when_they_are_closed(tables, shown):
    tables.csv("orders", ORDERS)
    tables.csv(
        "support_tickets",
        """
        ticket_id,customer_id,submitted_at,closed_at,satisfaction_score
        T1,C1,2024-12-01,31-12-2024 14:00,4
        T2,C2,2024-12-02,30-12-2024 15:00,
        """,
    )
    tickets, answers = [entry for entry in tables.discovered().entries if entry.table == "interactions"]
    assert shown(tickets)["closed_at"] == "strptime(closed_at, '%d-%m-%Y %H:%M')"
    assert "score" not in tickets.columns
    assert shown(answers) == {
        "account_id": "customer_id",
        "occurred_at": "strptime(closed_at, '%d-%m-%Y %H:%M')",
        "kind": "csat",
        "score": "satisfaction_score",
    }
    assert answers.where == "satisfaction_score IS NOT NULL"


def test_records_of_churn_are_interactions_and_an_event_to_be_taken_in(tables):
    tables.csv("subscriptions", SUBSCRIPTIONS)
    tables.csv("churn_events", "event_id,account_id,churn_date,reason\nE1,A2,2024-12-01,price\nE2,A1,2024-11-01,price")
    found = tables.discovered()
    events = next(entry for entry in found.entries if entry.table == "interactions")
    assert events.columns["kind"].text == "churn_event"
    assert "churn_event" not in tables.config(found).targets
    file = tables.folder / "made.toml"
    lines = file.read_text(encoding="utf-8").splitlines()
    start = lines.index("# [targets.churn_event]")
    lines[start : start + 4] = [line.removeprefix("# ") for line in lines[start : start + 4]]
    file.write_text("\n".join(lines), encoding="utf-8")
    from models.targets import declare
    from pipeline.settings import read_settings

    taken_in = read_settings(file)
    assert declare(taken_in)["churn_event"].risk


def test_words_for_what_happened_become_ours(tables):
    tables.csv("kunder", "kundenr,navn\n1,Ahorn\n2,Birk")
    tables.csv("aktiviteter", "kundenr,dato,type\n1,2024-12-01,Møde\n2,2024-12-02,Opkald\n1,2024-12-03,Andet")
    entry = tables.entry("interactions")
    assert entry.columns["kind"].text == "CASE type WHEN 'Møde' THEN 'meeting' WHEN 'Opkald' THEN 'call' ELSE type END"


def test_created_at_is_when_rows_became_known_only_if_it_can_be(tables):
    tables.csv(
        "orders", "customer_id,order_date,amount,created_at\nC1,2024-11-01,5,2024-11-02\nC2,2024-12-01,5,2024-12-01"
    )
    assert tables.entry("invoices").columns["known_at"].text == "created_at"
    loaded = "customer_id,order_date,amount,created_at\nC1,2023-11-01,5,2025-01-01\nC2,2024-02-01,5,2025-01-01"
    tables.csv("orders", loaded)
    entry = tables.entry("invoices")
    assert "known_at" not in entry.columns
    assert "known_at is not mapped: 'created_at'" in entry.notes[-1]


def test_currencies_without_rates_leave_the_rarer_out(tables):
    tables.csv("orders", ORDERS.replace("12.5,EUR", "12.5,USD"))
    found = tables.discovered()
    assert found.entries[0].where == "(upper(trim(currency)) = 'EUR' OR currency IS NULL)"
    assert any("25% of the rows are in other currencies and left out" in doubt for doubt in found.doubts.said)
    assert tables.errors(tables.config(found)) == []


def test_rates_keep_all_currencies(tables):
    tables.csv("orders", ORDERS.replace("12.5,EUR", "12.5,USD"))
    tables.csv("exchange_rates", "currency,date,rate\nUSD,2024-01-01,0.9\nSEK,2024-01-01,0.1")
    found = tables.discovered()
    assert [entry.table for entry in found.entries] == ["invoices", "rates"]
    assert found.entries[0].where is None
    assert tables.errors(tables.config(found)) == []


def test_exclusions_and_links(tables):
    tables.csv("customers", CUSTOMERS)
    tables.csv("orders", ORDERS)
    tables.csv("do_not_contact", "customer_id,reason\nC3,objection")
    tables.csv("customer_merges", "old_customer_id,new_customer_id\nC9,C1")
    found = tables.discovered()
    assert [entry.table for entry in found.entries] == ["accounts", "invoices", "exclusions", "account_links"]
    assert tables.errors(tables.config(found)) == []


def test_old_data_get_an_as_of_and_current_ones_none(tables):
    tables.csv("orders", ORDERS)
    assert tables.discovered(today=date(2025, 3, 1)).as_of is None
    assert tables.discovered(today=date(2025, 3, 20)).as_of == date(
        2025, 1, 4
    )  # days of 2 January are known on the 3rd


def test_nothing_recognised_says_what_was_looked_for_and_found(tables):
    tables.csv("colours", "colour,hex\nred,f00\nblue,00f")
    with pytest.raises(SourceError) as caught:
        tables.discovered()
    message = str(caught.value)
    assert "Looked for: accounts (one row each, with an id), invoices" in message
    assert "colours.csv (2 rows; colour, hex): it lacks a date" in message


def test_accounts_alone_are_not_enough(tables):
    tables.csv("customers", CUSTOMERS)
    with pytest.raises(SourceError, match=r"customers.csv \(3 rows; .*taken for accounts"):
        tables.discovered()


def test_what_people_expect_is_not_what_happened(tables):
    tables.csv("orders", ORDERS)
    tables.csv("opportunities", "account_id,close_date,amount\nC1,2025-01-01,5\nC2,2025-01-02,6")
    left_out = dict(tables.discovered().tables_left_out)
    assert "expect or have judged" in left_out["opportunities.csv"]


def test_empty_tables_are_left_out(tables):
    tables.csv("orders", ORDERS)
    tables.csv("tickets", "ticket_id,customer_id,created_at")
    assert dict(tables.discovered().tables_left_out)["tickets.csv"] == "it has no rows"


def test_an_amount_that_is_no_number_is_named(tables):
    tables.csv("orders", "order_id,customer_id,order_date,amount\n1,C1,2024-12-01,ten\n2,C2,2024-12-02,five")
    said = tables.discovered().doubts.said
    assert "orders: 'amount' would be its amount, but holds texts such as 'five'" in said
    assert any("nothing is predicted yet" in doubt for doubt in said)


def test_large_tables_are_sampled_but_keys_are_counted(tables, monkeypatch):
    from pipeline.discovery import profile

    monkeypatch.setattr(profile, "SAMPLED_ABOVE", 100)
    monkeypatch.setattr(profile, "_SAMPLE", 50)
    tables.parquet(
        "orders",
        "SELECT 'O' || (i // 2) AS order_id, 'L' || i AS line_id, 'C' || (i % 9) AS customer_id, "
        "DATE '2024-01-01' + CAST(i AS INTEGER) AS order_date, 1.5 AS amount FROM range(300) AS r(i)",
    )
    found = tables.discovered()
    seen = found.entries[0].profile
    assert (seen.rows, seen["order_id"].distinct, seen["line_id"].unique) == (300, 150, True)
    assert {"invoice_id": "order_id", "line_id": "line_id"}.items() <= {
        name: value.text for name, value in found.entries[0].columns.items()
    }.items()


def test_a_config_for_tables_in_the_contracts_own_words(tables, shown):
    tables.csv("accounts", "account_id,name\nA1,Ash\nA2,Birch")
    tables.csv(
        "interactions",
        """
        account_id,interaction_id,occurred_at,kind,score,closed_at,text
        A1,I1,2024-12-01 10:00:00,ticket,,2024-12-02 10:00:00,hello
        A2,I2,2024-12-02 10:00:00,nps,9,,hello
        """,
    )
    tables.csv("exclusions", "account_id,reason,until\nA2,objection,")
    found = tables.discovered()
    _, interactions, exclusions = found.entries
    names = ["account_id", "occurred_at", "kind", "interaction_id", "closed_at", "score"]
    assert shown(interactions) == {name: name for name in names}
    assert list(shown(exclusions)) == ["account_id", "reason", "until"]
    ((reason, columns),) = found.left_out(interactions).items()
    assert reason.startswith("free text, which may hold personal data (mapped as `text` it is read")
    assert columns == ["text"]


def test_accounts_known_from_invoices_keep_the_zeros_of_their_ids(tables):
    tables.csv(
        "sales",
        """
        customer_id,sale_date,amount,currency,country
        00001,2024-12-01,10.5,EUR,DE
        00017,2024-12-02,11.5,EUR,DK
        00017,2024-12-03,11.5,EUR,SE
        """,
    )
    found = tables.discovered()
    assert [entry.table for entry in found.entries] == ["accounts", "invoices"]
    from pipeline.staging import stage

    with stage(tables.config(found), date(2025, 1, 10)) as staged:
        rows = staged.ask("SELECT account_id, country FROM staged_accounts ORDER BY ALL")
    assert rows == [("00001", "DE"), ("00017", "SE")]

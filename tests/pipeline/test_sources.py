"""What a source may be, and what is said about one that cannot be read."""

from __future__ import annotations

import gzip
from datetime import date, datetime

import pytest

from pipeline.errors import SourceError
from pipeline.snapshot import take_snapshot
from pipeline.staging import stage

DAY = date(2025, 1, 1)
at = datetime.fromisoformat
LINES = """
    account_id,issued_at,amount
    007,2024-05-01,10.5
    8,2024-05-02,-3
"""


def read(firm, source, columns="account_id, amount"):
    return firm.rows(firm.settings(tables={"invoices": {"source": source}}), "invoices", columns)


def refused(firm, source, **more):
    with (
        pytest.raises(SourceError) as caught,
        stage(firm.settings(tables={"invoices": {"source": source}}, **more), DAY),
    ):
        pass
    return str(caught.value)


def test_a_csv_file_keeps_ids_as_they_are_written(firm):
    assert read(firm, firm.csv("lines.csv", LINES)) == [("007", 105000), ("8", -30000)]


def test_a_parquet_file(firm):
    source = firm.parquet("lines.parquet", "SELECT 7 AS account_id, DATE '2024-05-01' AS issued_at, 10.5 AS amount")
    assert read(firm, source) == [("7", 105000)]


def test_a_file_url(firm):
    firm.csv("lines.csv", LINES)
    assert len(read(firm, f"file://{firm.folder}/lines.csv")) == 2


def test_a_glob_reads_all_files_whatever_order_their_columns_are_in(firm):
    firm.csv("may.csv", "account_id,issued_at,amount\na,2024-05-01,1")
    firm.csv("june.csv", "amount,account_id,issued_at\n2,b,2024-06-01")
    assert read(firm, "*.csv") == [("a", 10000), ("b", 20000)]


def test_a_partitioned_folder_gives_its_keys_as_columns(firm):
    firm.parquet(
        "lines/region=north/0.parquet", "SELECT 'a' AS account_id, DATE '2024-05-01' AS issued_at, 1 AS amount"
    )
    firm.parquet(
        "lines/region=south/0.parquet", "SELECT 'b' AS account_id, DATE '2024-05-01' AS issued_at, 2 AS amount"
    )
    (firm.folder / "lines" / "_SUCCESS").touch()
    columns = {"account_id": "account_id", "issued_at": "issued_at", "amount": "amount", "product": "region"}
    settings = firm.settings(tables={"invoices": {"source": "lines", "columns": columns}})
    assert firm.rows(settings, "invoices", "account_id, product") == [("a", "north"), ("b", "south")]


def test_a_folder_of_csv_files(firm):
    firm.csv("lines/a.csv", LINES)
    assert len(read(firm, "lines")) == 2


def test_a_folder_with_two_kinds_of_files_must_be_narrowed(firm):
    firm.csv("lines/a.csv", LINES)
    firm.parquet("lines/b.parquet", "SELECT 1 AS account_id")
    assert "several kinds (.csv, .parquet)" in refused(firm, "lines")


def test_a_folder_without_data(firm):
    (firm.folder / "lines").mkdir()
    assert "holds no file that can be read" in refused(firm, "lines")


def test_an_unknown_scheme_names_what_is_supported(firm):
    message = refused(firm, "s3://bucket/lines.parquet")
    assert "firm.toml: tables.invoices.source" in message
    assert "scheme 's3'" in message
    assert "Parquet (.parquet, .pq); CSV (.csv, .csv.gz, .tsv)" in message


def test_an_unknown_ending_names_what_is_supported(firm):
    assert "Parquet (.parquet, .pq); CSV" in refused(firm, "lines.xlsx")


def test_a_missing_file_names_the_nearest_present_one(firm):
    firm.csv("invoice_lines.csv", LINES)
    message = refused(firm, "invoices_lines.csv")
    assert "invoices_lines.csv does not exist" in message
    assert "did you mean 'invoice_lines.csv'?" in message


def test_a_missing_folder_names_the_nearest_present_one(firm):
    assert f"the nearest is {firm.folder}." in refused(firm, "exports/2024/lines.csv")


def test_a_glob_that_matches_nothing(firm):
    assert "no file matches" in refused(firm, "lines-*.csv")


def test_a_parquet_file_cut_short(firm):
    file = firm.folder / firm.parquet("lines.parquet", "SELECT range AS account_id FROM range(1000)")
    file.write_bytes(file.read_bytes()[:-200])
    message = refused(firm, "lines.parquet")
    assert "lines.parquet" in message
    assert "damaged" in message


def test_a_parquet_file_damaged_inside(firm):
    ids = "SELECT md5(CAST(range AS VARCHAR)) AS account_id"
    query = f"{ids}, DATE '2024-05-01' AS issued_at, 1 AS amount FROM range(20000)"
    file = firm.folder / firm.parquet("lines.parquet", query)
    content = bytearray(file.read_bytes())
    content[4:4000] = bytes(3996)
    file.write_bytes(bytes(content))
    assert "the file may be damaged" in refused(firm, "lines.parquet")


def test_a_text_file_called_parquet(firm):
    firm.csv("lines.parquet", LINES)
    assert "damaged" in refused(firm, "lines.parquet")


def test_a_csv_file_with_a_line_of_other_length(firm):
    firm.csv("lines.csv", "account_id,issued_at,amount\na,2024-05-01,1\nb,2024-05-01,2,3,4,5\nc,2024-05-01,1")
    message = refused(firm, "lines.csv")
    assert "lines.csv cannot be read as CSV" in message
    assert "Line: 3" in message


def test_semicolons_and_tabs_part_columns_too(firm):
    assert len(read(firm, firm.csv("semi.csv", LINES.replace(",", ";")))) == 2
    assert len(read(firm, firm.csv("tab.tsv", LINES.replace(",", "\t")))) == 2


def test_a_compressed_csv_file(firm):
    (firm.folder / "lines.csv.gz").write_bytes(gzip.compress(b"account_id;issued_at;amount\na;2024-05-01;1\n"))
    assert read(firm, "lines.csv.gz") == [("a", 10000)]


def test_a_csv_file_of_bytes_that_are_no_text(firm):
    (firm.folder / "lines.csv").write_bytes(b"account_id,issued_at,amount\n\xff\xfe\x00\x81,2024-05-01,1\n")
    assert "lines.csv" in refused(firm, "lines.csv")


def test_a_csv_file_with_a_header_only(firm):
    assert "no rows" in refused(firm, firm.csv("lines.csv", "account_id,issued_at,amount"))


def test_an_empty_csv_file(firm):
    (firm.folder / "lines.csv").touch()
    assert "lines.csv is empty" in refused(firm, "lines.csv")


def test_an_empty_parquet_file(firm):
    query = "SELECT 1 AS account_id, DATE '2024-05-01' AS issued_at, 1 AS amount WHERE false"
    assert "tables.invoices: no rows" in refused(firm, firm.parquet("lines.parquet", query))


def test_exclusions_may_be_empty(firm):
    firm.csv("lines.csv", LINES)
    firm.csv("excluded.csv", "account_id,reason")
    settings = firm.settings(tables={"invoices": {"source": "lines.csv"}, "exclusions": {"source": "excluded.csv"}})
    assert take_snapshot(settings, DAY).excluded(DAY).empty


def test_a_text_far_down_does_not_break_the_reading(firm):
    rows = "\n".join(f"a,2024-05-01,{n}" for n in range(30_000))
    source = firm.csv("lines.csv", f"account_id,issued_at,amount\n{rows}\na,2024-05-01,much")
    settings = firm.settings(tables={"invoices": {"source": source}})
    assert firm.rows(settings, "invoices", "_rule, _cell")[0] == ("amount unreadable", "much")


def test_days_are_never_guessed(firm):
    """01/02/2024 may be in January or in February: only the mapping can say."""
    source = firm.csv("lines.csv", "account_id,issued_at,amount\na,01/02/2024,1\nb,13/02/2024,1")
    settings = firm.settings(tables={"invoices": {"source": source}})
    assert firm.rows(settings, "invoices", "_rule") == [("issued_at unreadable",), ("issued_at unreadable",)]
    columns = {
        "account_id": "account_id",
        "issued_at": {"sql": "strptime(issued_at, '%d/%m/%Y')::DATE"},
        "amount": "amount",
    }
    settings = firm.settings(tables={"invoices": {"source": source, "columns": columns}})
    assert firm.rows(settings, "invoices", "issued_at, known_at")[0] == (at("2024-02-01"), at("2024-02-02"))


def test_days_and_times_may_stand_in_one_column(firm):
    source = firm.csv("lines.csv", "account_id,issued_at,amount\na,2024-05-01,1\nb,2024-05-01T09:30:00,1")
    assert read(firm, source, "known_at") == [(at("2024-05-01 09:30"),), (at("2024-05-02"),)]


def test_a_csv_file_from_a_spreadsheet_may_be_latin_1(firm):
    (firm.folder / "lines.csv").write_bytes("account_id,issued_at,amount\nSmørum,2024-05-01,1\n".encode("latin-1"))
    assert read(firm, "lines.csv") == [("Smørum", 10000)]


def test_files_of_one_source_in_two_encodings_are_refused_not_garbled(firm):
    firm.csv("utf8.csv", "account_id,issued_at,amount\nSmørum,2024-05-01,1")
    (firm.folder / "odd.csv").write_bytes("account_id,issued_at,amount\nSmørum,2024-05-02,2\n".encode("latin-1"))
    message = refused(firm, "*.csv")
    assert "odd.csv is not UTF-8, but utf8.csv, of the same source, is" in message
    assert "'CSV UTF-8'" in message


def test_latin_1_goes_with_files_that_have_plain_letters_only(firm):
    firm.csv("plain.csv", "account_id,issued_at,amount\nHove,2024-05-01,1")
    (firm.folder / "odd.csv").write_bytes("account_id,issued_at,amount\nSmørum,2024-05-02,2\n".encode("latin-1"))
    assert read(firm, "*.csv") == [("Hove", 10000), ("Smørum", 20000)]


@pytest.mark.parametrize("text", ["a – b", "€", "“a”"])
def test_the_encoding_of_windows_is_named_with_its_remedy(firm, text):
    (firm.folder / "lines.csv").write_bytes(f"account_id,issued_at,amount\n{text},2024-05-01,1\n".encode("cp1252"))
    message = refused(firm, "lines.csv")
    assert "lines.csv is neither UTF-8 nor Latin-1" in message
    assert "choose 'CSV UTF-8'" in message


def test_a_heading_may_have_line_breaks_and_delimiters_in_quotes(firm):
    source = firm.csv("lines.csv", '"Kunde, nr,\n(a, b)";issued_at;"amount ""net"""\n007;2024-05-01;1')
    columns = {"account_id": "Kunde, nr,\n(a, b)", "issued_at": "issued_at", "amount": 'amount "net"'}
    settings = firm.settings(tables={"invoices": {"source": source, "columns": columns}})
    assert firm.rows(settings, "invoices", "account_id, amount") == [("007", 10000)]


def test_a_heading_with_a_quote_that_opens_nothing(firm):
    source = firm.csv("lines.csv", 'account_id,issued_at,amount,size 5",note\na,2024-05-01,1,2,"b"')
    assert read(firm, source) == [("a", 10000)]


def test_a_compressed_csv_file_that_is_cut_short(firm):
    rows = "".join(f"{n},2024-05-01,{n * 7919 % 1000}\n" for n in range(9000))
    packed = gzip.compress(f"account_id,issued_at,amount\n{rows}".encode())
    (firm.folder / "lines.csv.gz").write_bytes(packed[:200])
    assert "lines.csv.gz cannot be read as CSV" in refused(firm, "lines.csv.gz")

"""Workbooks: what is in them, that texts stay texts, and that each is whole, ours, and no older than its list."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.exports import Sink, write
from pipeline.exports.excel import book

DAY = datetime.fromisoformat("2026-01-31")


def table(file: Path, sheet: str, heading: int = 4) -> list[dict]:
    """The rows under a sheet's headings as openpyxl reads them."""
    headings, *rows = load_workbook(file)[sheet].iter_rows(min_row=heading, values_only=True)
    return [dict(zip(headings, row, strict=True)) for row in rows]


def books(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


@pytest.fixture
def two(lists):
    """Two lists of two account managers, and where their workbooks are."""
    lists.publish("churn", rows=[
        {"probability": 0.0321, "account_manager": "Bo", "manager_rank": 1, "change": "new",
         "reasons": [{"text": "210 logins", "role": "raises"}, {"text": "pays early", "role": "eases"}]},
        {"manager_rank": 1, "change": "up 3", "previous_probability": 0.6, "value_at_stake": 12345.678},
        {"section": "leaving", "reasons": [{"text": "ends on 2026-02-11", "role": "apart"}]},
        {"section": "too_new", "account_manager": "Cy", "reasons": ["too little history"]},
    ])  # fmt: skip
    lists.publish("upsell", rows=[
        {"account_id": "a002", "name": "Firm 2"},
        {"account_id": "a003", "name": "Firm 3", "section": "leaving", "value_at_stake": None},
    ])  # fmt: skip
    lists.export(lists.sink("excel"))
    return lists.folder / "lists"


def test_there_is_one_workbook_for_all_and_one_for_each_account_manager(two):
    assert books(two) == ["keepgrow.xlsx", "managers/Ann.xlsx", "managers/Bo.xlsx", "managers/Cy.xlsx"]
    names = ["churn", "upsell", "Leaving or too new", "How to read this"]
    assert load_workbook(two / "keepgrow.xlsx").sheetnames == names
    assert load_workbook(two / "managers/Bo.xlsx").sheetnames == ["churn", "upsell", "How to read this"]


def test_a_row_has_what_an_account_manager_needs(two):
    row = table(two / "keepgrow.xlsx", "churn")[1]
    assert row == {
        "Rank": 2, "Account": "Firm 2", "Account id": "a002", "Account manager": "Ann", "Likelihood": 0.7,
        "In words": "High, about 7 in 10", "What stands out": "▲ no login for 40 days", "What to do": "Call",
        "Value at stake (EUR)": 12345.678, "A call is worth (EUR)": 840, "Since last time": "up 3",
        "Likelihood last time": 0.6, "Came true": 0.66, "95 % from": 0.5, "95 % to": 0.8, "Team": "West",
        "Rank within manager": 1, "List of": DAY,
    }  # fmt: skip


def test_an_account_manager_sees_their_own_rows_only(two):
    rows = table(two / "managers/Bo.xlsx", "churn")
    assert [(row["Rank"], row["Account"]) for row in rows] == [(1, "Firm 1")]
    assert "Account manager" not in rows[0]
    sheet = load_workbook(two / "managers/Bo.xlsx")["upsell"]
    assert [sheet["A1"].value, sheet["A2"].value] == ["upsell · Bo", "Nobody to call on this list today."]
    for file in ("Ann", "Cy"):
        assert "Firm 1" not in cell_texts(two / f"managers/{file}.xlsx")


def cell_texts(file: Path) -> set[str]:
    return {
        cell.value
        for sheet in load_workbook(file)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "s" and cell.value is not None
    }


def test_accounts_that_are_not_scored_stand_apart_each_once(two):
    rows = table(two / "keepgrow.xlsx", "Leaving or too new")
    said = [(row["Account"], row["Why it is here"], row["What is known"], row["Not scored for"]) for row in rows]
    assert said == [
        ("Firm 3", "Leaving", "• ends on 2026-02-11", "churn, upsell"),
        ("Firm 4", "Too new", "• too little history", "churn"),
    ]
    assert [row["Value at stake (EUR)"] for row in rows] == [1200, 1200]


def test_numbers_look_like_numbers_and_dates_like_dates(two):
    sheet = load_workbook(two / "keepgrow.xlsx")["churn"]
    found = {sheet.cell(4, cell.column).value: (cell.data_type, cell.number_format) for cell in sheet[5]}
    rate = ("n", "[<0.0995]0.0%;0%")
    assert found["Likelihood"] == found["Came true"] == rate
    assert found["Value at stake (EUR)"] == ("n", "#,##0")
    assert found["Rank"] == ("n", "0")
    assert found["List of"] == ("d", "d mmm yyyy")
    assert found["Account id"] == ("s", "@")


def test_headings_stay_in_sight_can_be_filtered_and_likelihood_is_coloured_with_words_beside_it(two):
    sheet = load_workbook(two / "keepgrow.xlsx")["churn"]
    assert sheet.freeze_panes == "C5"
    assert sheet.auto_filter.ref == "A4:R6"
    ((where, (rule,)),) = [(ranges.sqref, rules) for ranges, rules in sheet.conditional_formatting._cf_rules.items()]
    assert (str(where), rule.type, len(rule.colorScale.color)) == ("E5:E6", "colorScale", 3)
    assert [sheet["E4"].value, sheet["F4"].value] == ["Likelihood", "In words"]
    assert sheet.column_dimensions["G"].width > 60
    assert sheet["G5"].value == "▲ 210 logins\n▽ pays early"
    assert sheet["G5"].alignment.wrap_text
    assert sheet.row_dimensions[5].height == 33
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$4:$4")


def test_the_guide_explains_every_column_and_names_where_the_lists_come_from(two, lists):
    file = two / "keepgrow.xlsx"
    guide = {row[0]: row[1] for row in load_workbook(file)["How to read this"].iter_rows(values_only=True)}
    for sheet in ("churn", "upsell", "Leaving or too new"):
        assert {heading for row in table(file, sheet) for heading in row} <= set(guide)
    assert "what would be lost" in guide["Value at stake (EUR)"]
    assert guide["Run"] == lists.store.published("upsell").run_id
    assert (guide["Model"], guide["List of"]) == ("keepgrow-upsell 3", DAY)
    assert guide["Excluded: do not contact"] == 2


def test_a_target_without_a_list_is_named_in_the_guide(lists):
    lists.publish(rows=[{}])
    lists.export(lists.sink("excel"))
    book = load_workbook(lists.folder / "lists/keepgrow.xlsx")
    assert book.sheetnames == ["churn", "How to read this"]
    assert {"upsell", "No list has been published yet."} <= cell_texts(lists.folder / "lists/keepgrow.xlsx")


def test_danish(lists):
    lists.publish(rows=[{"change": "up 3", "band": "Høj, ca. 7 ud af 10"}, {"section": "too_new", "change": "new"}])
    lists.export(lists.sink("excel", "da"))
    file = lists.folder / "lists/keepgrow.xlsx"
    assert load_workbook(file).sheetnames == ["churn", "Opsagt eller for ny", "Sådan læses listen"]
    (row,) = table(file, "churn")
    assert (row["Kunde"], row["Værdi på spil (EUR)"], row["Siden sidst"]) == ("Firm 1", 1200, "op 3")
    (apart,) = table(file, "Opsagt eller for ny")
    assert (apart["Hvorfor den er her"], apart["Siden sidst"]) == ("For ny", "ny")
    said = cell_texts(file)
    assert "Liste pr. 31. januar 2026. Alle kolonner er forklaret på det sidste ark." in said
    assert not {"Account", "Likelihood", "Leaving", "What to do"} & said


def test_texts_that_look_like_formulas_links_or_numbers_stay_texts(lists, traps, shown):
    lists.publish(rows=[
        {"name": text, "team": text, "band": text, "play": text, "account_manager": text, "reasons": [text]}
        for text in traps
    ])  # fmt: skip
    lists.export(lists.sink("excel"))
    sheet = load_workbook(lists.folder / "lists/keepgrow.xlsx")["churn"]
    rows = list(sheet.iter_rows(min_row=5))
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}
    assert [row[1].value for row in rows] == [shown(text) for text in traps]
    assert [row[3].value for row in rows] == [shown(text) for text in traps]
    assert [row[6].value for row in rows] == [f"• {shown(text).rstrip()}" for text in traps]
    assert not sheet._hyperlinks
    # Excel keeps them texts when somebody edits the cell, too.
    assert rows[0][1].quotePrefix
    with zipfile.ZipFile(lists.folder / "lists/keepgrow.xlsx") as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert b"<t>rich</t>" not in archive.read("xl/worksheets/sheet1.xml")


def test_characters_that_xml_cannot_carry_and_cells_that_are_too_long(lists):
    lists.publish(rows=[{"name": "a\x00b\x0bc\x1fd\ufffe", "reasons": ["x" * 40_000]}, {"name": "tab\there"}])
    lists.export(lists.sink("excel"))
    first, second = table(lists.folder / "lists/keepgrow.xlsx", "churn")
    assert first["Account"] == "a�b�c�d�"
    assert len(first["What stands out"]) == 32_767
    assert first["What stands out"].endswith("xxx … [cut]")
    assert second["Account"] == "tab\there"


def test_names_of_account_managers_make_safe_and_different_files(lists):
    managers = ["../../x", "CON", "ann holm", "Ann Holm", "", "." * 300, "a/b:c", "Zoë"]
    lists.publish(rows=[{"account_manager": name, "manager_rank": 1} for name in managers])
    lists.export(lists.sink("excel"))
    written = books(lists.folder / "lists")
    assert len({name.casefold() for name in written}) == len(managers) + 1
    assert "managers/Zoë.xlsx" in written
    assert not (lists.folder.parent / "x.xlsx").exists()
    for name in written:
        load_workbook(lists.folder / "lists" / name)


def test_a_target_may_be_called_as_excel_wants_no_sheet_to_be_called(lists):
    targets = ("History", "a" * 40, "A" * 40)
    for target in targets:
        lists.publish(target, rows=[{}])
    lists.export(lists.sink("excel", targets=targets), "History")
    names = load_workbook(lists.folder / "lists/keepgrow.xlsx").sheetnames
    assert names == ["History_", "a" * 31, "A" * 29 + "~2", "How to read this"]


def test_an_empty_list_is_a_workbook_that_says_so(lists):
    lists.publish(rows=[])
    assert lists.export(lists.sink("excel")).status == "done"
    sheet = load_workbook(lists.folder / "lists/keepgrow.xlsx")["churn"]
    assert sheet["A2"].value == "Nobody to call on this list today."
    assert books(lists.folder / "lists") == ["keepgrow.xlsx"]


def test_a_huge_list_is_cut_and_says_so_in_the_workbook_and_in_the_status(lists, monkeypatch):
    monkeypatch.setattr(book, "LARGEST", 4)
    run = lists.publish(rows=[{}, {}, {}])
    status = lists.export(lists.sink("excel"))
    said = "churn: only the first 2 of 3 rows are in this workbook; the other exports hold all of them."
    assert (status.status, status.error) == ("done", said)
    file = lists.folder / "lists/keepgrow.xlsx"
    assert load_workbook(file)["churn"]["A4"].value == said
    assert [row["Rank"] for row in table(file, "churn", heading=5)] == [1, 2]
    assert lists.store.exports(run.run_id)[status.sink] == status


# ---- the folder


def test_the_same_lists_give_the_same_bytes(lists, tmp_path):
    run = lists.publish(rows=[{}, {"section": "leaving"}])
    contents = []
    for name in ("one", "two"):
        write(run, lists.store.rows(run.run_id), Sink("excel", tmp_path / name, "firm"))
        contents.append([(tmp_path / name / file).read_bytes() for file in books(tmp_path / name)])
    assert contents[0] == contents[1]
    # And no clock is in them.
    assert load_workbook(tmp_path / "one/keepgrow.xlsx").properties.created == datetime.fromisoformat(
        "2026-01-31 05:00"
    )


def test_a_rerun_rewrites_nothing_and_the_list_of_another_target_is_written_with_the_first(lists):
    lists.publish("churn", rows=[{}])
    lists.publish("upsell", rows=[{}])
    first = lists.export(lists.sink("excel"))
    file = lists.folder / "lists/keepgrow.xlsx"
    before = file.stat().st_mtime_ns
    assert lists.export(lists.sink("excel")) == first
    assert lists.export(lists.sink("excel"), "upsell").digest == first.digest
    assert file.stat().st_mtime_ns == before


def test_a_new_list_of_any_target_replaces_the_workbooks(lists):
    lists.publish("churn", rows=[{}])
    lists.export(lists.sink("excel"))
    lists.publish("upsell", rows=[{"name": "grows"}])
    lists.export(lists.sink("excel"), "upsell")
    assert [row["Account"] for row in table(lists.folder / "lists/keepgrow.xlsx", "upsell")] == ["grows"]
    lists.publish("churn", rows=[{"name": "newer"}])
    lists.export(lists.sink("excel"))
    assert [row["Account"] for row in table(lists.folder / "lists/keepgrow.xlsx", "churn")] == ["newer"]


def test_another_language_is_another_workbook(lists):
    lists.publish(rows=[{}])
    lists.export(lists.sink("excel"))
    lists.export(lists.sink("excel", "da"))
    assert "Kunde" in cell_texts(lists.folder / "lists/keepgrow.xlsx")


def test_a_workbook_of_ours_that_came_back_is_removed_by_a_rerun(lists):
    lists.publish(rows=[{}])
    first = lists.export(lists.sink("excel"))
    managers = lists.folder / "lists/managers"
    (managers / "Bob.xlsx").write_bytes((managers / "Ann.xlsx").read_bytes())
    assert lists.export(lists.sink("excel")).digest == first.digest
    assert books(lists.folder / "lists") == ["keepgrow.xlsx", "managers/Ann.xlsx"]


def test_the_workbook_of_somebody_without_rows_is_removed_and_no_other_file(lists):
    lists.publish(rows=[{"account_manager": "Ann"}, {"account_manager": "Bo"}])
    lists.export(lists.sink("excel"))
    folder = lists.folder / "lists/managers"
    Workbook().save(folder / "mine.xlsx")
    (folder / "~$Bo.xlsx").write_bytes(b"lock")
    lists.publish(day=31, rows=[{"account_manager": "Ann"}])
    lists.export(lists.sink("excel"))
    assert books(lists.folder / "lists") == [
        "keepgrow.xlsx", "managers/Ann.xlsx", "managers/mine.xlsx", "managers/~$Bo.xlsx",
    ]  # fmt: skip


def test_a_workbook_that_somebody_changed_is_written_again(lists):
    lists.publish(rows=[{}])
    lists.export(lists.sink("excel"))
    file = lists.folder / "lists/managers/Ann.xlsx"
    changed = load_workbook(file)
    changed["churn"]["B5"] = "my note"
    changed.save(file)
    lists.export(lists.sink("excel"))
    assert [row["Account"] for row in table(file, "churn")] == ["Firm 1"]


@pytest.mark.parametrize(
    ("content", "said"), [(b"mine", "keepgrow did not write it"), (None, "it holds the lists of the config 'other'")]
)
def test_a_file_that_is_not_ours_is_left_as_it_is(lists, content, said):
    run = lists.publish(rows=[{}])
    folder = lists.folder / "lists"
    if content is None:
        write(run, lists.store.rows(run.run_id), Sink("excel", folder, "other"))
    else:
        folder.mkdir()
        (folder / "keepgrow.xlsx").write_bytes(content)
    before = (folder / "keepgrow.xlsx").read_bytes()
    status = lists.export(lists.sink("excel"), wait=lambda _: None)
    assert status.status == "failed"
    assert said in status.error
    assert (folder / "keepgrow.xlsx").read_bytes() == before
    assert lists.store.published("churn").run_id == run.run_id


def test_an_open_workbook_is_retried_then_reported_while_the_others_are_replaced(lists, monkeypatch):
    lists.publish(rows=[{"account_manager": "Ann"}, {"account_manager": "Bo"}])
    lists.export(lists.sink("excel"))
    lists.publish(day=31, rows=[{"account_manager": "Ann", "name": "new"}, {"account_manager": "Bo", "name": "new"}])
    replace = Path.replace

    def locked(part: Path, file: Path) -> Path:
        if file.name == "Ann.xlsx":
            raise PermissionError(13, "The process cannot access the file because it is being used")
        return replace(part, file)

    monkeypatch.setattr(Path, "replace", locked)
    waits: list[float] = []
    status = lists.export(lists.sink("excel"), wait=waits.append)
    assert (status.status, waits) == ("failed", [1.0, 2.0])
    assert "Ann.xlsx cannot be written: The process cannot access" in status.error
    folder = lists.folder / "lists/managers"
    assert [row["Account"] for row in table(folder / "Bo.xlsx", "churn")] == ["new"]
    monkeypatch.undo()
    assert lists.export(lists.sink("excel")).status == "done"
    assert [row["Account"] for row in table(folder / "Ann.xlsx", "churn")] == ["new"]
    assert not list((lists.folder / "lists").glob(".keepgrow*"))

"""Workbooks opened in LibreOffice: numbers are numbers, dates are dates, and traps are texts."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


@pytest.fixture(scope="module")
def opened(tmp_path_factory, soffice, make_lists, traps) -> Iterator[dict[str, list[list[ElementTree.Element]]]]:
    """Sheet -> rows of cells, as LibreOffice has read the workbook and written it in its own format."""
    folder = tmp_path_factory.mktemp("office")
    lists = make_lists(folder)
    with lists.store:
        lists.publish("churn", rows=[{"name": text, "team": text, "reasons": [text]} for text in traps])
        lists.publish("upsell", rows=[{"probability": 0.0321, "value_at_stake": 12345.678}])
        assert lists.export(lists.sink("excel")).status == "done"
    file = folder / "lists/keepgrow.xlsx"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    done = subprocess.run(
        [soffice, profile, "--headless", "--convert-to", "ods", "--outdir", folder, file],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert (folder / "keepgrow.ods").exists(), done.stdout + done.stderr
    return read(folder / "keepgrow.ods")


def read(file: Path) -> dict[str, list[list[ElementTree.Element]]]:
    with zipfile.ZipFile(file) as archive:
        sheets = ElementTree.fromstring(archive.read("content.xml")).iter(f"{TABLE}table")
    return {
        str(sheet.get(f"{TABLE}name")): [
            [
                cell
                for cell in row.findall(f"{TABLE}table-cell")
                for _ in range(min(50, int(cell.get(f"{TABLE}number-columns-repeated", "1"))))
            ]
            for row in sheet.iter(f"{TABLE}table-row")
        ]
        for sheet in sheets
    }


def kind(cell: ElementTree.Element) -> str | None:
    return cell.get(f"{OFFICE}value-type")


def text(cell: ElementTree.Element) -> str:
    """What LibreOffice shows, lines joined by LF; it writes repeated spaces and tabs as elements."""
    lines = []
    for paragraph in cell.findall(f"{TEXT}p"):
        for element in paragraph.iter():
            if element.tag == f"{TEXT}s":
                element.text = " " * int(element.get(f"{TEXT}c", "1"))
            if element.tag == f"{TEXT}tab":
                element.text = "\t"
        lines.append("".join(paragraph.itertext()))
    return "\n".join(lines)


def test_sheets_stand_in_their_order(opened):
    assert [name for name in opened if not name.startswith("'file")] == ["churn", "upsell", "How to read this"]


def test_numbers_are_numbers_and_dates_are_dates(opened):
    headings = [text(cell) for cell in opened["upsell"][3]]
    cells = dict(zip(headings, opened["upsell"][4], strict=False))
    values = {name: (kind(cell), cell.get(f"{OFFICE}value")) for name, cell in cells.items()}
    assert values["Likelihood"] == ("percentage", "0.0321")
    assert values["Came true"] == ("percentage", "0.66")
    assert values["Value at stake (EUR)"] == ("float", "12345.678")
    assert values["Rank"] == ("float", "1")
    assert (kind(cells["List of"]), cells["List of"].get(f"{OFFICE}date-value")) == ("date", "2026-01-31")
    shown = {name: text(cell) for name, cell in cells.items()}
    assert (shown["Likelihood"], shown["Came true"]) == ("3.2%", "66%")
    assert (shown["Value at stake (EUR)"], shown["List of"]) == ("12,346", "31 Jan 2026")


def test_no_cell_of_the_workbook_is_a_formula_or_an_error(opened):
    cells = [cell for rows in opened.values() for row in rows for cell in row]
    assert not [text(cell) for cell in cells if cell.get(f"{TABLE}formula")]
    assert {kind(cell) for cell in cells} == {"string", "percentage", "float", "date", None}


def test_traps_stay_texts(opened, traps, shown):
    headings = [text(cell) for cell in opened["churn"][3]]
    places = [headings.index(name) for name in ("Account", "What stands out", "Team")]
    for row, trap in zip(opened["churn"][4:], traps, strict=False):
        name, reasons, team = (row[place] for place in places)
        assert [kind(cell) for cell in (name, reasons, team)] == ["string"] * 3
        assert text(name) == text(team) == shown(trap)
        assert text(reasons) == f"• {shown(trap).rstrip()}"

"""Texts and names that Excel, XML and file systems take, whatever people are called."""

from __future__ import annotations

import re
from io import BytesIO
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.exports.excel.text import LONGEST, cell_text, file_names, sheet_names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Smith & Co", "Smith & Co"), ("a\r\nb\rc\nd", "a\nb\nc\nd"), ("a\x00b\x1f", "a�b�"), ("\ud800", "�"),
        ("<r>x</r>", "<r>x</r> "), ("<r>x", "<r>x"), ("", ""), ("=1+1", "=1+1"), ("tab\t", "tab\t"), ("😀", "😀"),
    ],
)  # fmt: skip
def test_a_cell_holds(text, shown):
    assert cell_text(text, "…") == shown


@given(st.text() | st.text("<r>/\x00\r\n\ud800😀", max_size=20))
def test_every_text_can_be_xml(text):
    shown = cell_text(text, "…")
    markup = "<c>" + shown.replace("&", "&amp;").replace("<", "&lt;") + "</c>"
    assert (ElementTree.parse(BytesIO(markup.encode())).getroot().text or "") == shown
    assert cell_text(shown, "…") == shown


def test_a_text_is_cut_by_what_excel_counts_and_never_inside_a_character():
    assert cell_text("x" * LONGEST, "…") == "x" * LONGEST
    assert cell_text("x" * (LONGEST + 1), "…") == "x" * (LONGEST - 1) + "…"
    cut = cell_text("😀" * LONGEST, " [cut]")
    assert len(cut.encode("utf-16-le")) // 2 in (LONGEST - 1, LONGEST)
    assert set(cut[:-6]) == {"😀"}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["churn", "upsell"], ["churn", "upsell"]), (["a", "A", "a"], ["a", "A~2", "a~3"]),
        (["history", "History"], ["history_", "History_~2"]), (["a[b]:*?/\\c", ""], ["a_b______c", "_"]),
        (["'a'"], ["a"]), (["x" * 40, "x" * 50], ["x" * 31, "x" * 29 + "~2"]),
    ],
)  # fmt: skip
def test_sheets_are_called(wanted, names):
    assert sheet_names(wanted) == names


@given(st.lists(st.text(st.sampled_from("ab[]:*?/\\'A"), max_size=40), max_size=12))
def test_names_of_sheets_are_legal_and_different(wanted):
    names = sheet_names(wanted)
    assert len({name.casefold() for name in names}) == len(wanted)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert not name.startswith("'")
        assert not name.endswith("'")


@pytest.mark.parametrize(
    ("person", "file"),
    [
        ("Anna Holm", "Anna Holm"), ("Zoë Ærø-Ødegård", "Zoë Ærø-Ødegård"), ("../../x", "_.._x 9cdf6a50"),
        ("CON", "_ "), ("nul.txt", "_ "), ("a/b", "a_b "), ("~$x", "x "), (".hidden", "hidden "), ("x.", "x "),
        ("", "_ "), ("=1", "1 "), ("a\u202eb", "a_b "),
    ],
)  # fmt: skip
def test_files_are_called(person, file):
    name = file_names([person])[person]
    if file.endswith(" "):  # changed, so it ends in a digest
        assert re.fullmatch(re.escape(file) + r"[0-9a-f]{8}\.xlsx", name)
    else:
        assert name == file + ".xlsx"


def test_a_file_keeps_its_name_whoever_else_is_there():
    assert file_names(["Ann", "a/b"])["a/b"] == file_names(["a/b", "Zoë"])["a/b"]
    both = file_names(["ann", "Ann", "Bo"])
    assert both["Bo"] == "Bo.xlsx"
    assert len({name.casefold() for name in both.values()}) == 3


NAMES = st.text(max_size=100) | st.text(st.sampled_from("aA./\\ ~$CON:é'"), max_size=9)


@given(st.lists(NAMES, unique=True, max_size=9))
def test_names_of_files_are_safe_and_different(people):
    names = file_names(people)
    assert len({name.casefold() for name in names.values()}) == len(people)
    for name in names.values():
        stem = name.removesuffix(".xlsx")
        assert len(name.encode()) <= 200
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
        assert stem == stem.strip(" .")
        assert not re.fullmatch(r"(?i)(con|prn|aux|nul|(com|lpt)\d)(\..*)?", stem)
        assert not name.startswith(("~", ".", "-", "="))

"""Notes: who writes what in which language, and whose names and numbers are in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.synthetic import make_company
from pipeline.synthetic.chain import COMPONENTS
from pipeline.synthetic.contacts import full_name, mail, phone
from pipeline.synthetic.notes import WEIGHTS
from pipeline.synthetic.wording import DANISH, ENGLISH, SUBJECTS


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder: Path = tmp_path_factory.mktemp("notes")
    make_company(folder, accounts=800, years=1, truth=False)
    assert not (folder / "truth").exists()
    rows = pd.read_parquet(folder / "interactions.parquet")
    assert rows["text"].notna().equals(rows["kind"] == "note"), "only notes have words"
    accounts = pd.read_parquet(folder / "accounts.parquet").drop_duplicates("account_id").set_index("account_id")
    written = rows[rows["kind"] == "note"]
    return written.assign(country=written["account_id"].map(accounts["country"]), words=written["text"].str.lower())


def _share(notes: pd.DataFrame, pattern: str) -> float:
    return float(notes["words"].str.contains(pattern, regex=True).mean())


def test_there_are_a_few_notes_per_account_and_year_and_they_are_seldom_the_same(notes: pd.DataFrame) -> None:
    assert 800 < len(notes) < 4 * 800
    assert notes["text"].nunique() > 0.75 * len(notes)
    assert notes["text"].str.len().between(8, 400).all()
    assert (notes["known_at"] > notes["occurred_at"]).mean() > 0.99


def test_notes_on_danish_accounts_are_mostly_danish_and_few_others(notes: pd.DataFrame) -> None:
    danish = r"talte med|opkald|møde med|ringede|statusmøde|kvartalsmøde|opfølgning|intet|ikke|hos dem|igen"
    assert _share(notes[notes["country"] == "DK"], danish) > 0.5
    assert _share(notes[notes["country"] == "DE"], danish) < 0.1


def test_some_notes_hold_addresses_numbers_and_account_ids(notes: pd.DataFrame) -> None:
    text = notes["text"]
    for pattern in (r"[a-z]+\.[a-z-]+@[a-z]+\.example", r"\+45 1\d \d\d \d\d \d\d|\+44 20 7946 0\d{3}", r"A\d{6}"):
        assert 0.01 < text.str.contains(pattern, regex=True).mean() < 0.15, pattern
    named = text.str.extract(r"(A\d{6})")[0].dropna()
    carried = notes.loc[named.index, "account_id"].str.replace("B", "A")
    assert (named == carried).all()


def test_a_contact_has_one_name_and_the_next_another() -> None:
    assert full_name(17, 0, danish=True) == full_name(17, 0, danish=True)
    people = {full_name(17, contact, danish=True) for contact in range(10)}
    assert len(people) == 10
    assert len({full_name(number, 0, danish=False) for number in range(400)}) > 250


def test_addresses_and_numbers_are_nobodys() -> None:
    assert mail("Jørgen", "Østergaard", "Nordgaard Foods A/S") == "joergen.oestergaard@nordgaard.example"
    assert mail("Moira", "O'Connor", "Kingsley Data Ltd") == "moira.oconnor@kingsley.example"
    assert phone(123_456, danish=True) == "+45 15 12 34 56"
    assert phone(123_456, danish=False) == "+44 20 7946 0456"


def test_both_languages_have_the_same_kinds_of_sentences_and_every_gap_can_be_filled() -> None:
    assert set(ENGLISH) == set(DANISH) == {*SUBJECTS, "opening", "attempt", "closing", "details"}
    filled = dict.fromkeys(("given", "full", "new", "n", "phone", "mail", "id"), "x")
    for wording in (ENGLISH, DANISH):
        for sentences in wording.values():
            assert len(set(sentences)) == len([text for text in sentences if text]) + ("" in sentences)
            assert all("{" not in text.format(**filled) for text in sentences)


def test_each_subject_presses_by_the_levels_of_its_component() -> None:
    assert set(WEIGHTS) == set(SUBJECTS) - {"nothing"}
    for component, weights in WEIGHTS.values():
        assert len(weights) == len(COMPONENTS[component].levels)
        assert np.ptp(weights) > 0.1

"""Scores of all accounts: parts in any order become one file by account id, which is read a little at a time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline import score_files
from pipeline.errors import StoreError
from pipeline.score_files import Scores, join_parts, prepare, write_part
from pipeline.settings import Settings


def scores(*accounts: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": list(accounts),
            "section": ["cohort" if account != "z" else "leaving" for account in accounts],
            "probability": [0.5 if account != "z" else float("nan") for account in accounts],
            "value_at_stake": 100.0,
            "expected_value": 50.0,
        }
    )


@pytest.fixture
def joined(tmp_path: Path) -> Scores:
    prepare(tmp_path)
    for bucket, accounts in enumerate((("b", "z"), (), ("a", "É", "c"))):
        write_part(scores(*accounts), tmp_path, bucket)
    settings = Settings.model_validate({"name": "firm", "tables": {"invoices": [{"source": "invoices.csv"}]}})
    return join_parts(tmp_path, settings, 3)


def test_parts_become_one_file_by_account_id(joined: Scores) -> None:
    frame = joined.frame()
    assert frame["account_id"].tolist() == sorted(["a", "b", "c", "z", "É"]) == ["a", "b", "c", "z", "É"]
    assert frame["probability"].isna().tolist() == [False, False, False, True, False]
    assert len(joined) == 5
    assert sorted(path.name for path in joined.file.parent.iterdir()) == ["scores.parquet"]


def test_all_scores_are_read_a_few_at_a_time(joined: Scores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_files, "AT_ONCE", 2)
    parts = [*joined.frames()]
    assert [len(part) for part in parts] == [2, 2, 1]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), joined.frame())


def test_some_accounts_scores_are_read_alone(joined: Scores) -> None:
    assert joined.of(["z", "nobody", "a"])["account_id"].tolist() == ["a", "z"]
    assert joined.of([]).empty


def test_a_part_written_again_replaces_the_one_before(tmp_path: Path, joined: Scores) -> None:
    prepare(tmp_path)
    write_part(scores("a", "b"), tmp_path, 0)
    write_part(scores("c"), tmp_path, 0)
    settings = Settings.model_validate({"name": "firm", "tables": {"invoices": [{"source": "invoices.csv"}]}})
    assert join_parts(tmp_path, settings, 1).frame()["account_id"].tolist() == ["c"]


def test_two_workers_that_write_the_same_part_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path)
    written, write = [], score_files.pq.write_table

    def write_and_be_overtaken(*given: object) -> None:
        write(*given)
        written.append(given[1])
        if len(written) == 1:
            write_part(scores("a"), tmp_path, 0)

    monkeypatch.setattr(score_files.pq, "write_table", write_and_be_overtaken)
    write_part(scores("a"), tmp_path, 0)
    assert len({*written}) == 2
    assert [path.name for path in (tmp_path / "scores").iterdir()] == ["bucket=00000.parquet"]


def test_a_part_that_is_not_there_is_not_passed_over(tmp_path: Path) -> None:
    prepare(tmp_path)
    write_part(scores("a"), tmp_path, 0)
    settings = Settings.model_validate({"name": "firm", "tables": {"invoices": [{"source": "invoices.csv"}]}})
    with pytest.raises(
        StoreError, match=r"scores in .*bucket=00001\.parquet were written by a worker .* not seen here"
    ):
        join_parts(tmp_path, settings, 2)


def test_where_nobody_is_scored_there_are_columns_all_the_same(tmp_path: Path) -> None:
    prepare(tmp_path)
    write_part(scores(), tmp_path, 0)
    settings = Settings.model_validate({"name": "firm", "tables": {"invoices": [{"source": "invoices.csv"}]}})
    (frame,) = join_parts(tmp_path, settings, 1).frames()
    assert (len(frame), frame.columns.tolist()) == (0, score_files.SCHEMA.names)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"scores cannot be written to .*file"):
        prepare(tmp_path / "file")


def test_parts_that_cannot_be_read_are_told_in_one_sentence(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "scores" / "bucket=00000.parquet").write_bytes(b"torn")
    settings = Settings.model_validate({"name": "firm", "tables": {"invoices": [{"source": "invoices.csv"}]}})
    with pytest.raises(StoreError, match="scores cannot be written to") as caught:
        join_parts(tmp_path, settings, 1)
    assert "\n" not in str(caught.value)

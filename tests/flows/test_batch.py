"""Scoring alone: a command, a flow and a Python call that say the same of the same accounts."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from flows.batch import score_batch
from flows.outermost import day_asked
from flows.score_table import score_table
from pipeline.errors import AsOfError, KeepgrowError, ModelError, SinkError
from pipeline.scores_file import SCORE_TABLE
from pipeline.settings import read_settings
from pipeline.store import Store


@pytest.fixture
def server(prefect_url, monkeypatch):
    """Run flows of this process on the session's Prefect server."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def published(firm) -> list:
    with Store(f"sqlite:///{firm.state / 'store.db'}") as store:
        return store.publications()


def test_command_flow_and_call_give_the_same_scores(firm, inside, server, tmp_path):
    before = published(firm)
    called = score_table(firm.config)
    done = inside("score", "--config", firm.config, "--out", tmp_path / "scores.csv")
    assert done.code == 0, done.err
    assert f"write    {len(called):,} scores of churn, upsell to {tmp_path / 'scores.csv'}" in done.err
    told = score_batch(str(firm.config), out=str(tmp_path / "scores.parquet"))
    assert (told["rows"], told["out"]) == (len(called), str(tmp_path / "scores.parquet"))
    assert_frame_equal(pd.read_parquet(tmp_path / "scores.parquet"), called)
    typed = {"account_id": str, "target": str, "section": str, "model": str, "recipe": str}
    read = pd.read_csv(tmp_path / "scores.csv", dtype=typed, parse_dates=["as_of"], float_precision="round_trip")
    assert_frame_equal(read, called, check_dtype=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.csv", "scores.parquet"]
    assert published(firm) == before


def test_the_scores_are_those_of_the_published_run(firm):
    table = score_table(firm.config, date(2026, 1, 1), targets=["churn"])
    assert tuple(table.columns) == SCORE_TABLE
    with Store(f"sqlite:///{firm.state / 'store.db'}") as store:
        run = store.published("churn")
        kept = store.scores(run.run_id)
    assert table["account_id"].tolist() == kept["account_id"].tolist()
    assert table["probability"].equals(kept["probability"].astype("float64"))
    assert set(table["model"]) == {f"{run.model_name} version {run.model_version}"}
    assert (set(table["target"]), set(table["as_of"]), set(table["retrospective"])) == (
        {"churn"},
        {pd.Timestamp("2026-01-01")},
        {False},
    )
    outside = table["section"] != "cohort"
    assert outside.any()
    assert table.loc[outside, ["probability", "expected_value"]].isna().all(axis=None)
    assert table.loc[~outside, "probability"].between(0, 1).all()


def test_a_past_day_is_scored_only_when_asked_for_and_marked(firm):
    with pytest.raises(ModelError, match="retrospective"):
        score_table(firm.config, "2025-09-01", targets=["churn"])
    table = score_table(firm.config, "2025-09-01", targets=["churn"], retrospective=True)
    assert table["retrospective"].all()
    assert set(table["as_of"]) == {pd.Timestamp("2025-09-01")}


def test_a_call_leaves_no_draft_to_be_published(firm):
    score_table(firm.config, "2025-12-31", targets=["churn"], retrospective=True)
    assert not (firm.state / "scored" / "churn" / "2025-12-31").exists()


def test_a_dry_run_writes_no_file(firm, inside, tmp_path):
    done = inside("score", "--config", firm.config, "--target", "churn", "--out", tmp_path / "s.csv", "--dry-run")
    assert done.code == 0, done.err
    assert "dry run: would write" in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("out", "fault"),
    [
        ("scores.xlsx", "name a file that ends in .csv or .parquet"),
        ("nowhere/scores.csv", "there is no folder"),
        ("folder.csv", "it is a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(tiny, inside, server, tmp_path, out, fault):
    (tmp_path / "folder.csv").mkdir()
    done = inside("score", "--config", tiny.config, "--out", tmp_path / out)
    assert (done.code, done.err.count("error:")) == (2, 1)
    assert fault in done.err
    with pytest.raises(SinkError, match=fault):
        score_batch(str(tiny.config), out=str(tmp_path / out))
    assert not (tiny.config.parent / "state" / "snapshots").exists()


def test_a_file_in_the_way_stays_whole_when_the_disk_refuses(firm, tmp_path, monkeypatch):
    from pipeline.scores_file import write_scores

    file = tmp_path / "scores.csv"
    file.write_text("yesterday's")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SinkError, match="No space left on device"):
        write_scores([pd.DataFrame({"account_id": ["a"]})], file)
    assert (file.read_text(), [path.name for path in tmp_path.iterdir()]) == ("yesterday's", ["scores.csv"])


def test_without_a_champion_nothing_is_written(tiny, inside, server, tmp_path):
    with pytest.raises(ModelError, match="has no champion yet"):
        score_table(tiny.config)
    with pytest.raises(ModelError, match="has no champion yet"):
        score_batch(str(tiny.config), out=str(tmp_path / "scores.csv"))
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    ("asked", "day"),
    [
        (None, date(2025, 6, 1)),  # [run] as_of
        ("", date(2025, 6, 1)),
        ("2025-05-01", date(2025, 5, 1)),
        (date(2025, 5, 1), date(2025, 5, 1)),
    ],
)
def test_the_day_is_the_one_asked_for_else_the_configs(tiny, asked, day):
    assert day_asked(read_settings(tiny.config), asked, today=date(2026, 1, 1)) == day


def test_without_either_the_day_is_today(tiny):
    assert day_asked(None, None, today=date(2026, 1, 1)) == date(2026, 1, 1)
    tiny.edit("as_of = 2025-06-01", "")
    assert day_asked(read_settings(tiny.config), None, today=date(2026, 1, 1)) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [("tomorrow", "written as YYYY-MM-DD"), ("2026-01-02", "lies in the future: today is 2026-01-01")],
)
def test_a_day_that_cannot_be_taken_is_refused(asked, fault):
    with pytest.raises(AsOfError, match=fault):
        day_asked(None, asked, today=date(2026, 1, 1))


def test_a_call_says_one_sentence_about_a_wrong_config(tmp_path):
    before = dict(os.environ)
    with pytest.raises(KeepgrowError, match=r"acme\.toml does not exist"):
        score_table(tmp_path / "acme.toml")
    assert not list(tmp_path.iterdir())
    os.environ.clear()
    os.environ.update(before)

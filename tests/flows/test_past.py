"""What was: past lists rebuilt, a target rolled back and released, an account explained, from the outside."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from flows.alone import run_lock
from models.material import Material
from models.scoring import score_target
from models.training import train_target
from pipeline.exports import canonical_csv
from pipeline.publishing import export_list, publish_list, roll_back
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
from pipeline.store import Run, Store


def store_of(tiny) -> Store:
    return Store(f"sqlite:///{tiny.config.parent / 'state' / 'store.db'}")


def published(tiny) -> Run:
    with store_of(tiny) as store:
        return store.published("churn")


def exported(tiny, name: str = "churn.csv") -> bytes:
    return (tiny.config.parent / "lists" / name).read_bytes()


def refused(said, *parts: str) -> None:
    assert said.code == 2, said.err
    assert "Traceback" not in said.err
    message = " ".join(said.err.split())
    for part in parts:
        assert part in message, message


@pytest.fixture(scope="module")
def two_mornings(make_tiny, tmp_path_factory, quick_schema) -> Path:
    """The folder of a tiny firm after the main job of two mornings, done without Prefect."""
    tiny = make_tiny(tmp_path_factory.mktemp("two"))
    settings = read_settings(tiny.config)
    for day in (date(2025, 5, 30), date(2025, 5, 31)):
        material = Material.of(settings, take_snapshot(settings, day))
        train_target(material, material.target("churn"), day)
        score_target(material, material.target("churn"), day)
        now = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
        publish_list(settings, "churn", day, now)
        export_list(settings, "churn", now)
    return tiny.config.parent


@pytest.fixture
def two_days(two_mornings, tiny):
    """A copy of it; its models stay where they are."""
    shutil.copytree(two_mornings, tiny.config.parent, dirs_exist_ok=True)
    return tiny


def test_roll_back_run_on_release_and_rebuild(two_days, inside, tmp_path):
    tiny = two_days
    with store_of(tiny) as store:
        first, second = (run.run_id for run in store.runs("churn")[::-1])
    old, bad = exported(tiny, f"history/{first}.csv"), exported(tiny)
    assert exported(tiny, f"history/{second}.csv") == bad != old

    back = inside("rollback", "churn", "churn-2025-05-30", "--author", "ann", "--config", tiny.config)
    assert back.code == 0, back.err
    assert f"churn is back at run {first}, instead of {second}, which is kept." in back.err
    assert f"HELD churn stays rolled back to {first} by ann on" in " ".join(back.err.split())
    assert published(tiny).run_id == first
    assert exported(tiny) == old

    # The same day again, and the next day, a corrected source or not.
    for day in ("2025-05-31", "2025-06-01"):
        tiny.write(tiny.lines()[:-1])
        again = inside("run", "--config", tiny.config, "--as-of", day, "--json", tmp_path / "run.json")
        assert again.code == 0, again.err
        assert "`keepgrow rollback churn --release` shows lists again" in " ".join(again.err.split())
        assert "HELD: churn stays rolled back" in " ".join(again.out.split())
        (result,) = json.loads((tmp_path / "run.json").read_text())["published"]
        assert (result["new"], result["moved"], result["hold"]["by"]) == (True, False, "ann")
        assert published(tiny).run_id == first
        assert exported(tiny) == old

    listed = inside("runs", "--config", tiny.config, "--json", tmp_path / "runs.json")
    assert "HELD: churn stays rolled back" in " ".join(listed.out.split())
    shown = {run["run"]: run["shown"] for run in json.loads((tmp_path / "runs.json").read_text())["runs"]}
    assert [shown[first], shown[second], len(shown)] == ["held", "", 4]

    released = inside("rollback", "churn", "--release", "--config", tiny.config)
    assert released.code == 0, released.err
    assert str(published(tiny).as_of) == "2025-06-01"
    assert exported(tiny) == exported(tiny, f"history/{published(tiny).run_id}.csv") != old
    with store_of(tiny) as store:
        audit = [(row["action"], row["sequence"]) for row in store.publications("churn")]
        runs = store.runs("churn")
        assert audit == [("release", 6), ("keep", 5), ("keep", 4), ("rollback", 3), ("publish", 2), ("publish", 1)]
        told = {run.run_id: canonical_csv(run, store.rows(run.run_id)) for run in runs}

    for run in runs:
        again = inside("rebuild", run.run_id, "--config", tiny.config)
        assert again.code == 0, again.err
        assert again.out.encode() == told[run.run_id]
        assert run.rows_digest in again.err
    out = tmp_path / "list.csv"
    assert inside("rebuild", first, "--out", out, "--config", tiny.config).out == ""
    assert out.read_bytes() == old == b"\xef\xbb\xbf" + told[first]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_questions_about_the_past_that_make_no_sense(two_days, inside, tmp_path, monkeypatch):
    config = ("--config", two_days.config)
    shown = published(two_days).run_id
    refused(inside("rebuild", "churn-2025-05-3", *config), "2 runs begin with 'churn-2025-05-3'")
    refused(inside("rebuild", "churn-2025-05-29-0", *config), "there is no run 'churn-2025-05-29-0'; did you mean")
    refused(inside("rebuild", shown, "--json", "-", *config), "cannot both go to standard output")
    refused(inside("rebuild", shown, "--out", tmp_path / "no" / "x.csv", *config), "x.csv cannot be written: No such")
    refused(inside("rollback", "chrn", shown, *config), "declares no target 'chrn'; did you mean 'churn'?")
    refused(inside("rollback", "churn", *config), "either a RUN to go back to", "found neither")
    refused(inside("rollback", "churn", shown, "--release", *config), "found both")
    refused(inside("rollback", "churn", shown, *config), "see already; nothing to roll back")
    refused(inside("rollback", "churn", "churn-2025-01-01", *config), "no run 'churn-2025-01-01' of target 'churn'")
    settings = read_settings(two_days.config)
    with run_lock(settings, published(two_days).created_at):
        refused(inside("rollback", "churn", "churn-2025-05-30", *config), "another run holds")

    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.setattr("flows.going_back.getpass.getuser", nobody)
    refused(inside("rollback", "churn", "churn-2025-05-30", *config), "add --author NAME")
    assert published(two_days).run_id == shown
    with store_of(two_days) as store:
        assert len(store.publications()) == 2


def test_a_rollback_whose_sink_cannot_be_written_stands_and_is_completed_by_the_same_command(two_days, inside):
    lists = two_days.config.parent / "lists"
    good = exported(two_days, f"history/{published(two_days).previous_run}.csv")
    lists.rename(lists.with_name("aside"))
    lists.write_text("in the way")
    back = ("rollback", "churn", "churn-2025-05-30", "--config", two_days.config)
    refused(inside(*back), "cannot be written")
    assert str(published(two_days).as_of) == "2025-05-30"
    Path(lists).unlink()
    lists.with_name("aside").rename(lists)
    again = inside(*back)
    assert (again.code, "Nothing changed: churn stays rolled back" in " ".join(again.err.split())) == (0, True)
    assert exported(two_days) == good


def test_a_dry_run_under_a_hold_says_that_the_list_would_not_be_shown(two_days):
    settings = read_settings(two_days.config)
    roll_back(settings, "churn", "churn-2025-05-30", "ann", datetime(2025, 6, 1, tzinfo=UTC), excluded=())
    day = date(2025, 6, 1)
    material = Material.of(settings, take_snapshot(settings, day))
    score_target(material, material.target("churn"), day, dry_run=True)
    rehearsed = publish_list(settings, "churn", day, datetime(2025, 6, 1, 5, tzinfo=UTC), dry_run=True)
    assert rehearsed["said"].startswith(
        "dry run: would be kept and not shown: churn stays rolled back to churn-2025-05"
    )
    assert rehearsed["hold"]["by"] == "ann"
    with store_of(two_days) as store:
        assert len(store.runs()) == 2


def objects(tiny, account: str, begins: str) -> None:
    """Exclude an account from a day on."""
    (tiny.config.parent / "exclusions.csv").write_text(f"account_id,reason,from\n{account},objection,{begins}\n")
    if "exclusions" not in tiny.config.read_text():
        tiny.edit("[targets.churn]", '[[tables.exclusions]]\nsource = "exclusions.csv"\n\n[targets.churn]')


def test_a_list_is_not_rolled_back_to_when_it_names_an_account_that_objected_since(two_days, inside):
    with store_of(two_days) as store:
        first, second = (run.run_id for run in store.runs("churn")[::-1])
        account = store.rows(first)["account_id"].iloc[0]
    shown = exported(two_days)
    objects(two_days, account, "2025-05-31")
    back = inside("rollback", "churn", first, "--config", two_days.config)
    refused(
        back,
        f"run {first} names accounts that must not be listed now (1, for example '{account}')",
        "nothing was changed",
    )
    assert (published(two_days).run_id, exported(two_days)) == (second, shown)


def test_a_hold_ends_loudly_the_morning_after_an_account_on_the_held_list_objects(two_days, inside, tmp_path):
    back = inside("rollback", "churn", "churn-2025-05-30", "--config", two_days.config)
    assert back.code == 0, back.err
    with store_of(two_days) as store:
        account = store.rows(published(two_days).run_id).query("section == 'call'")["account_id"].iloc[0]
    assert account in exported(two_days).decode()
    objects(two_days, account, "2025-06-01")
    run = ("run", "--config", two_days.config, "--as-of", "2025-06-01", "--json", tmp_path / "run.json")
    rehearsed = inside(*run, "--dry-run")
    assert "dry run: would be published: the hold of churn ended" in " ".join(rehearsed.out.split())
    done = inside(*run)
    assert done.code == 0, done.err
    ended = "the hold of churn ended: the held list churn-2025-05-30"
    assert f"RELEASED {ended}" in " ".join(done.err.split())
    assert f"RELEASED: {ended}" in " ".join(done.out.split())
    assert (str(published(two_days).as_of), published(two_days).hold) == ("2025-06-01", None)
    for file in (two_days.config.parent / "lists").glob("*.csv"):
        assert account not in file.read_text()
    # Neither what left the list nor the report names it.
    (result,) = json.loads((tmp_path / "run.json").read_text())["published"]
    assert (result["moved"], result["hold"], ended in result["hold_ended"]) == (True, None, True)
    assert account not in json.dumps(result)
    page = (two_days.config.parent / "state" / "reports" / "2025-06-01.html").read_text()
    assert "The hold of churn ended" in page
    assert "Compared with the list of 2025-05-30" in page
    assert account not in page


def explained(inside, tiny, file: Path, *arguments: str) -> tuple[dict, str]:
    done = inside("explain", *arguments, "--as-of", "2025-05-31", "--config", tiny.config, "--json", file)
    assert done.code == 0, done.err
    return json.loads(file.read_text()), done.out


def test_an_account_is_explained_as_it_was_scored_and_listed(two_days, inside, tmp_path):
    run = published(two_days)
    with store_of(two_days) as store:
        row = store.rows(run.run_id).iloc[0]
        scores = store.account_scores(row["account_id"])
        audit = store.publications()
    told, printed = explained(inside, two_days, tmp_path / "one.json", row["account_id"])
    churn = told["targets"]["churn"]
    now = churn["now"]
    assert now["probability"] == row["probability"]
    for column in ("band", "observed_rate", "value_at_stake", "expected_value"):
        assert now[column] == row[column] or (now[column] is None and pd.isna(row[column]))
    assert now["reasons"] == row["reasons"]
    assert churn["list"] | {"as_of": None} == {
        "run": run.run_id, "as_of": None, "section": "call", "rank": 1, "manager_rank": 1
    }  # fmt: skip
    assert [score["probability"] for score in churn["history"]] == scores["probability"].tolist()
    assert len(churn["history"]) == 2

    # Contributions sum to the log-odds, topic by topic and feature by feature.
    topics = sum(topic["contribution"] for topic in now["topics"])
    assert now["base_log_odds"] + topics == pytest.approx(now["log_odds"], abs=1e-9)
    assert 1 / (1 + math.exp(-now["log_odds"])) == pytest.approx(now["probability"], abs=1e-9)
    for topic in now["topics"]:
        assert sum(each["contribution"] for each in topic["features"]) == pytest.approx(topic["contribution"])

    change = churn["change"]
    assert (change["said"], change["since"]["as_of"], change["until"]["as_of"]) == (None, "2025-05-30", "2025-05-31")
    assert sum(change["parts"].values()) == pytest.approx(change["after"] - change["before"], abs=1e-12)
    shown = round(100 * change["after"], 1) - round(100 * change["before"], 1)
    assert sum(change["points"].values()) == pytest.approx(shown, abs=1e-9)
    assert change["parts"]["rewritten"] == change["parts"]["new_model"] == 0
    assert change["moved"]["passing_time"]
    for line in ("rank 1, 1 of its account manager", "contributions to the log-odds", "points by passing time"):
        assert line in " ".join(printed.split())
    with store_of(two_days) as store:
        assert store.publications() == audit


def test_an_account_is_compared_with_the_run_that_is_asked_for(two_days, inside, tmp_path):
    with store_of(two_days) as store:
        account = store.rows(published(two_days).run_id)["account_id"].iloc[0]
    since = published(two_days).run_id
    told, _ = explained(inside, two_days, tmp_path / "one.json", account, "--since", since)
    change = told["targets"]["churn"]["change"]
    assert change["since"]["run"] == change["until"]["run"] == since
    assert set(change["points"].values()) == {0.0}
    refused(inside("explain", account, "--since", "churn-2024", "--config", two_days.config), "no run 'churn-2024'")


def test_an_account_that_objected_is_not_profiled_though_it_was_scored_before(two_days, inside, tmp_path):
    with store_of(two_days) as store:
        account = store.rows(published(two_days).run_id)["account_id"].iloc[0]
    (two_days.config.parent / "exclusions.csv").write_text(f"account_id,reason\n{account},objection\n")
    two_days.edit("[targets.churn]", '[[tables.exclusions]]\nsource = "exclusions.csv"\n\n[targets.churn]')
    told, printed = explained(inside, two_days, tmp_path / "one.json", account)
    assert told == {"account_id": account, "as_of": "2025-05-31", "excluded": "objection", "targets": {}}
    assert "must not be profiled (objection)" in printed
    assert "%" not in printed


def test_an_unknown_account_names_the_nearest(two_days, inside):
    refused(inside("explain", "A1500", "--config", two_days.config), "no row of account 'A1500'; did you mean 'A1")

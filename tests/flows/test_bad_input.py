"""Bad input ends with exit code 2 and one message that says what was expected, what was found where, what to do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.alone import run_lock
from pipeline.settings import read_settings
from pipeline.store import Store


def refused(said, *patterns: str) -> None:
    """The command ended with 2, and its last words are one message without a traceback."""
    assert said.code == 2, said.err
    assert said.err.count("error:") == 1
    assert "Traceback" not in said.err
    message = " ".join(said.err[said.err.index("error:") :].split())
    for pattern in patterns:
        assert re.search(pattern, message), message


def nothing_published(tiny) -> None:
    file = tiny.config.parent / "state/store.db"
    if file.exists():
        with Store(f"sqlite:///{file}") as store:
            assert store.runs() == []
    assert not (tiny.config.parent / "lists").exists()


def test_missing_config_names_the_nearest(tiny, inside):
    refused(
        inside("run", "--config", tiny.config.with_name("tinny.toml")), "does not exist", r"did you mean 'tiny\.toml'"
    )


def test_unknown_config_key_names_the_nearest(tiny, inside):
    tiny.edit("every_days = 28", "evry_days = 28")
    refused(inside("run", "--config", tiny.config), r"unknown key 'training\.evry_days'", "did you mean 'every_days'")


def test_missing_secret_names_the_variable(tiny, inside):
    tiny.edit('folder = "lists"', 'folder = "${env:KEEPGROW_NO_SUCH_SECRET}"')
    refused(inside("run", "--config", tiny.config), "KEEPGROW_NO_SUCH_SECRET is not set")


def test_missing_file_names_the_nearest(tiny, inside):
    tiny.edit("invoices.csv", "invoces.csv")
    refused(inside("run", "--config", tiny.config), r"invoces\.csv", r"invoices\.csv")
    nothing_published(tiny)


def test_missing_table_is_named(tiny, inside):
    tiny.edit('by = "inactivity"\nhorizon = 60\nactive_days = 90', 'by = "contract"')
    refused(inside("run", "--config", tiny.config), "subscriptions", "invoices")


def test_missing_column_names_those_present(tiny, inside):
    lines = tiny.lines()
    tiny.write([lines[0].replace("amount", "amuont"), *lines[1:]])
    refused(inside("run", "--config", tiny.config), "amount", "amuont")
    nothing_published(tiny)


def test_wrong_type_is_named(tiny, inside):
    tiny.edit(
        'source = "invoices.csv"',
        'source = "invoices.csv"\ncolumns.account_id = "account_id"\n'
        'columns.issued_at = "amount"\ncolumns.amount = "amount"',
    )
    refused(inside("run", "--config", tiny.config), "issued_at")
    nothing_published(tiny)


def test_empty_table(tiny, inside):
    tiny.write(tiny.lines()[:1])
    refused(inside("run", "--config", tiny.config), "invoices")
    nothing_published(tiny)


@pytest.mark.parametrize("cell", ["twelve", "NaN", "inf"])
def test_a_column_that_is_mostly_no_number_stops_the_run(tiny, inside, cell):
    header, *lines = tiny.lines()
    bad = [",".join([*line.split(",")[:2], cell]) if number % 2 else line for number, line in enumerate(lines)]
    tiny.write([header, *bad])
    refused(inside("run", "--config", tiny.config), "amount")
    nothing_published(tiny)


@pytest.mark.parametrize("cell", ["twelve", "NaN", "inf"])
def test_a_few_cells_that_are_no_number_are_rejected_and_counted(tiny, inside, cell):
    header, *lines = tiny.lines()
    lines[5] = ",".join([*lines[5].split(",")[:2], cell])
    tiny.write([header, *lines])
    said = inside("build", "--config", tiny.config)
    assert said.code == 0, said.err
    assert f"{len(lines):,} rows in, {len(lines) - 1:,} used, 1 rejected" in said.err


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_dates_in_year_1_and_9999(tiny, inside, day):
    header, *lines = tiny.lines()
    tiny.write([header, *[",".join([line.split(",")[0], day, line.split(",")[2]]) for line in lines]])
    refused(inside("run", "--config", tiny.config), "issued_at")
    nothing_published(tiny)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_few_dates_in_year_1_and_9999_are_rejected_and_counted(tiny, inside, day):
    header, *lines = tiny.lines()
    lines[7] = ",".join([lines[7].split(",")[0], day, lines[7].split(",")[2]])
    tiny.write([header, *lines])
    said = inside("build", "--config", tiny.config)
    assert said.code == 0, said.err
    assert "1 rejected" in said.err


def test_as_of_that_is_no_day(tiny, inside):
    refused(inside("run", "--config", tiny.config, "--as-of", "1.6.2025"), "YYYY-MM-DD", r"1\.6\.2025")


def test_as_of_before_the_data(tiny, inside):
    refused(inside("run", "--config", tiny.config, "--as-of", "2023-06-01"), "2023-06-01", "2024-01-0")
    nothing_published(tiny)


def test_as_of_after_the_data(tiny, inside):
    refused(inside("run", "--config", tiny.config, "--as-of", "2026-01-01"), "2026-01-01", "2025-0")
    refused(inside("run", "--config", tiny.config, "--as-of", "2190-01-01"), "lies in the future")
    nothing_published(tiny)


def test_no_usable_as_of(tiny, inside):
    refused(inside("run", "--config", tiny.config, "--as-of", "2024-02-20"), "no as_of is usable", "embargo|60 days")
    nothing_published(tiny)


def test_empty_cohort(tiny, inside):
    header, *lines = tiny.lines()
    tiny.write([header, *[",".join([*line.split(",")[:2], "-5"]) for line in lines]])
    refused(inside("run", "--config", tiny.config), "cohort is empty")
    nothing_published(tiny)


def test_one_class_only(tiny, inside):
    header, *lines = tiny.lines()
    tiny.write([header, *[line for line in lines if int(line[1:4]) % 3]])
    refused(inside("run", "--config", tiny.config), "no row has label 1|too few", "min_positives")
    nothing_published(tiny)


def test_a_tracking_server_that_does_not_answer(tiny, inside, monkeypatch):
    monkeypatch.setenv("TRACKING_PASSWORD", "hunter2")
    # Nothing listens on port 9.
    uri = "http://robot:${env:TRACKING_PASSWORD}@127.0.0.1:9"
    tiny.edit("[[sinks]]", f'[mlflow]\ntracking_uri = "{uri}"\n\n[[sinks]]')
    said = inside("run", "--config", tiny.config)
    refused(said, r"registry at http://robot:\*\*\*@127\.0\.0\.1:9 cannot be used", r"Check \[mlflow\] tracking_uri")
    assert not (tiny.config.parent / "lists").exists()
    state = tiny.config.parent / "state"
    told = [said.out, said.err, *(file.read_text() for file in (state / "logs").glob("*"))]
    assert not [text for text in told if "hunter2" in text]


def test_too_few_to_judge(tiny, inside):
    tiny.edit("min_positives = 20", "min_positives = 5000")
    refused(inside("run", "--config", tiny.config), "144 rows, of 47 accounts, have label 1", "at least 5000")
    nothing_published(tiny)


def test_a_small_book_with_too_few_to_judge_is_ranked_by_the_rule(tiny, inside):
    tiny.edit("min_positives = 20\nsmall_accounts = 0", "min_positives = 5000")
    ruled = inside("run", "--config", tiny.config)
    assert ruled.code == 0, ruled.err
    assert "keepgrow-churn version 1 (rule), run" in ruled.out
    assert "Not enough data to rank by a model: the list is ranked by a rule" in ruled.out
    assert "144 rows, of 47 accounts, have label 1; at least 5000 are needed" in ruled.err


def test_state_folder_that_cannot_be_written(tiny, inside):
    (tiny.config.parent / "state").write_text("a file where a folder should be")
    refused(inside("run", "--config", tiny.config), "state folder", "cannot be written")


def test_new_sink_that_cannot_be_written_is_said_before_the_work(tiny, inside):
    (tiny.config.parent / "lists").write_text("a file where a folder should be")
    refused(inside("run", "--config", tiny.config), "csv:.*lists cannot be written", "Nothing was done yet")
    (tiny.config.parent / "lists").unlink()
    nothing_published(tiny)


def test_sink_that_worked_before_holds_no_list_back(tiny, inside):
    assert inside("run", "--config", tiny.config).code == 0
    lists, away = tiny.config.parent / "lists", tiny.config.parent / "away"
    lists.rename(away)
    lists.write_text("a file where a folder should be")
    tiny.write([*tiny.lines(), "A001,2025-05-20 09:00:00,100.00"])
    said = inside("run", "--config", tiny.config)
    refused(said, "is published, but", "cannot be written")
    assert "It held lists before, so the run goes on" in " ".join(said.err.split())
    with Store(f"sqlite:///{tiny.config.parent / 'state/store.db'}") as store:
        assert len(store.runs("churn")) == 2
    lists.unlink()
    away.rename(lists)
    again = inside("run", "--config", tiny.config)
    assert again.code == 0, again.err
    assert len(list((lists / "history").iterdir())) == 2


def test_unknown_kind_of_sink_names_the_nearest(tiny, inside):
    tiny.edit('kind = "csv"', 'kind = "cvs"')
    refused(inside("run", "--config", tiny.config), r"sinks\.0\.kind", "did you mean 'csv'")
    nothing_published(tiny)


def test_corrupt_parquet(tiny, inside):
    (tiny.config.parent / "invoices.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")
    tiny.edit("invoices.csv", "invoices.parquet")
    refused(inside("run", "--config", tiny.config), r"invoices\.parquet", "cannot be read|corrupt|not a")
    nothing_published(tiny)


def test_publish_without_a_scored_list(tiny, inside):
    refused(inside("publish", "--config", tiny.config), "keepgrow score")


def test_score_without_a_champion(tiny, inside):
    refused(inside("score", "--config", tiny.config), "no champion", "keepgrow train")


def test_unknown_target_names_the_nearest(tiny, inside):
    refused(inside("run", "--config", tiny.config, "--target", "chrun"), "did you mean 'churn'")
    refused(inside("show", "chrun", "--config", tiny.config), "did you mean 'churn'")


def test_show_before_anything_is_published(tiny, inside):
    refused(inside("show", "churn", "--config", tiny.config), "nothing is published", "keepgrow run")


def test_second_run_at_the_same_time(tiny, inside):
    with run_lock(read_settings(tiny.config), datetime(2025, 6, 1, 8, tzinfo=UTC)):
        refused(inside("run", "--config", tiny.config), "another run holds", "2025-06-01T08:00", "wait_seconds")
    nothing_published(tiny)


def test_what_is_wrong_is_written_as_data_too(tiny, inside, tmp_path):
    header, *lines = tiny.lines()
    tiny.write([header, *[",".join([*line.split(",")[:2], "twelve"]) for line in lines]])
    said = inside("validate", "--config", tiny.config, "--json", tmp_path / "findings.json")
    assert said.code == 2
    assert json.loads((tmp_path / "findings.json").read_text())["errors"] >= 1
    refused(inside("validate", "--config", tiny.config, "--json", tmp_path / "no/such.json"), "there is no folder")


def test_prefect_server_that_does_not_answer(tiny, inside):
    tiny.edit("[run]", '[prefect]\napi_url = "http://127.0.0.1:9/api"\n\n[run]')
    refused(inside("run", "--config", tiny.config), "http://127.0.0.1:9/api", "api_url", "PREFECT_API_URL")


def test_demo_folder_that_holds_another_company(tmp_path, inside):
    (tmp_path / "company").mkdir()
    (tmp_path / "company/made.json").write_text('{"accounts": 700, "years": 3}')
    refused(inside("demo", "--folder", tmp_path), "700 accounts and 3 years", "--folder")
    (tmp_path / "file").write_text("")
    refused(inside("demo", "--folder", tmp_path / "file"), "cannot be written")


def test_demo_folder_whose_marker_is_damaged(tmp_path, inside):
    (tmp_path / "company").mkdir()
    (tmp_path / "company/made.json").write_text("{", encoding="utf-8")
    refused(inside("demo", "--folder", tmp_path), "made.json is damaged", "Delete the folder")


def test_log_that_cannot_be_written(tiny, inside):
    (tiny.config.parent / "state").mkdir()
    (tiny.config.parent / "state/logs").write_text("a file where a folder should be")
    refused(inside("runs", "--config", tiny.config), "log .* cannot be written")


def test_target_redefined_under_its_name_is_trained_anew(tiny, inside):
    """A champion answers the question it was trained for; scoring alone refuses another, a run trains for it."""
    assert inside("run", "--config", tiny.config).code == 0
    tiny.edit("horizon = 60", "horizon = 45")
    refused(inside("score", "--config", tiny.config), r"horizon \(trained for 60, now 45\)", "keepgrow train")
    again = inside("run", "--config", tiny.config)
    assert again.code == 0, again.err
    assert re.search("version [23]", again.out)
    # A champion that has learnt from later rows is not replaced by an older training, nor by a refused one.
    older = inside("train", "--config", tiny.config, "--as-of", "2025-05-01")
    assert older.code == 0, older.err
    assert "is not replaced" in older.err
    tiny.edit("min_positives = 20", "min_positives = 5000")
    held = inside("run", "--config", tiny.config, "--retrain")
    assert held.code == 0, held.err
    assert "goes on serving, since training anew was refused" in held.err


def damage(state: Path) -> dict[Path, bytes]:
    """Change a byte in the curves of every model there is; return what they held."""
    kept = {member: member.read_bytes() for member in (state / "mlflow").rglob("curves.json")}
    for member, content in kept.items():
        member.write_bytes(content.replace(b"intercept", b"intercepd", 1))
    return kept


def test_damaged_champion_is_replaced_by_training(tiny, inside):
    assert inside("run", "--config", tiny.config).code == 0
    state = tiny.config.parent / "state"
    damage(state)
    refused(inside("run", "--config", tiny.config), "changed|damaged")
    trained = inside("train", "--config", tiny.config)
    assert trained.code == 0, trained.err
    assert inside("run", "--config", tiny.config).code == 0


def test_champion_that_no_longer_serves(tiny, inside):
    """Other features, a byte changed, a model newer than the as_of: refused, and the published list stays."""
    first = inside("run", "--config", tiny.config)
    assert first.code == 0, first.err
    state = tiny.config.parent / "state"
    with Store(f"sqlite:///{state / 'store.db'}") as store:
        published = store.published("churn")

    text = tiny.config.read_text()
    tiny.edit(
        'source = "invoices.csv"',
        'source = "invoices.csv"\ncolumns.account_id = "account_id"\ncolumns.issued_at = "issued_at"\n'
        'columns.amount = "amount"\ncolumns.product = { const = "box" }',
    )
    refused(inside("score", "--config", tiny.config), "does not fit the features of today", "keepgrow train")
    tiny.config.write_text(text)

    refused(inside("run", "--config", tiny.config, "--as-of", "2025-05-01"), "trained with what was known until 2025-0")
    retrospective = inside("score", "--config", tiny.config, "--as-of", "2025-05-01", "--retrospective")
    assert retrospective.code == 0, retrospective.err
    refused(inside("publish", "--config", tiny.config, "--as-of", "2025-05-01"), "retrospective", "never published")

    kept = damage(state)
    refused(inside("run", "--config", tiny.config), "changed|damaged", r"curves\.json")
    for member, content in kept.items():
        member.write_bytes(content)

    with Store(f"sqlite:///{state / 'store.db'}") as store:
        assert store.published("churn") == published
        assert len(store.runs()) == 1


def test_tables_that_end_long_before_the_lists_are_said_to_be_old(tiny, inside):
    old = inside("build", "--config", tiny.config, "--as-of", "2025-06-10")
    assert old.code == 0, old.err
    assert re.search(r"warning  the tables end on 2025-05-\d\d, 1\d days before the lists", old.out + old.err)
    current = inside("build", "--config", tiny.config)
    assert current.code == 0, current.err
    assert "the tables end on" not in current.out + current.err

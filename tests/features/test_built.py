"""Features on disk: exactly what depends on a change is built anew; a build that was killed goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.built import BuiltFeatures, bucket_features, build_to_disk
from features.built.keys import CUT
from features.catalogue import features_for
from features.engine import build_features
from features.measures import Combined, Observed, Since
from features.spec import Aggregate, Derived, Feature, expand
from features.words import Words
from pipeline.errors import StoreError
from pipeline.memory import VALUE_BYTES
from pipeline.parts import read_part
from pipeline.settings import AccountSettings, Settings, parse
from pipeline.snapshot import Snapshot, take_snapshot
from pipeline.workers import Threads

JUNE, JULY, AUGUST = date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)

INVOICES = ["A,2024-05-01,10", "B,2024-05-02,20", "C,2024-05-03,40", "A,2024-06-10,80"]
LOGINS = ["A,2024-05-05 10:00:00,login", "B,2024-05-06 10:00:00,login", "C,2024-06-07 10:00:00,login"]

FEATURES = expand(
    [
        Aggregate("invoices", "invoices", "count", Words("invoice|invoices", "faktura|fakturaer"), windows=(30, None)),
        Aggregate("logins", "interactions", "count", Words("login|logins", "login|logins"), windows=(None,)),
    ]
)
DAYS_SINCE = expand([Derived("days_since_invoice", Since("invoices"), Words("{value} days", "{value} dage"))])


def firm(
    folder: Path, invoices: list[str] = INVOICES, logins: list[str] = LOGINS, buckets: int = 1, **engine: str
) -> Snapshot:
    """Take the snapshot of a firm of typed invoices and logins."""
    heading = [] if invoices[0].startswith("account_id") else ["account_id,issued_at,amount"]
    (folder / "invoices.csv").write_text("\n".join([*heading, *invoices]) + "\n")
    (folder / "logins.csv").write_text("\n".join(["account_id,occurred_at,kind", *logins]) + "\n")
    tables = {"invoices": [{"source": "invoices.csv"}], "interactions": [{"source": "logins.csv"}]}
    data = {"name": "firm", "folder": folder, "tables": tables, "engine": {"buckets": buckets, **engine}}
    return take_snapshot(parse(Settings, data, "firm.toml"), date(2024, 9, 1))


def build(
    snapshot: Snapshot, tmp_path: Path, as_ofs: list[date], features: tuple[Feature, ...] = FEATURES, **more: object
) -> BuiltFeatures:
    return build_to_disk(snapshot, as_ofs, features, tmp_path / "features", **more)  # type: ignore[arg-type]


def rows(built: BuiltFeatures, as_of: date) -> list[tuple]:
    frame = built.read(as_of)
    return [tuple(row) for row in frame.drop(columns="as_of").itertuples(index=False)]


def written(folder: Path) -> dict[Path, int]:
    """Return every file of features with its inode: one that was written again has another."""
    return {file: file.stat().st_ino for file in sorted(folder.rglob("*.parquet"))}


# ---- what is read ----


def test_what_is_read_is_what_the_engine_says(tmp_path):
    snapshot = firm(tmp_path)
    built = build(snapshot, tmp_path, [JULY, JUNE])
    for as_of in (JUNE, JULY):
        pd.testing.assert_frame_equal(built.read(as_of), build_features(snapshot.history(0), [as_of], FEATURES))
    assert rows(built, JULY) == [("A", 1.0, 2.0, 1.0), ("B", 0.0, 1.0, 1.0), ("C", 0.0, 1.0, 1.0)]
    assert built.accounts(JULY) == 3


@pytest.mark.parametrize(("buckets", "workers"), [(1, 1), (3, 1), (3, 2), (7, 2)])
def test_buckets_and_workers_change_nothing(tmp_path, buckets, workers):
    one = build(firm(tmp_path), tmp_path, [JULY])
    several = build(firm(tmp_path, buckets=buckets), tmp_path, [JULY], workers=Threads(workers))
    pd.testing.assert_frame_equal(one.read(JULY), several.read(JULY))
    assert several.accounts(JULY) == 3


def test_some_columns_of_one_bucket(tmp_path):
    snapshot = firm(tmp_path, buckets=3)
    built = build(snapshot, tmp_path, [JULY])
    parts = [built.read(JULY, bucket, ["logins_all"]) for bucket in range(3)]
    assert all(list(part.columns) == ["account_id", "as_of", "logins_all"] for part in parts)
    assert sorted(pd.concat(parts)["account_id"]) == ["A", "B", "C"]


def test_dates_that_do_not_fit_are_built_in_turn(tmp_path, monkeypatch):
    passes = []

    def noted(history, as_ofs, features, references):
        passes.append(len(as_ofs))
        return build_features(history, as_ofs, features, references)

    monkeypatch.setattr("features.built.building.build_features", noted)
    snapshot = firm(tmp_path)
    build(snapshot, tmp_path, [JUNE, JULY, AUGUST], values_bytes=2 * 3 * len(FEATURES) * VALUE_BYTES)
    assert passes == [2, 1]


def test_dates_that_are_tidied_away_meanwhile_are_built_when_they_are_read(tmp_path):
    built = build(firm(tmp_path), tmp_path, [JULY])
    shutil.rmtree(tmp_path / "features" / "buckets=1" / "as_of=2024-07-01")
    built.files.touch([JULY])
    assert rows(built, JULY) == [("A", 1.0, 2.0, 1.0), ("B", 0.0, 1.0, 1.0), ("C", 0.0, 1.0, 1.0)]


def test_one_bucket_for_bucket_functions(tmp_path):
    snapshot = firm(tmp_path)
    table = bucket_features(snapshot, 0, [JULY, JUNE], FEATURES, tmp_path / "features")
    assert table.column_names == ["account_id", "as_of", "invoices_30d", "invoices_all", "logins_all"]
    assert table["account_id"].to_pylist() == ["A", "B", "C", "A", "B", "C"]
    assert [day.date() for day in table["as_of"].to_pylist()] == [JUNE] * 3 + [JULY] * 3


# ---- what is built anew ----


def test_a_second_build_computes_nothing(tmp_path):
    snapshot = firm(tmp_path, buckets=3)
    first = build(snapshot, tmp_path, [JUNE, JULY])
    before = written(tmp_path / "features")
    again = build(snapshot, tmp_path, [JUNE, JULY])
    assert (first.kept, first.computed) == (0, 3 * 3 * 2)
    assert (again.kept, again.computed) == (3 * 3 * 2, 0)
    assert written(tmp_path / "features") == before


def test_a_new_feature_is_computed_alone(tmp_path, monkeypatch):
    snapshot = firm(tmp_path)
    build(snapshot, tmp_path, [JULY])
    asked = noted_features(monkeypatch)
    built = build(snapshot, tmp_path, [JULY], (DAYS_SINCE[0], *FEATURES))
    assert asked == [["days_since_invoice"]]
    assert (built.kept, built.computed) == (3, 1)
    assert rows(built, JULY) == [("A", 21.0, 1.0, 2.0, 1.0), ("B", 60.0, 0.0, 1.0, 1.0), ("C", 59.0, 0.0, 1.0, 1.0)]


def test_a_changed_declaration_is_computed_anew_alone(tmp_path, monkeypatch):
    snapshot = firm(tmp_path)
    build(snapshot, tmp_path, [JULY], (*DAYS_SINCE, *FEATURES))
    asked = noted_features(monkeypatch)
    changed = expand([Derived("days_since_invoice", Since("invoices", "first"), Words("{value} days", "{value} dage"))])
    built = build(snapshot, tmp_path, [JULY], (*changed, *FEATURES))
    assert asked == [["days_since_invoice"]]
    assert built.read(JULY)["days_since_invoice"].tolist() == [61.0, 60.0, 59.0]


def test_a_feature_that_is_not_asked_for_any_more_costs_nothing(tmp_path):
    snapshot = firm(tmp_path)
    build(snapshot, tmp_path, [JULY])
    fewer = build(snapshot, tmp_path, [JULY], FEATURES[1:])
    assert fewer.computed == 0
    assert list(fewer.read(JULY).columns) == ["account_id", "as_of", "invoices_all", "logins_all"]


def test_changed_code_is_a_reason_to_compute_all(tmp_path, monkeypatch):
    snapshot = firm(tmp_path)
    build(snapshot, tmp_path, [JULY])
    monkeypatch.setattr("features.built.keys.code_digest", lambda: "other code")
    assert build(snapshot, tmp_path, [JULY]).computed == 3


def test_what_features_see_of_the_code_is_part_of_their_keys():
    script = "import sys, features.catalogue, features.engine; print(*[n for n in sys.modules if n[:9] == 'pipeline.'])"
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(root)}
    )
    modules = {name.split(".")[1] + ".py" for name in ran.stdout.split()}
    assert modules - HARMLESS <= set(CUT)


def test_what_opens_a_history_of_the_code_is_part_of_their_keys(tmp_path):
    snapshot = firm(tmp_path, buckets=3)
    ran = set()

    def note(frame, event, _):
        if event == "call":
            ran.add(Path(frame.f_code.co_filename))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        history = snapshot.history(0, {"invoices": JUNE}, {"interactions": ["kind"]})
        build_features(history, [JULY], FEATURES)
    finally:
        sys.setprofile(before)
    pipeline = Path(__file__).parents[2] / "pipeline"
    assert {file.name for file in ran if file.parent == pipeline} <= set(CUT)


HARMLESS = {"errors.py", "parsing.py", "settings.py", "texts.py"}
"""What features import of pipeline/ that changes none of their numbers: what is said, config keys and topics."""


# ---- what a change of the tables reaches ----


def computed_by_date(folder: Path, before: dict[Path, int]) -> set[str]:
    """Return the dates of which any file was written again."""
    return {file.parent.name for file, inode in written(folder).items() if before.get(file) != inode}


def test_a_measure_within_another_that_looks_at_all_tables_is_computed_anew_for_each(tmp_path):
    measure = Combined("difference", Observed(), Since("invoices"))
    features = expand([Derived("days_before_invoice", measure, Words("{value} days", "{value} dage"))])
    assert rows(build(firm(tmp_path), tmp_path, [JULY], features), JULY)[0] == ("A", 40.0)
    earlier = ["A,2024-04-21 10:00:00,login", *LOGINS]
    assert rows(build(firm(tmp_path, logins=earlier), tmp_path, [JULY], features), JULY)[0] == ("A", 50.0)


def test_a_later_invoice_reaches_invoice_features_of_its_bucket_at_later_dates(tmp_path, monkeypatch):
    build(firm(tmp_path, buckets=3), tmp_path, [JUNE, JULY, AUGUST])
    before = written(tmp_path / "features")
    asked = noted_features(monkeypatch)
    built = build(firm(tmp_path, [*INVOICES, "B,2024-07-10,5"], buckets=3), tmp_path, [JUNE, JULY, AUGUST])
    assert computed_by_date(tmp_path / "features", before) == {"as_of=2024-08-01"}
    assert asked == [["invoices_30d", "invoices_all"]]
    assert built.computed == 2
    assert rows(built, AUGUST) == [("A", 0.0, 2.0, 1.0), ("B", 1.0, 2.0, 1.0), ("C", 0.0, 1.0, 1.0)]


def test_an_invoice_of_long_ago_that_became_known_late_reaches_no_date_before_it_was_known(tmp_path):
    known = ["account_id,issued_at,amount,known_at", *(f"{line},{line[2:12]} 12:00:00" for line in INVOICES)]
    build(firm(tmp_path, known), tmp_path, [JUNE, JULY, AUGUST])
    before = written(tmp_path / "features")
    build(firm(tmp_path, [*known, "B,2024-05-04,5,2024-07-10 09:00:00"]), tmp_path, [JUNE, JULY, AUGUST])
    assert computed_by_date(tmp_path / "features", before) == {"as_of=2024-08-01"}


def test_what_nobody_reads_is_no_reason_to_compute(tmp_path):
    features = FEATURES[:2]  # of invoices alone
    build(firm(tmp_path), tmp_path, [JULY], features)
    again = build(firm(tmp_path, logins=[*LOGINS, "A,2024-05-09 10:00:00,login"]), tmp_path, [JULY], features)
    assert (again.kept, again.computed) == (2, 0)


def test_an_account_seen_for_the_first_time_gets_all_its_features(tmp_path):
    build(firm(tmp_path), tmp_path, [JUNE, JULY])
    built = build(firm(tmp_path, [*INVOICES, "D,2024-06-20,5"]), tmp_path, [JUNE, JULY])
    assert (built.kept, built.computed) == (3, 3)
    assert rows(built, JULY)[-1] == ("D", 1.0, 1.0, 0.0)


def test_short_windows_read_the_last_months_alone(tmp_path, monkeypatch):
    """Invoices of a year lie in twelve parts of a bucket; what looks back 90 days wants no more than four."""
    monthly = [f"{account},2023-{month:02d}-05,1" for account in "ABCDEFGH" for month in range(1, 13)]
    monthly.append("X,2023-02-05,1")  # long silent, but seen
    snapshot = firm(tmp_path, monthly, buckets=2)
    opened: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(
        "pipeline.bucket_reading.read_part",
        lambda file, columns=None, encoded=True: (
            opened.append((str(file), tuple(columns or ()))) or read_part(file, columns, encoded)
        ),
    )
    short = expand([Aggregate("invoices", "invoices", "count", Words("a|b", "a|b"), windows=(30, 90))])
    built = build(snapshot, tmp_path, [date(2024, 1, 1)], short)
    assert built.read(date(2024, 1, 1))["invoices_90d"].tolist() == [3.0] * 8 + [0.0]
    parts = [file for file, _ in opened if "invoices" in file]
    assert 1 <= len(parts) <= 2 * 4
    assert not [file for file, _ in opened if "interactions" in file]
    opened.clear()
    longer = (*short, *expand([Derived("days", Since("invoices", "first"), Words("{value} d", "{value} d"))]))
    build(snapshot, tmp_path, [date(2024, 1, 1)], longer)
    invoices = [columns for file, columns in opened if "invoices" in file]
    assert len(invoices) >= 2 * 11
    assert all("amount" not in columns for columns in invoices)


# ---- damage ----


@pytest.mark.parametrize("part", ["the end", "the middle"])
def test_a_damaged_file_is_built_again(tmp_path, part):
    snapshot = firm(tmp_path)
    built = build(snapshot, tmp_path, [JULY])
    expected = built.read(JULY)
    (file,) = (tmp_path / "features").rglob("*.parquet")
    content = bytearray(file.read_bytes())
    place = len(content) - 6 if part == "the end" else 60
    content[place : place + 4] = bytes(255 - byte for byte in content[place : place + 4])
    file.write_bytes(content)
    pd.testing.assert_frame_equal(built.read(JULY), expected)
    pd.testing.assert_frame_equal(build(snapshot, tmp_path, [JULY]).read(JULY), expected)


def test_a_file_that_another_snapshot_replaced_is_not_read(tmp_path):
    snapshot = firm(tmp_path)
    built = build(snapshot, tmp_path, [JULY])
    expected = rows(built, JULY)
    other = build(firm(tmp_path, [*INVOICES, "B,2024-06-11,5"]), tmp_path, [JULY])
    assert rows(other, JULY) != expected
    assert rows(built, JULY) == expected


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    snapshot = firm(tmp_path)
    (tmp_path / "features").write_text("a file is in the way")
    with pytest.raises(StoreError, match=f"features cannot be written under {tmp_path / 'features'}"):
        build(snapshot, tmp_path, [JULY])


# ---- kill -9 ----

KILLED = """
import sys, time
from pathlib import Path
from features.built import build_to_disk
from features.catalogue import features_for
from pipeline.settings import AccountSettings
from pipeline.snapshot import open_snapshot
from pipeline.workers import Threads
from datetime import date
import features.built.files as files

wrote = files.FeatureFiles.write
def slowly(self, *given):
    wrote(self, *given)
    print("wrote", flush=True)
    time.sleep(0.05)
files.FeatureFiles.write = slowly
snapshot = open_snapshot(Path(sys.argv[1]))
build_to_disk(snapshot, [date(2024, 6, 1), date(2024, 7, 1)], features_for(snapshot.columns, AccountSettings())[:6],
              Path(sys.argv[2]), Threads(int(sys.argv[3])))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_after_kill_9_only_the_rest_is_built_and_nothing_differs(tmp_path, workers):
    invoices = [f"K{number:02d},2024-05-{1 + number % 28:02d},{number}" for number in range(60)]
    snapshot = firm(tmp_path, invoices, buckets=12)
    folder = tmp_path / "features"
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(snapshot.folder), str(folder), str(workers)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    for _ in range(7):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    there = written(folder)
    assert 7 <= len(there) < 24

    features = features_for(snapshot.columns, AccountSettings())[:6]
    rerun = build_to_disk(snapshot, [JUNE, JULY], features, folder)
    after = written(folder)
    assert len(after) == 24
    assert {file: after[file] for file in there} == there
    assert rerun.kept == len(there) * len(features)

    fresh = build_to_disk(snapshot, [JUNE, JULY], features, tmp_path / "fresh")
    for file in after:
        assert file.read_bytes() == (tmp_path / "fresh" / file.relative_to(folder)).read_bytes()
    assert fresh.computed == 24 * len(features)


def noted_features(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return a list that fills with the names of the features that the engine is asked for."""
    asked: list[list[str]] = []

    def noted(history, as_ofs, features, references):
        asked.append([feature.name for feature in features])
        return build_features(history, as_ofs, features, references)

    monkeypatch.setattr("features.built.building.build_features", noted)
    return asked

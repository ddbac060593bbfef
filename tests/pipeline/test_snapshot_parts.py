"""Parts of snapshots: what a new morning writes and what it takes over, what a killed write leaves, what is damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SourceError
from pipeline.housekeeping import tidy
from pipeline.snapshot import Snapshot, take_snapshot

DAY = date(2025, 1, 1)
HEAD = "account_id,interaction_id,occurred_at,kind,quantity,known_at\n"
MAY = "a,i1,2024-05-01 10:00:00,call,1,2024-05-01 10:00:00\nb,i2,2024-05-02 10:00:00,call,2,2024-05-02 10:00:00\n"
JUNE = "a,i3,2024-06-01 10:00:00,login,3,2024-06-01 10:00:00\nc,i4,2024-06-02 10:00:00,call,,2024-06-02 10:00:00\n"
JULY = "b,i5,2024-07-01 10:00:00,login,5,2024-07-01 10:00:00\n"


def taken(firm, rows: str, buckets: int = 1) -> Snapshot:
    firm.csv("events.csv", HEAD + rows)
    tables = {"interactions": {"source": "events.csv"}}
    return take_snapshot(firm.settings(tables=tables, engine={"buckets": buckets}), DAY)


def files(folder: Path) -> dict[str, bytes]:
    """Return what lies in a snapshot but for its description, which says what was kept."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "snapshot.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def inodes(snapshot: Snapshot) -> dict[str, int]:
    return {path.name[:7]: path.stat().st_ino for path in snapshot.folder.glob("bucket=*/interactions/*.parquet")}


# ---- a new morning ----


def test_a_part_holds_a_month_in_canonical_order(firm):
    snapshot = taken(firm, JUNE + MAY)
    (may, june) = sorted(snapshot.folder.glob("bucket=00000/interactions/*"))
    assert (may.name[:8], june.name[:8]) == ("2024-05-", "2024-06-")
    assert pq.read_table(may, partitioning=None)["interaction_id"].to_pylist() == ["i1", "i2"]
    assert (snapshot.parts_kept, snapshot.parts_written) == (0, 2)


def test_two_who_write_the_same_snapshot_do_not_meet(firm, monkeypatch):
    write, names = pq.write_table, []

    def write_and_be_overtaken(table, file, **given):
        write(table, file, **given)
        names.append(file)
        if len(names) == 1:
            taken(firm, MAY)

    monkeypatch.setattr(pq, "write_table", write_and_be_overtaken)
    snapshot = taken(firm, MAY)
    assert len({*names}) == len(names)
    assert not [path for path in snapshot.folder.rglob("*") if path.name.endswith(".writing")]


def test_a_new_morning_writes_the_parts_with_new_rows_and_links_the_others(firm):
    first = taken(firm, MAY + JUNE)
    second = taken(firm, MAY + JUNE + JULY)
    assert (second.parts_kept, second.parts_written) == (2, 1)
    one, two = inodes(first), inodes(second)
    assert one == {month: two[month] for month in one}
    assert second.folder != first.folder
    # A late row and a correction of May: only May is written anew.
    third = taken(firm, MAY.replace("call,1", "call,7") + JUNE + JULY)
    assert (third.parts_kept, third.parts_written) == (2, 1)
    assert inodes(third)["2024-05"] != two["2024-05"]


def test_what_is_taken_over_is_what_would_have_been_written(firm, tmp_path):
    taken(firm, MAY + JUNE, buckets=2)
    extended = files(taken(firm, MAY + JUNE + JULY, buckets=2).folder)
    for file in (firm.folder / ".keepgrow").rglob("snapshot.json"):
        file.unlink()
        for part in file.parent.rglob("*.parquet"):
            part.unlink()
    assert files(taken(firm, MAY + JUNE + JULY, buckets=2).folder) == extended


def test_where_there_are_no_links_parts_are_copied(firm, monkeypatch):
    first = taken(firm, MAY + JUNE)

    def refused(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    second = taken(firm, MAY + JUNE + JULY)
    assert (second.parts_kept, second.parts_written) == (2, 1)
    assert not {*inodes(first).values()} & {*inodes(second).values()}


def test_parts_that_are_tidied_away_meanwhile_are_written(firm, monkeypatch):
    taken(firm, MAY + JUNE)

    def gone(*_: object) -> None:
        raise FileNotFoundError("tidied away")

    monkeypatch.setattr(os, "link", gone)
    monkeypatch.setattr("pipeline.parts.shutil.copyfile", gone)
    second = taken(firm, MAY + JUNE + JULY)
    assert (second.parts_kept, second.parts_written) == (0, 3)


def test_another_number_of_buckets_takes_nothing_over(firm):
    taken(firm, MAY + JUNE)
    assert taken(firm, MAY + JUNE, buckets=2).parts_kept == 0


def test_a_damaged_part_of_the_morning_before_is_not_taken_over(firm):
    first = taken(firm, MAY + JUNE)
    (may, _) = sorted(first.folder.glob("bucket=00000/interactions/*"))
    may.write_bytes(may.read_bytes()[:100])
    second = taken(firm, MAY + JUNE + JULY)
    assert (second.parts_kept, second.parts_written) == (1, 2)
    assert len(second.history(0).upto(DAY).tables["interactions"]) == 5


def test_a_part_with_a_changed_byte_is_never_read(firm):
    rows = "".join(f"a,i{n},2024-05-01 10:00:00,call,{n * 37 % 101},2024-05-01 10:00:00\n" for n in range(500))
    snapshot = taken(firm, rows)
    (part,) = snapshot.folder.glob("bucket=00000/interactions/*")
    begins = pq.read_metadata(part).row_group(0).column(4).data_page_offset
    content = bytearray(part.read_bytes())
    content[begins + 100] ^= 1
    part.write_bytes(content)
    # What is removed has all snapshots in it: the next one would take the same file over.
    with pytest.raises(SourceError, match=rf"cannot be read: .*Remove {snapshot.folder.parent}, since"):
        _ = snapshot.history(0).upto(DAY).tables["interactions"].columns["quantity"]


def test_removing_the_morning_before_leaves_its_linked_parts(firm):
    first = taken(firm, MAY + JUNE)
    second = taken(firm, MAY + JUNE + JULY)
    os.utime(first.folder, (0, 0))
    for path in first.folder.iterdir():
        os.utime(path, (0, 0))
    tidy(firm.folder / ".keepgrow" / "firm", datetime(2030, 1, 1, tzinfo=UTC), keep=1)
    assert not first.folder.exists()
    assert len(second.history(0).upto(DAY).tables["interactions"]) == 5
    assert taken(firm, MAY + JUNE + JULY).parts_written == 0


# ---- a killed write ----

KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from pipeline import bucket_files
from pipeline.settings import Settings, parse
from pipeline.snapshot import take_snapshot

left, write_part = int(sys.argv[2]), bucket_files.write_part

def write_and_die(*given):
    global left
    write_part(*given)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

bucket_files.write_part = write_and_die
data = {"name": "firm", "folder": Path(sys.argv[1]), "file": "firm.toml", "engine": {"buckets": 2},
        "tables": {"interactions": [{"source": "events.csv"}]}}
take_snapshot(parse(Settings, data, "firm.toml"), date(2025, 1, 1))
"""


def killed(firm, rows: str, after: int) -> None:
    firm.csv("events.csv", HEAD + rows)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(firm.folder), str(after)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def test_after_a_kill_only_the_rest_is_written_and_the_files_are_the_same(firm, tmp_path_factory):
    whole = type(firm)(tmp_path_factory.mktemp("whole"))
    expected = taken(whole, MAY + JUNE + JULY, buckets=2)
    assert expected.parts_written > 3
    killed(firm, MAY + JUNE + JULY, after=3)
    (folder,) = (firm.folder / ".keepgrow" / "firm" / "snapshots").iterdir()
    assert not (folder / "snapshot.json").exists()
    there = {path: path.stat().st_mtime_ns for path in folder.glob("bucket=*/interactions/*")}
    assert len(there) == 3
    again = taken(firm, MAY + JUNE + JULY, buckets=2)
    assert (again.folder, again.parts_kept) == (folder, 3)
    assert again.parts_written == expected.parts_written - 3
    assert there == {path: path.stat().st_mtime_ns for path in there}
    assert files(again.folder) == files(expected.folder)


def test_rows_that_changed_after_a_kill_never_meet_those_written_before(firm):
    killed(firm, MAY + JUNE + JULY, after=3)
    changed = (MAY + JUNE + JULY).replace("call,2", "call,9")
    snapshot = taken(firm, changed, buckets=2)
    assert snapshot.parts_kept == 0
    amounts = [
        amount
        for bucket in range(2)
        for amount in snapshot.history(bucket).upto(DAY).tables["interactions"].columns["quantity"].tolist()
    ]
    assert sorted(amounts)[1:] == [10_000, 30_000, 50_000, 90_000]


def test_a_part_cut_short_is_written_again(firm):
    first = taken(firm, MAY + JUNE)
    (may, _) = sorted(first.folder.glob("bucket=00000/interactions/*"))
    whole = may.read_bytes()
    may.write_bytes(whole[: len(whole) // 2])
    second = taken(firm, MAY + JUNE)
    assert (second.parts_kept, second.parts_written) == (1, 1)
    assert may.read_bytes() == whole


# ---- reading some of it ----

MOVED = "a,i1,2024-07-09 10:00:00,call,9,2024-07-10 10:00:00\n"
"""The call of 1 May, said later to have been on 9 July."""


JULY_ON = int(np.datetime64("2024-07-01", "us").astype(np.int64))


def test_only_parts_from_a_day_on_are_read(firm):
    snapshot = taken(firm, MAY + JUNE + JULY + MOVED, buckets=2)
    for bucket in range(2):
        some = snapshot.history(bucket, {"interactions": date(2024, 7, 1)}).upto(DAY).tables["interactions"]
        every = snapshot.history(bucket).upto(DAY).tables["interactions"]
        expected = every.columns["quantity"][every.occurred >= JULY_ON].tolist()
        assert some.columns["quantity"][some.occurred >= JULY_ON].tolist() == expected


def test_what_a_later_month_moved_back_is_not_seen_where_it_was(firm):
    back = "b,i5,2024-05-09 10:00:00,login,5,2024-07-10 10:00:00\n"
    others = "".join(f"x{n},,2024-06-15 10:00:00,call,1,2024-06-15 10:00:00\n" for n in range(20))
    snapshot = taken(firm, MAY + JUNE + JULY + back + others, buckets=3)
    for bucket in range(3):
        history = snapshot.history(bucket, {"interactions": date(2024, 7, 1)}, {"interactions": ["kind"]})
        rows = history.upto(DAY).tables["interactions"]
        assert not (rows.occurred >= JULY_ON).any()
        assert list(rows.columns) == ["occurred_at", "kind"] or list(rows.columns) == [
            "occurred_at", "kind", "interaction_id"
        ]  # fmt: skip
        assert history.upto(DAY).seen.all()
    assert snapshot.rows == 26
    assert sum(len(snapshot.ids(bucket)) for bucket in range(3)) == 23

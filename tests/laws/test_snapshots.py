"""What holds of snapshots of random histories: they say what was written, and their digests tell what is known when."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_histories import AS_OFS, Raw, history_of, midnight, raws
from written_snapshots import seen, together, written

few = settings(max_examples=12, deadline=None, derandomize=True)


@pytest.mark.parametrize("buckets", [1, 7])
def test_a_snapshot_says_what_was_written(buckets: int) -> None:
    @few
    @given(raws(), st.sampled_from(AS_OFS))
    def holds(raw: Raw, as_of: date) -> None:
        with tempfile.TemporaryDirectory() as room:
            snapshot = written(raw, Path(room), buckets, ("country",))
            found = [seen(snapshot.history(bucket).upto(as_of)) for bucket in range(buckets)]
            expected = seen(history_of(raw, ("country",)).upto(as_of))
        if buckets == 1:
            assert found == [expected]
        assert together(found) == together([expected])

    holds()


@few
@given(raws(60), st.sampled_from(AS_OFS), st.integers(0, 200), st.integers(0, 1000))
def test_rows_from_a_day_on_and_some_columns_are_those_of_the_whole(
    raw: Raw, as_of: date, days: int, seed: int
) -> None:
    random = Random(seed)
    since = {name: as_of - timedelta(days=days) for name in raw}
    columns = {name: random.sample(sorted(rows[0]), min(2, len(rows[0]))) for name, rows in raw.items()}
    with tempfile.TemporaryDirectory() as room:
        snapshot = written(raw, Path(room), 2)
        for bucket in range(2):
            some = snapshot.history(bucket, since, columns).upto(as_of)
            all_of_it = snapshot.history(bucket).upto(as_of)
            assert seen(some, since, columns) == seen(all_of_it, since, columns)


@few
@given(raws(), st.sampled_from(AS_OFS), st.integers(0, 10**6))
def test_what_becomes_known_at_as_of_or_later_does_not_change_its_digest(raw: Raw, as_of: date, seed: int) -> None:
    assert digests(raw, as_of) == digests(changed_later(raw, as_of, Random(seed)), as_of)


@few
@given(raws(), st.sampled_from(AS_OFS), st.integers(0, 10**6))
def test_what_shows_at_as_of_changes_the_digest(raw: Raw, as_of: date, seed: int) -> None:
    other = changed(raw, Random(seed))
    one, two = (history_of(each, ("country",)).upto(as_of) for each in (raw, other))
    shown = {name: (seen(one)[1].get(name), one.first_days.get(name)) for name in raw}
    also = {name: (seen(two)[1].get(name), two.first_days.get(name)) for name in raw}
    before, after = digests(raw, as_of), digests(other, as_of)
    for name in raw:
        assert shown[name] == also[name] or before[name] != after[name]


def digests(raw: Raw, as_of: date) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as room:
        snapshot = written(raw, Path(room), 1, ("country",))
        return {name: snapshot.digest_upto(0, (name,), as_of) for name in raw}


def changed(raw: Raw, random: Random) -> Raw:
    """Return the rows with one taken out, one twice, or one's cell taken from another row."""
    name = random.choice(sorted(raw))
    rows = [dict(row) for row in raw[name]]
    what, at = random.randrange(3), random.randrange(len(rows))
    if what == 0 and len(rows) > 1:
        del rows[at]
    elif what == 1:
        rows.append(dict(rows[at]))
    else:
        column = random.choice(sorted(rows[at]))
        rows[at][column] = random.choice(rows)[column]
    return {**raw, name: rows}


def changed_later(raw: Raw, as_of: date, random: Random) -> Raw:
    """Return the rows, those known at as_of or later changed or gone, late values of that time too, and some more."""
    now = midnight(as_of)
    result: Raw = {}
    for name, rows in raw.items():
        stamp = "known_at" if "known_at" in rows[0] else "opened_at"
        kept = []
        for row in rows:
            if row[stamp] is not None and row[stamp] >= now:
                continue
            late = {key for key, value in row.items() if key.endswith("__known") and value is not None and value >= now}
            moved = {key: row[key] + timedelta(days=random.randint(1, 9)) for key in late}
            blank = {key.removesuffix("__known"): None for key in late}
            kept.append({**row, **blank, **moved})
        more = [{**random.choice(rows), stamp: now + timedelta(days=random.randint(0, 9))} for _ in range(2)]
        result[name] = [*kept, *more]
    return result

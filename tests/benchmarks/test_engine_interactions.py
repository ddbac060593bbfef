"""The made-up interactions of the engine's benchmarks: the same for the same seed, and as untidy as they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engine import interactions
from engine.interactions import SCHEMA, blocks, write_interactions
from engine.sizes import END, Size, as_of_dates

SIZE = Size(60_000, 300)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pa.concat_tables(blocks(SIZE)).to_pandas()


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    size = Size(2000, 20)
    first, again, other = (pa.concat_tables(blocks(each)) for each in (size, size, Size(2000, 20, seed=5)))
    assert first.equals(again)
    assert not first.slice(0, 100).equals(other.slice(0, 100))


def test_every_event_is_recorded_once_and_corrected_by_a_row_of_the_same_id(rows: pd.DataFrame) -> None:
    assert rows["interaction_id"].nunique() == 60_000
    corrected = rows[rows["superseded_at"].notna()].set_index("interaction_id")
    corrections = rows[rows["interaction_id"].duplicated(keep="first")].set_index("interaction_id")
    assert 0.002 < len(corrected) / 60_000 < 0.005
    assert set(corrected.index) == set(corrections.index)
    assert (corrections["known_at"].reindex(corrected.index) == corrected["superseded_at"]).all()
    assert (corrected["known_at"] < corrected["superseded_at"]).all()


def test_one_row_in_a_hundred_is_late_by_days(rows: pd.DataFrame) -> None:
    first = rows[~rows["interaction_id"].duplicated()]
    late = (first["known_at"] - first["occurred_at"]) > pd.Timedelta(days=1)
    assert 0.01 < late.mean() < 0.02


def test_more_than_half_of_the_meetings_are_booked_ahead_and_nothing_else_is(rows: pd.DataFrame) -> None:
    first = rows[~rows["interaction_id"].duplicated()]
    ahead = first["known_at"] < first["occurred_at"]
    assert set(first["kind"][ahead]) == {"meeting"}
    assert 0.5 < ahead[first["kind"] == "meeting"].mean() < 0.7


def test_columns_are_filled_where_their_kind_has_them(rows: pd.DataFrame) -> None:
    assert set(rows["kind"][rows["closed_at"].notna()]) == {"ticket"}
    assert set(rows["kind"][rows["score"].notna()]) == {"nps", "csat"}
    assert rows["contact_id"][rows["kind"] == "usage"].isna().all()
    assert rows["quantity"][rows["kind"] == "call"].mod(1).eq(0).all()


def test_few_accounts_have_much_of_the_activity(rows: pd.DataFrame) -> None:
    sizes = np.sort(rows.groupby("account_id", observed=True).size().to_numpy())[::-1]
    assert sizes[:30].sum() > 0.3 * sizes.sum()
    assert sizes[0] < 0.2 * sizes.sum()


def test_rows_are_made_in_blocks_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "BLOCK", 100)
    made = list(blocks(Size(1500, 20)))
    assert len(made) == 15
    assert max(table.num_rows for table in made) <= 105  # with the corrections
    ends = [table.column("occurred_at").to_numpy().max() for table in made]
    assert ends == sorted(ends)


def test_a_file_is_written_whole_and_once(tmp_path: Path) -> None:
    file = write_interactions(tmp_path, Size(2000, 20))
    written = file.stat().st_mtime_ns
    assert pq.read_schema(file).names == SCHEMA.names
    assert write_interactions(tmp_path, Size(2000, 20)) == file
    assert file.stat().st_mtime_ns == written
    assert list(tmp_path.iterdir()) == [file]


def test_as_of_dates_lie_four_weeks_apart_and_more_of_them_two() -> None:
    assert [(END - day).days for day in as_of_dates(13)][-2:] == [35, 7]
    thirty_six = as_of_dates(36)
    assert (thirty_six[-1] - thirty_six[0]).days == 35 * 14
    assert as_of_dates(1) == as_of_dates(36)[-1:]

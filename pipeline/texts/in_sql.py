"""The reading of texts as a function of DuckDB, so that staging never writes down a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import duckdb
import pyarrow as pa

from pipeline.texts.reading import read_text
from pipeline.texts.showing import shown

READ_TEXT = "keepgrow_read_text"
"""Text -> {note_sentiment, note_topics}: a number from -1 to 1, and topics with spaces between, null for none."""

_SHOW = "keepgrow_shown"
_RETURNED = "STRUCT(note_sentiment DOUBLE, note_topics VARCHAR)"
_REMEMBERED = 20_000
"""Different texts whose readings are kept in memory: what is sent by a machine repeats itself."""


def shown_cell(text: str) -> str:
    """Return the SQL of a cell's text as messages may quote it (see `pipeline.texts.showing`)."""
    worded = f"regexp_matches({text}, '[\\p{{L}}@]{{2}}|@|^\\+')"  # dates and amounts need no second look
    return f"CASE WHEN {worded} THEN {_SHOW}({text}) ELSE {text} END"


def teach(con: duckdb.DuckDBPyConnection, regions: Sequence[str], competitors: Sequence[str]) -> None:
    """Give a connection READ_TEXT and what `shown_cell` needs; see `read_text` for the settings."""
    places, rivals = tuple(regions), tuple(competitors)

    @lru_cache(maxsize=_REMEMBERED)
    def read(text: str) -> tuple[float, str | None]:
        found = read_text(text, places, rivals)
        return found.sentiment, " ".join(found.topics) or None

    def read_all(texts: pa.ChunkedArray) -> pa.StructArray:
        found = [(0.0, None) if text is None else read(text) for text in texts.to_pylist()]
        sentiment, topics = [each[0] for each in found], [each[1] for each in found]
        arrays = [pa.array(sentiment, pa.float64()), pa.array(topics, pa.string())]
        return pa.StructArray.from_arrays(arrays, ["note_sentiment", "note_topics"])

    def show_all(texts: pa.ChunkedArray) -> pa.Array:
        return pa.array([None if text is None else shown(text) for text in texts.to_pylist()], pa.string())

    con.create_function(_SHOW, show_all, ["VARCHAR"], "VARCHAR", type="arrow")  # type: ignore[arg-type]
    con.create_function(READ_TEXT, read_all, ["VARCHAR"], _RETURNED, type="arrow")  # type: ignore[arg-type]

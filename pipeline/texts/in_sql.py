"""The reading of texts as a function of DuckDB, so that staging never writes down a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import duckdb
import pyarrow as pa

from pipeline.texts.reading import read_text

READ_TEXT = "keepgrow_read_text"
"""Text -> {note_sentiment, note_topics}: a number from -1 to 1, and topics with spaces between, null for none."""

_RETURNED = "STRUCT(note_sentiment DOUBLE, note_topics VARCHAR)"
_REMEMBERED = 20_000
"""Different texts whose readings are kept in memory: what is sent by a machine repeats itself."""


def teach(con: duckdb.DuckDBPyConnection, regions: Sequence[str], competitors: Sequence[str]) -> None:
    """Give a connection the function READ_TEXT; see `pipeline.texts.reading.read_text` for its settings."""
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

    con.create_function(READ_TEXT, read_all, ["VARCHAR"], _RETURNED, type="arrow")  # type: ignore[arg-type]

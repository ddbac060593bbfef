"""The kinds of sinks."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.exports.database import DuckdbFile
from pipeline.exports.excel import Workbooks
from pipeline.exports.files import ListFiles, write_csv, write_parquet
from pipeline.exports.sink import Kind

KINDS: Mapping[str, Kind] = {
    "csv": ListFiles(write_csv),
    "parquet": ListFiles(write_parquet),
    "excel": Workbooks(),
    "duckdb": DuckdbFile(),
}
"""Kind, as [[sinks]] names it -> what writes it. Add an export here."""

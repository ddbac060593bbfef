"""Exports of published lists to files, workbooks and databases, each whole or not at all."""

from pipeline.exports.canonical import canonical_csv, guarded, unguarded
from pipeline.exports.columns import COLUMNS
from pipeline.exports.configured import check_writable, configured_sinks
from pipeline.exports.export import export, write
from pipeline.exports.kinds import KINDS
from pipeline.exports.sink import Sink

__all__ = [
    "COLUMNS",
    "KINDS",
    "Sink",
    "canonical_csv",
    "check_writable",
    "configured_sinks",
    "export",
    "guarded",
    "unguarded",
    "write",
]

"""Excel workbooks: one of all lists, and one per account manager."""

from pipeline.exports.excel.workbooks import Workbooks

__all__ = ["Workbooks"]

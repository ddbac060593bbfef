"""Checks of the input contract: each a function that returns SQL over staged rows, run by DuckDB."""

from pipeline.validate.checks import check, validate
from pipeline.validate.findings import Finding, Findings, in_order

__all__ = ["Finding", "Findings", "check", "in_order", "validate"]

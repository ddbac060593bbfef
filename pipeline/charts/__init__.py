"""Charts as SVG text: readable on their own as image files, and inside a page."""

from pipeline.charts.barchart import bars
from pipeline.charts.linechart import Series, lines

__all__ = ["Series", "bars", "lines"]

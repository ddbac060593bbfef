"""Columns that look as if they knew what lay ahead: found before anything is trained, and named."""

from models.leaks.check import check_leaks
from models.leaks.search import find_leaks
from models.leaks.suspect import Checked, Suspect

__all__ = ["Checked", "Suspect", "check_leaks", "find_leaks"]

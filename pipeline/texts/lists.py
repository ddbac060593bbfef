"""The word lists beside this module, read when a text first needs them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def word_list(name: str) -> dict[str, Any]:
    """Return a list file's tables; its texts are words and phrases separated by commas."""
    return tomllib.loads(files("pipeline.texts").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def words_of(told: str) -> tuple[str, ...]:
    """Return the words and phrases of a text of a list, in its order."""
    return tuple(word for part in told.split(",") if (word := " ".join(part.split())))

"""Lines of a TOML file that people read: values, comments in one column, rules between parts."""

from __future__ import annotations

import json
import re
from textwrap import wrap

WIDTH = 118
COMMENT_AT = 37
"""The column in which comments start."""


def text(value: str) -> str:
    """Return a TOML string, with as few escapes as it takes."""
    plain = not re.search(r"[\x00-\x1f\x7f]", value)
    if '"' in value and "'" not in value and plain:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def bare(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def key(name: str, value: str, about: str) -> str:
    """Return a line `name = value`, its comment in one column with the others, or above where there is no room."""
    line = f"{name} = {value}"
    if not about:
        return line
    if len(line) + len(about) + 4 <= WIDTH:
        return f"{line.ljust(COMMENT_AT - 1)} # {about}"
    return "\n".join([*comment(about), line])


def more(about: str) -> str:
    return f"{' ' * (COMMENT_AT - 1)} # {about}"


def comment(sentence: str) -> list[str]:
    return [f"# {line}" for line in wrap(sentence, WIDTH - 2, break_long_words=False)]


def rule(title: str) -> str:
    return f"# ---- {title} ".ljust(WIDTH, "-")

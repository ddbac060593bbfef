"""What a cached result depends on: the contents of files, and of what was exported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def digest_of_files(files: Iterable[Path]) -> str:
    """Return the SHA-256 of the names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def digest_of(*parts: Any) -> str:
    """Return the SHA-256 of parts that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

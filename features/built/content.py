"""What a frame holds, as a digest."""

from __future__ import annotations

import hashlib

import pandas as pd


def content_digest(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a frame's column names and values, in row and column order."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(name.encode() + b"\0")
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
            digest.update(column.to_numpy().tobytes())
        else:
            digest.update("\x1f".join("\x00" if pd.isna(value) else str(value) for value in column).encode())
    return digest.hexdigest()

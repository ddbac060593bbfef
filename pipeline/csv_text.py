"""CSV files as text, before any cell is read: how their letters are encoded, and where their heading ends."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

from pipeline.errors import SourceError

_CHUNK = 1 << 20
_HEADING = 1 << 16
"""Bytes; a heading is not looked for further down."""

_QUOTED = r'(?:(?<![^,;\t|])"(?:[^"]|"")*+")'
_RECORD = re.compile(rf"(?:{_QUOTED}|[^\r\n])*+")
_REMEDY = "Save it as UTF-8: in a spreadsheet, choose 'CSV UTF-8' as the file type."


def heading(file: Path) -> str:
    """Return the heading of a CSV file, as one record: a line break inside quotes does not end it.

    Raises OSError, also for a compressed file that is damaged.
    """
    try:
        with _opened(file) as content:
            start = content.read(_HEADING)
    except (EOFError, zlib.error) as error:
        raise OSError(str(error)) from None
    found = _RECORD.match(start.decode(errors="replace").lstrip("\ufeff"))
    return found[0] if found else ""


def delimiter_of(heading: str) -> str:
    """Return what parts the columns of a heading; what stands in quotes parts nothing."""
    return max(",;\t|", key=re.sub(_QUOTED, "", heading).count)


def names_in(heading: str, delimiter: str) -> list[str]:
    """Return the names of a heading's columns."""
    record = next(csv.reader(io.StringIO(heading, newline=""), delimiter=delimiter), [])
    return [name.strip() for name in record]


def check_latin_1(files: Iterable[Path]) -> None:
    """Raise SourceError unless Latin-1 reads all files as they were meant; each is known not to be, or may be, UTF-8.

    One encoding is used for all files of a source: a file in UTF-8 would be read as other letters without any error.
    """
    found = {file: _encoding(file) for file in files}
    for file, encoding in found.items():
        if encoding is None:
            raise SourceError(
                f"{file} is neither UTF-8 nor Latin-1: it may hold curly quotes, dashes or euro signs as Windows "
                f"writes them (cp1252). {_REMEDY}"
            )
    odd = [file for file, encoding in found.items() if encoding == "latin-1"]
    whole = [file for file, encoding in found.items() if encoding == "utf-8"]
    if odd and whole:
        more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise SourceError(f"{odd[0]}{more} is not UTF-8, but {whole[0].name}, of the same source, is. {_REMEDY}")


def _encoding(file: Path) -> str | None:
    """Return "ascii", "utf-8" or "latin-1", None for bytes that are neither."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    plain, unicode, latin = True, True, True
    with _opened(file) as content:
        while chunk := content.read(_CHUNK):
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            plain = False
            latin = latin and re.search(rb"[\x80-\x9f]", chunk) is None
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                unicode = False
                decoder.reset()
    if decoder.getstate()[0]:  # it ends within a letter
        unicode = False
    if plain:
        return "ascii"
    if unicode:
        return "utf-8"
    return "latin-1" if latin else None


def _opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file) if file.name.lower().endswith(".gz") else file.open("rb"))

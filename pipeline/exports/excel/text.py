"""Texts as a spreadsheet can hold them: no illegal characters, not too long, legal and different names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 32_767
"""UTF-16 code units in a cell, Excel's limit."""

LONGEST_SHEET, LONGEST_FILE = 31, 80
"""Characters in the name of a sheet, Excel's limit, and in that of a file, which every file system takes."""

# What XML 1.0 cannot carry: most control characters, halves of surrogate pairs, two that are no characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def cell_text(text: str, mark: str) -> str:
    """Return the text as a cell holds it: line ends as LF, illegal characters as �, one too long cut and marked.

    XlsxWriter in constant memory copies a text from `<r>` to `</r>` into the file as it is, markup and all; a space at
    its end keeps it a text.
    """
    if len(text) <= LONGEST and text.isascii() and text.isprintable() and text[:1] != "<":
        return text  # most are; it saves looking closer
    clean = _ILLEGAL.sub("�", text.replace("\r\n", "\n").replace("\r", "\n"))
    if clean.startswith("<r>") and clean.endswith("</r>"):
        clean += " "
    if len(clean) * 2 <= LONGEST or len(clean.encode("utf-16-le")) // 2 <= LONGEST:
        return clean
    room = clean.encode("utf-16-le")[: (LONGEST - len(mark)) * 2]
    # Half a pair that the cut may leave behind is dropped.
    return room.decode("utf-16-le", errors="ignore") + mark


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """Return names that Excel takes for sheets, in the same order: legal, at most 31 long, different in any case."""
    taken: set[str] = set()
    names = []
    for name in wanted:
        legal = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", name).strip("' ")[:LONGEST_SHEET].rstrip("' ") or "_"
        # Excel keeps this name to itself.
        base = f"{legal}_" if legal.casefold() == "history" else legal
        chosen, again = base, 1
        while chosen.casefold() in taken:
            again += 1
            chosen = f"{base[: LONGEST_SHEET - len(str(again)) - 1]}~{again}"
        taken.add(chosen.casefold())
        names.append(chosen)
    return names


# What Windows keeps for devices, also with a suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)


def file_names(people: Iterable[str]) -> dict[str, str]:
    """Return person -> file name: safe on every system, without folders, and different also where case is ignored.

    A name that had to be changed, or that only its case tells from another, ends in a digest of the original. So a
    person's file keeps its name whoever else is on the list, unless somebody's name differs in case only.
    """
    safe = {person: _safe(person) for person in people}
    folded = [_folded(name) for name in safe.values()]
    names = {}
    for person, name in safe.items():
        if name != unicodedata.normalize("NFC", person) or folded.count(_folded(name)) > 1:
            digest = hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            names[person] = f"{name} {digest}.xlsx"
        else:
            names[person] = f"{name}.xlsx"
    return names


def _safe(person: str) -> str:
    name = unicodedata.normalize("NFC", person)
    name = "".join(
        "_"
        if char in '<>:"/\\|?*%' or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else char
        for char in name
    )
    # A leading dot hides a file, ~$ is Excel's own, and Windows drops dots and spaces at the end.
    name = name.lstrip(" .~'-=+@$")[:LONGEST_FILE]
    while len(name.encode()) > 2 * LONGEST_FILE:
        name = name[:-1]
    name = name.rstrip(" .")
    return "_" if not name or _DEVICES.fullmatch(name) else name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()

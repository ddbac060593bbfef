"""The workbooks of a folder: `FOLDER/keepgrow.xlsx` with all lists, `FOLDER/managers/NAME.xlsx` with one person's."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pipeline.errors import SinkError
from pipeline.exports.excel.book import MARK, write_book
from pipeline.exports.excel.contents import contents
from pipeline.exports.excel.text import file_names
from pipeline.exports.files import cannot_write, digest, flush, unwritable
from pipeline.exports.sink import PublishedLists, Sink, Written
from pipeline.store import Run
from pipeline.store.drill import reached

ALL = "keepgrow.xlsx"
MANAGERS = "managers"
PARTS = ".keepgrow-parts"
"""A folder in which workbooks are made; what a kill leaves there the next export clears away."""


class Workbooks:
    """All workbooks are made before the first takes its name, and each is replaced whole."""

    place: ClassVar[Literal["folder", "file"]] = "folder"

    def obstacle(self, sink: Sink) -> str | None:
        return unwritable(sink.where)

    def held(self, sink: Sink, lists: PublishedLists) -> str | None:
        """Return one digest of all workbooks and of the runs they show, None when one is missing or too many."""
        runs = lists.current(sink)
        people = {person for run in runs for person in lists.rows(run)["account_manager"]}
        found = {name: digest(sink.where / name) for name in (ALL, *_names(people).values())}
        made = {name: one for name, one in found.items() if one}
        return _digest(sink, runs, made) if len(made) == len(found) and not _stale(sink, made) else None

    def write(self, sink: Sink, lists: PublishedLists) -> Written:
        runs = lists.current(sink)
        missing = [target for target in sink.targets if target not in {run.target for run in runs}]
        whole = contents([(run, lists.rows(run)) for run in runs], missing, sink.language)
        own = whole.by_manager()
        books = {ALL: whole} | {name: own[person] for person, name in _names(own).items()}
        _check_ours(sink, books)
        parts = sink.where / PARTS
        try:
            shutil.rmtree(parts, ignore_errors=True)
            parts.mkdir(parents=True)
            (sink.where / MANAGERS).mkdir(exist_ok=True)
            made: dict[str, str] = {}
            notes = []
            for number, (name, shown) in enumerate(books.items()):
                part = parts / f"{number}.xlsx"
                notes.append(write_book(part, shown, sink.config, sink.language))
                made[name] = flush(part)
        except OSError as error:
            raise SinkError(cannot_write(sink.where, error, lists.run)) from None
        reached("export_written")
        self._rename(sink, made, lists.run)
        shutil.rmtree(parts, ignore_errors=True)
        return Written(_digest(sink, runs, made), next((note for note in notes if note), None))

    def _rename(self, sink: Sink, made: Mapping[str, str], run: Run) -> None:
        """Give each workbook its name and remove those of people without rows; one that is open stops no other."""
        blocked = []
        for number, (name, made_digest) in enumerate(made.items()):
            file = sink.where / name
            try:
                if digest(file) != made_digest:
                    (sink.where / PARTS / f"{number}.xlsx").replace(file)
            except OSError as error:
                blocked.append((file, error))
            reached("export_renamed")
        for file in _stale(sink, made):
            try:
                file.unlink()
            except OSError as error:
                blocked.append((file, error))
        if blocked:
            others = f" So it is with {len(blocked) - 1} more workbooks." if len(blocked) > 1 else ""
            raise SinkError(cannot_write(*blocked[0], run) + others)


def _names(people: Iterable[str]) -> dict[str, str]:
    """Return account manager -> workbook."""
    return {person: f"{MANAGERS}/{name}" for person, name in file_names(sorted(people)).items()}


def _check_ours(sink: Sink, books: Mapping[str, object]) -> None:
    """Raise SinkError before a file is replaced that keepgrow did not write for this config."""
    for name in books:
        file = sink.where / name
        owner = _owner(file) if file.exists() else sink.config
        if owner != sink.config:
            by = "keepgrow did not write it" if owner is None else f"it holds the lists of the config {owner!r}"
            raise SinkError(
                f"{file} is left as it is, because {by}. Move it away, or give the workbooks of the config "
                f"{sink.config!r} a folder of their own; then run the same command again."
            )


def _owner(file: Path) -> str | None:
    """Return the config whose lists a workbook holds, None for a file that is no workbook of ours."""
    try:
        with zipfile.ZipFile(file) as archive:
            properties = archive.read("docProps/custom.xml").decode("utf-8", errors="replace")
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
    found = re.search(rf'name="{MARK}"[^>]*>\s*<vt:lpwstr>([^<]*)<', properties)
    return found[1] if found else None


def _stale(sink: Sink, made: Mapping[str, object]) -> list[Path]:
    """Return the workbooks of people who have no rows any more."""
    kept = [sink.where / name for name in made]
    names = {file.name.casefold() for file in kept}
    return [
        file
        for file in sorted((sink.where / MANAGERS).glob("*.xlsx"))
        if file not in kept
        # Where case is ignored, the file just written may be found under its former spelling.
        and not (file.name.casefold() in names and any(file.samefile(other) for other in kept if other.exists()))
        and _owner(file) == sink.config
    ]


def _digest(sink: Sink, runs: Sequence[Run], made: Mapping[str, str]) -> str:
    lines = [sink.config, sink.language, *(run.run_id for run in runs)]
    lines += [f"{name} {one}" for name, one in sorted(made.items())]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()

"""What the driver prepares for the first pass: the parts of all sources, and the small tables rows are read through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.mapping import texts_of
from pipeline.query import described
from pipeline.settings import TableSource
from pipeline.sources import literal, located, relation
from pipeline.spark.dealing import wire
from pipeline.spark.parts import PART_ROWS, Part, parts_of
from pipeline.staged import Staged
from pipeline.staging import Stage, stage_source


def all_parts(stage: Stage, tables: Mapping[str, Staged], room: Path) -> list[Part]:
    """Return the parts of all sources of `tables`; `room` takes the files that the driver itself has to write.

    Whole queries and database files are read here: one process alone may hold the latter open.
    """
    parts: list[Part] = []
    for name, staged in tables.items():
        for position, mapping in enumerate(stage.settings.tables[name]):
            where = staged.mapped[position].query.where
            if mapping.source is not None and mapping.select is None:
                reader, pattern = located(mapping.source, stage.settings, f"{where}.source")
                if reader.call is not None:
                    whole = _of_files(stage, staged, position, mapping, room)
                    parts += parts_of(stage.con, whole, pattern, reader.kind, f"{where}.source")
                    continue
            parts += _staged_here(stage, staged, position, room)
    return parts


def links_file(stage: Stage, room: Path) -> str | None:
    """Write where links lead; None when there are none."""
    return _copied(stage, "SELECT * FROM links", room / "links.parquet") if stage.links else None


def rates_file(stage: Stage, room: Path) -> str | None:
    """Write the rates; None when there is no such table."""
    if "rates" not in stage.tables:
        return None
    return _copied(stage, "SELECT currency, rate_on, rate, _rule FROM staged_rates", room / "rates.parquet")


def _of_files(stage: Stage, staged: Staged, position: int, mapping: TableSource, room: Path) -> Part:
    """Return the source as if it were one part, to be divided into its files."""
    mapped, source = staged.mapped[position], mapping.source or ""
    where, texts = f"{mapped.query.where}.source", texts_of(staged.contract, mapping)
    reader, pattern = located(source, stage.settings, where)
    call = reader.call(stage.con, pattern, texts) if reader.call is not None else None
    types = described(stage.con, f"SELECT * FROM {relation(stage.con, source, stage.settings, where, texts)}")
    through = None
    if mapped.through is not None:
        through = _copied(stage, mapped.through.found, room / f"through-{staged.contract.name}-{position}.parquet")
    return Part(staged.contract.name, position, pattern, 0, call, types, through=through)


def _staged_here(stage: Stage, staged: Staged, position: int, room: Path) -> list[Part]:
    """Stage a source on the driver, and return the parts of what was staged."""
    read, count = stage_source(stage, staged, position)
    file = room / f"staged-{staged.contract.name}-{position}.parquet"
    _copied(stage, f"SELECT {wire(staged)} FROM {staged.name}", file)
    stage.con.execute(f"DROP TABLE {staged.name}")
    part = Part(staged.contract.name, position, str(file), count)
    firsts = range(0, max(count, 1), PART_ROWS)
    parts = [replace(part, about=PART_ROWS, rows=(first, first + PART_ROWS - 1)) for first in firsts]
    return [replace(part, read=read - count if number == 0 else 0) for number, part in enumerate(parts)]


def _copied(stage: Stage, query: str, file: Path) -> str:
    stage.con.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet)")
    return str(file)

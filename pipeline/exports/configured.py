"""The sinks that a config names, checked before any work is done."""

from __future__ import annotations

from pipeline.errors import SettingsError, SinkError, nearest
from pipeline.exports.kinds import KINDS
from pipeline.exports.sink import Sink
from pipeline.settings import Settings, SinkSettings
from pipeline.store import Store

PLACES = ("folder", "file")
"""The keys of [[sinks]] that say where a sink is."""


def configured_sinks(settings: Settings) -> list[Sink]:
    """Return the sinks of the settings.

    Raises SettingsError, with everything that is wrong with them, for a kind that there is no export of, for a missing
    folder or file, and for a sink that is named twice.
    """
    faults = [fault for number, sink in enumerate(settings.sinks) for fault in _faults(number, sink)]
    if faults:
        raise SettingsError(f"{settings.file}: {'; '.join(faults)}")
    sinks = [
        Sink(
            kind=sink.kind,
            where=settings.path(getattr(sink, KINDS[sink.kind].place)),
            config=settings.name,
            targets=tuple(settings.targets),
            language=settings.lists.language,
        )
        for sink in settings.sinks
    ]
    for sink in sinks:
        if sinks.count(sink) > 1:
            raise SettingsError(f"{settings.file}: sinks: {sink.kind} to {sink.where} is there twice; take one out")
    return sinks


def check_writable(sinks: list[Sink], store: Store) -> list[str]:
    """Check before the work that every sink can be written, and return what is in the way of those that worked once.

    Raises SinkError for a sink that nothing was ever exported to: its config is wrong, and nobody waits for its lists.
    One that is only out of reach this morning holds no list back; its export fails later, and is tried again by the
    next run.
    """
    worked = {
        name for run in store.runs()[:LATELY] for name, status in store.exports(run.run_id).items() if status.digest
    }
    obstacles = [(sink, obstacle) for sink in sinks if (obstacle := KINDS[sink.kind].obstacle(sink)) is not None]
    said = {sink.name: f"the sink {sink.name} cannot be written: {obstacle}." for sink, obstacle in obstacles}
    wrong = [text for name, text in said.items() if name not in worked]
    if wrong:
        raise SinkError(
            f"{' '.join(wrong)} Nothing was done yet: correct [[sinks]] in the config or make the place writable, then "
            "run the same command again."
        )
    return [f"{text} It held lists before, so the run goes on." for text in said.values()]


LATELY = 50
"""Runs among which an export is looked for that shows that a sink has worked."""


def _faults(number: int, sink: SinkSettings) -> list[str]:
    if sink.kind not in KINDS:
        return [f"sinks.{number}.kind: there is no export of kind {sink.kind!r}; {nearest(sink.kind, KINDS)}"]
    place = KINDS[sink.kind].place
    faults = []
    if not (getattr(sink, place) or "").strip():
        faults.append(f'sinks.{number}.{place}: {sink.kind} needs {place} = "{place.upper()}"')
    faults += [
        f"sinks.{number}.{other}: {sink.kind} takes a {place}, not a {other}"
        for other in PLACES
        if other != place and getattr(sink, other) is not None
    ]
    return faults

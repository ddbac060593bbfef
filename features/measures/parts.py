"""What a measure is made of."""

from __future__ import annotations

from collections.abc import Iterator

from features.computing.evaluation import Measure
from features.measures.combined import Combined
from features.measures.lately import Lately
from features.measures.peers import PeersMean


def parts(measure: Measure) -> Iterator[Measure]:
    """Yield the measure and, one after the other, all that it is made of."""
    yield measure
    for inner in _inner(measure):
        yield from parts(inner)


def leaves(measure: Measure) -> Iterator[Measure]:
    """Yield what the measure is made of and is itself made of nothing else, each of which has a reach of its own."""
    return (part for part in parts(measure) if not _inner(part))


def _inner(measure: Measure) -> tuple[Measure, ...]:
    if isinstance(measure, Combined):
        return measure.a, measure.b
    return measure.parts if isinstance(measure, PeersMean | Lately) else ()

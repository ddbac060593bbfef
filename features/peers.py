"""An account beside its peers: how it moves while they move, and how large it is among them.

Peers are the other accounts with the same value in the attribute that `[accounts] peers` names, or the whole book. A
season, a price list or a bad year moves all of them; what is left is the account's own.
"""

from __future__ import annotations

from features.billing import SPEND
from features.interactions import INTERACTED, USAGE
from features.measures import Combined, Contracted, Measure, PeersMean
from features.spec import Aggregate, Derived, Fact, Feature, Unit, with_span
from features.words import Words

ALL = "all"
"""The name in the config of the whole book as one group."""

_FELL, _ROSE = -1.0, 2.0
"""An account's change counts among its peers' within these: one that began from next to nothing tells little."""

_LARGEST = 1e8
"""No account counts among its peers as larger."""

_MOVING = ((SPEND, 90), (SPEND, 180), (USAGE, 90), (INTERACTED, 90))
_SIZES = ((SPEND, 365), (USAGE, 90))


def against_peers(attribute: str) -> tuple[Feature, ...]:
    """Return the features that compare an account with those that share its `attribute`, or with all."""
    group = "" if attribute == ALL else attribute
    moving = [_movement(of, window, group) for of, window in _MOVING]
    sizes = [
        _size(f"{of.what}_{window}d", of.measure(window), with_span(of.words.many, window), of.unit, of.about, group)
        for of, window in _SIZES
    ]
    mrr = _size("mrr", Contracted("mrr"), Words("MRR", "MRR"), "money", "contract", group)
    return tuple(each.feature() for each in (*moving, *sizes, mrr))


def _movement(of: Aggregate, window: int, group: str) -> Derived:
    own = Combined("change", of.measure(window), of.measure(window, back=window))
    peers = PeersMean(own, group, _FELL, _ROSE)
    name = f"{of.what}_change_{window}d"
    said = Words(
        "{what}, last {days} days against the {days} before: {own}; among its peers {peers}",
        "{what}, seneste {days} dage mod de {days} før: {own}; blandt lignende kunder {peers}",
    )
    return Derived(
        f"{name}_against_peers",
        Combined("difference", own, peers),
        said.put(what=of.words.many, days=window),
        unit="number",
        family="peers",
        window=window,
        unknown=_UNKNOWN.put(what=of.words.many),
        topic=of.about,
        facts=(Fact("own", name, "change", own), Fact("peers", f"{name}_of_peers", "change", peers)),
    )


def _size(name: str, own: Measure, what: Words, unit: Unit, topic: str, group: str) -> Derived:
    peers = PeersMean(own, group, 0.0, _LARGEST)
    said = Words("{what}: {own}, {peers} on average among its peers", "{what}: {own}, {peers} i snit blandt lignende")
    return Derived(
        f"{name}_over_peers",
        Combined("ratio", own, peers),
        said.put(what=what),
        unit="ratio",
        family="peers",
        unknown=_UNKNOWN.put(what=what),
        topic=topic,
        facts=(Fact("own", name, unit, own), Fact("peers", f"{name}_of_peers", unit, peers)),
    )


_UNKNOWN = Words("{what} among its peers: not known", "{what} blandt lignende kunder: ukendt")

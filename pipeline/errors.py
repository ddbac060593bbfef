"""What keepgrow says when it cannot go on: every message names what was expected, what was found and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any


class KeepgrowError(Exception):
    """Base of all errors a user can mend. Commands print the message alone and exit with 2."""


class SettingsError(KeepgrowError):
    """The config file, a key in it, or an environment variable it names."""


class SourceError(KeepgrowError):
    """A source that cannot be read: missing file, table or column, or a corrupt file."""


class ContractError(KeepgrowError):
    """The rows break the input contract in a way that stops a run."""


class AsOfError(KeepgrowError):
    """An as_of outside what the data or the model allow."""


class TrainingRefused(KeepgrowError):
    """Too little to learn from, or nothing to tell apart; `counts` are the rows found and needed, where counted."""

    def __init__(self, message: str, counts: Mapping[str, int] | None = None) -> None:
        super().__init__(message)
        self.counts = dict(counts or {})


class LeakSuspected(TrainingRefused):
    """Columns look as if they were written when the outcome was known; `suspects` says which, and by which sign."""

    def __init__(self, message: str, suspects: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.suspects = [dict(suspect) for suspect in suspects]


class ModelError(KeepgrowError):
    """A model that is missing, damaged, or does not fit what it is asked to score."""


class DriftFound(KeepgrowError):
    """What is scored is no longer spread as what was learnt from; raised where it was asked to fail then."""


class StoreError(KeepgrowError):
    """The store cannot be opened, read or written."""


class BusyError(StoreError):
    """Another run holds the store."""


class EngineError(KeepgrowError):
    """The engine that `[engine]` names cannot be used: Spark or Java is missing, or the cluster does not answer."""


class SinkError(KeepgrowError):
    """An export of a published list could not be written; the list itself stays published."""


_LISTED = 20
"""Of a wide table only so many names are listed: the message must stay readable."""


def closest(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """Return the candidates that may have been meant by `name`, the closest first; none where no one is close."""
    folded = {candidate.lower(): candidate for candidate in candidates}
    return [folded[match] for match in get_close_matches(name.lower(), folded, n=limit, cutoff=0.6)]


def nearest(name: str, candidates: Iterable[str], limit: int = 3) -> str:
    """Return a phrase that names the candidates closest to `name`, or all of them when none is close.

    >>> nearest("custmer_id", ["customer_id", "amount"])
    "did you mean 'customer_id'?"
    """
    known = sorted(set(candidates))
    if not known:
        return "none are present"
    close = closest(name, known, limit)
    if close:
        return "did you mean " + " or ".join(f"'{each}'" for each in close) + "?"
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return "present are: " + ", ".join(f"'{candidate}'" for candidate in known[:_LISTED]) + more

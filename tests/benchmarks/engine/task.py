"""The task that every contender is given: 80 features over interactions at some as_of dates, as plain data.

Visible at as_of are rows with `known_at < as_of`, of each `interaction_id` the latest of them (in the file:
`superseded_at` empty or at as_of or later); `closed_at` is blank unless it lies before as_of. Windows are
`[as_of - days, as_of)` by `occurred_at`. One row per as_of and account with any visible row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from features.catalogue import FEATURES
from features.measures import Measure, People, Windowed
from features.spec import Feature
from features.where import Where
from pipeline.tables import INTERACTIONS

NUMBER = 80


def chosen() -> tuple[Feature, ...]:
    """Return the first 80 features of the catalogue that read interactions alone and that every contender can say."""
    own = [feature for feature in FEATURES if {table for table, _ in feature.measure.reads} == {INTERACTIONS.name}]
    return tuple([feature for feature in own if _common(feature.measure)][:NUMBER])


def _common(measure: Measure) -> bool:
    return not isinstance(measure, People) and not (isinstance(measure, Windowed) and measure.how == "mean")


def described(as_ofs: Sequence[date]) -> dict[str, Any]:
    """Return the task as JSON: `as_ofs` as YYYY-MM-DD, `features` as name -> what it is (see `part`)."""
    return {
        "as_ofs": [str(as_of) for as_of in as_ofs],
        "features": {feature.name: part(feature.measure) for feature in chosen()},
    }


def measured() -> dict[str, str]:
    """Return per feature how its numbers are compared (see `engine.agreement`)."""
    exact = ("count", "days", "distinct", "since", "until")
    found = {}
    for feature in chosen():
        what = part(feature.measure)
        change = what["is"] == "combined" and what["how"] == "change"
        found[feature.name] = "exact" if what["is"] in exact else "change" if change else "sum"
    return found


def part(measure: Any) -> dict[str, Any]:
    """Return a measure as plain data: what it is called, and its parameters.

    `kind` is the one kind of interaction it looks at, or None; `open` says that `closed_at` must be blank.
    """
    match type(measure).__name__:
        case "Windowed":
            return _rows(measure.where) | {
                "is": measure.how,
                "column": measure.column,
                "window": measure.window,
                "back": measure.back,
            }
        case "Since":
            return _rows(measure.where) | {"is": "since", "which": measure.which}
        case "Until":
            return _rows(measure.where) | {"is": "until", "how": measure.how}
        case "Decayed":
            decay = {"is": "decayed", "how": measure.how, "column": measure.column, "half_life": measure.half_life}
            return _rows(measure.where) | decay
        case "Gaps":
            return _rows(measure.where) | {"is": "gaps", "how": measure.how}
        case "TopShare":
            return _rows(measure.where) | {"is": "top", "column": measure.by, "window": measure.window}
        case "Combined":
            combined = {"is": "combined", "how": measure.how, "times": measure.times}
            return combined | {"a": part(measure.a), "b": part(measure.b)}
    raise TypeError(f"no contender knows how to compute {type(measure).__name__}")


def _rows(where: Where) -> dict[str, Any]:
    kind, still_open = None, False
    for test in where.tests:
        if (test.column, test.check) == ("kind", "is") and len(test.texts) == 1:
            kind = test.texts[0]
        elif (test.column, test.check) == ("closed_at", "blank"):
            still_open = True
        else:
            raise TypeError(f"no contender knows the condition {test}")
    return {"kind": kind, "open": still_open}

"""The catalogue of all features, and which of them a firm's data allow.

`python -m features.catalogue > tests/golden/catalogue.csv` writes it anew after a change.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from features import (
    accounts,
    billing,
    contracts,
    expected,
    interactions,
    moves,
    notes,
    payments,
    peers,
    people,
    seats,
    support,
)
from features.spec import Fact, Feature, expand
from pipeline.errors import SettingsError, nearest
from pipeline.settings import AccountSettings
from pipeline.tables import ACCOUNTS

FEATURES: tuple[Feature, ...] = expand(
    (
        *billing.DECLARATIONS,
        *expected.DECLARATIONS,
        *payments.DECLARATIONS,
        *interactions.DECLARATIONS,
        *people.DECLARATIONS,
        *support.DECLARATIONS,
        *notes.DECLARATIONS,
        *contracts.DECLARATIONS,
        *moves.DECLARATIONS,
        *seats.DECLARATIONS,
        *accounts.DECLARATIONS,
    )
)
"""Every declared feature, in catalogue order; attributes of accounts follow (see `features_for`)."""

KEYS = ("account_id", "as_of")
"""The columns that name a row of the features."""

NAMING = ("name", "account_manager", "team", "parent_id")
"""Attributes that name accounts or people: a model would learn who, not what, and its categories are kept in MLflow."""


def features_for(columns: Mapping[str, tuple[str, ...]], account_settings: AccountSettings) -> tuple[Feature, ...]:
    """Return the features that can be built from the mapped `columns` per table, in catalogue order.

    Features that read a table or column the firm does not have are left out. With [accounts] peers those that compare
    an account with its peers are among them. The attributes of [accounts] features follow, where they are constant or
    the accounts carry known_at.

    Raises SettingsError for an attribute that is not mapped, names accounts or people, is listed twice, or whose name
    is taken, and for peers that are none of the attributes.
    """
    declared = (*FEATURES, *_peers(account_settings))
    built = [feature for feature in declared if not missing_columns(feature, columns)]
    present = columns.get(ACCOUNTS.name, ())
    dated = "known_at" in present
    wanted: list[str] = []
    taken = {*KEYS, *(feature.name for feature in built), *(fact.name for fact in facts_for(built))}
    for name in account_settings.features:
        if name not in present:
            raise SettingsError(
                f"[accounts] features names '{name}', which is not a column of accounts; {nearest(name, present)} "
                "Map it under tables.accounts, or take it out."
            )
        if name in NAMING:
            raise SettingsError(
                f"[accounts] features names '{name}', which names accounts or people: no model may learn from it. "
                "Take it out."
            )
        if name in taken:
            raise SettingsError(
                f"[accounts] features names '{name}', which is the name of a built feature or a key. "
                "Map the attribute under another name, or take it out."
            )
        if name in wanted:
            raise SettingsError(f"[accounts] features names '{name}' twice. Take one of them out.")
        if not dated and name not in account_settings.constant:
            raise SettingsError(
                f"[accounts] features names '{name}', but accounts has no known_at, so that its past is not known. "
                "Map known_at, or name it under [accounts] constant if it never changes."
            )
        wanted.append(name)
    return (*built, *accounts.attributes(wanted))


def _peers(account_settings: AccountSettings) -> tuple[Feature, ...]:
    attribute = account_settings.peers
    if attribute is None:
        return ()
    if attribute != peers.ALL and attribute not in account_settings.features:
        raise SettingsError(
            f"[accounts] peers names '{attribute}', which is not among [accounts] features, so that its past is not "
            f"known; {nearest(attribute, account_settings.features)} Add it there, or write peers = "
            f'"{peers.ALL}" for the whole book.'
        )
    return peers.against_peers(attribute)


def missing_columns(feature: Feature, columns: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the columns, as `table.column`, that a feature needs and the firm does not have."""
    return tuple(
        f"{table}.{column}"
        for table, column in feature.reads
        if table not in columns or (column != "account_id" and column not in columns[table])
    )


def facts_for(features: Sequence[Feature]) -> tuple[Fact, ...]:
    """Return the figures that the features' phrases show and that are no features themselves, each once, by name."""
    own = {feature.name for feature in features}
    named = {fact.name: fact for feature in features for fact in feature.facts if fact.name not in own}
    return tuple(named[name] for name in sorted(named))


def catalogue(features: Sequence[Feature] = FEATURES) -> list[dict[str, str]]:
    """Return one row per feature: name, family, topic, table, window, unit, empty, reads, words, words_da."""
    return [
        {
            "name": feature.name,
            "family": feature.family,
            "topic": feature.topic,
            "table": feature.table,
            "window": "" if feature.window is None else f"{feature.window} days",
            "unit": feature.unit,
            "empty": "unknown" if feature.empty is None else f"{feature.empty:g}",
            "reads": " ".join(column for _, column in feature.reads if column != "account_id"),
            "words": feature.words.en,
            "words_da": feature.words.da,
        }
        for feature in features
    ]


def catalogue_digest(features: Sequence[Feature]) -> str:
    """Return the SHA-256 of what the features are and how they are computed, in their order."""
    measures = [repr((feature.measure, feature.facts)) for feature in features]
    return hashlib.sha256(json.dumps([catalogue(features), measures]).encode()).hexdigest()


def write_catalogue(file: TextIO, features: Iterable[Feature] = FEATURES) -> None:
    """Write the catalogue as CSV."""
    rows = catalogue(tuple(features))
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    write_catalogue(sys.stdout)

"""The check before a model is fitted: suspects stop the training unless the config vouches for them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from features.spec import Feature
from models.dataset import Dataset
from models.leaks.search import find_leaks
from models.leaks.suspect import Checked, Suspect
from models.targets import Target
from pipeline.errors import LeakSuspected
from pipeline.settings import Settings

log = logging.getLogger("keepgrow")

SHOWN = 5
"""Columns that a message describes; the others are named."""


def check_leaks(data: Dataset, target: Target, features: Sequence[Feature], settings: Settings) -> Checked:
    """Return what was looked at; raise LeakSuspected where a column shows a sign and is not in `[training] trusted`.

    `trusted` may name a column of the features, an attribute, or `table.column` for all that is made of it.
    """
    trusted = set(settings.training.trusted)
    found = find_leaks(data, features)
    vouched = [suspect for suspect in found if trusted & {suspect.column, *suspect.source}]
    suspects = [suspect for suspect in found if suspect not in vouched]
    for suspect in vouched:
        log.warning("target %s: %s is used, as [training] trusted says, although %s", target.name, suspect.column,
                    suspect.said)  # fmt: skip
    if suspects:
        raise LeakSuspected(_message(target, suspects, settings), [suspect.plain() for suspect in suspects])
    return Checked(len(features), (), vouched)


def _message(target: Target, suspects: Sequence[Suspect], settings: Settings) -> str:
    told = "; ".join(f"'{each.column}' ({each.sign}): {each.said}" for each in suspects[:SHOWN])
    more = ", ".join(f"'{each.column}'" for each in suspects[SHOWN:])
    attributes = [each.column for each in suspects if each.attribute]
    sources = sorted({source for each in suspects if not each.attribute for source in each.source})
    remedies = []
    if attributes:
        remedies.append(
            f"Take {_listed(attributes)} out of [accounts] features, or map accounts' known_at so that past values are "
            "seen as they were."
        )
    if sources:
        remedies.append(
            f"Look at how {', '.join(sources)} are written: values overwritten in the source, or a known_at that is "
            "earlier than the value."
        )
    names = ", ".join(f'"{each.column}"' for each in suspects[:SHOWN])
    return (
        f"target '{target.name}' is not trained: {'columns look' if len(suspects) > 1 else 'a column looks'} as if "
        f"written when the outcome was known. {told}{f'; and {more}' if more else ''}. {' '.join(remedies)} "
        f"Where you are sure that each value was known at its as_of: trusted = [{names}] under [training] in "
        f"{settings.file}."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(f"'{name}'" for name in names[:-1])] * (len(names) > 1) + [f"'{names[-1]}'"])

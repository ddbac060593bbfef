"""The kinds of target there are, and those a config asks for."""

from __future__ import annotations

import re

from models.targets.contract import ChurnByContract, UpsellByContract
from models.targets.event import EventByActivity, EventByContract
from models.targets.inactivity import ChurnByInactivity
from models.targets.spend import UpsellBySpend
from models.targets.target import Target
from pipeline.errors import SettingsError, nearest
from pipeline.settings import Settings, parse

KINDS: tuple[type[Target], ...] = (
    ChurnByContract, ChurnByInactivity, UpsellByContract, UpsellBySpend, EventByContract, EventByActivity,
)  # fmt: skip
"""Every kind of target; where a config names no `by`, the first whose tables it has is taken."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def declare(settings: Settings) -> dict[str, Target]:
    """Return the config's targets by name, in its order, whether or not their data are there (see `available`).

    Raises SettingsError for a name that cannot name a model, an unknown `kind` or `by`, an unknown key, or a value
    out of range, naming the key and the nearest known ones.
    """
    return {name: _declare(name, settings) for name in settings.targets}


def _declare(name: str, settings: Settings) -> Target:
    data = settings.targets[name]
    where = f"{settings.file}: targets.{name}"
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{where}: expected a name of a-z, 0-9, _ and -, such as 'churn'; rename the target")
    kinds = list(dict.fromkeys(target.kind for target in KINDS))
    if "kind" not in data:
        raise SettingsError(f"{where}: missing key 'kind'; one of {_listed(kinds)}")
    kind, by = data["kind"], data.get("by")
    offered = [target for target in KINDS if target.kind == kind]
    if not offered:
        raise SettingsError(f"{where}.kind: no such kind of target: {kind!r}; {nearest(str(kind), kinds)}")
    if by is None:
        present = [target for target in offered if set(target.reads) <= set(settings.tables)]
        chosen = (present or offered)[0]
    else:
        chosen = next((target for target in offered if target.by == by), None)
        if chosen is None:
            ways = [target.by for target in offered]
            raise SettingsError(f"{where}.by: {kind} cannot be judged by {by!r}; {nearest(str(by), ways)}")
    params = parse(chosen.settings_class, data, where)
    youngest = settings.accounts.min_history_days if params.min_history_days is None else params.min_history_days
    return chosen(name, params, youngest)


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)

"""Everything about one account: how it stands with each target, why, what it scored before and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from features.engine import build_features
from models.account.change import change_between
from models.account.score import score_now
from models.account.subject import Account, plain
from models.explain import apart
from models.material import Material
from models.targets import COHORT, OUTSIDE, TOO_NEW, Target, cohort
from pipeline.asof import LATEST
from pipeline.errors import ModelError, SettingsError, closest, nearest
from pipeline.store import Run, Store, store_url

_COMPARED = 1000


def explain_account(
    material: Material, account_id: str, as_of: date, targets: Sequence[str], since: str | None = None
) -> dict[str, Any]:
    """Return what there is to say of an account, as JSON can hold it.

    account_id, as_of, name, account_manager, team, segment, country; `excluded`: why it must not be profiled, then
    nothing else, or None; `targets`: per target of `targets` what `_explained` says. `since` is a run, or the
    beginning of one's id, to compare the published one with instead of the one before. Only reads.

    Raises SettingsError for an account of which the tables hold no row, StoreError for a run that is unknown.
    """
    display = material.snapshot.display(as_of)
    found = display[display["account_id"] == account_id]
    if found.empty:
        raise SettingsError(f"the tables hold no row of account {account_id!r}; {_like(account_id, display)}")
    shown = {str(name): value for name, value in found.iloc[0].items() if name != "account_id"}
    head = {"account_id": account_id, "as_of": str(as_of)}
    reason = _excluded(material, account_id, as_of)
    if reason is not None:
        return {**head, "excluded": reason, "targets": {}}
    history, references = material.snapshot.history_of([account_id]), material.references.at([as_of])
    built = build_features(history, [as_of], material.features, references)
    # Copied, the columns lie side by side: pandas warns of a frame in pieces when it is added to.
    features = built.drop(columns="as_of").set_index("account_id").copy()
    account = Account(material, account_id, as_of, shown, features)
    with Store(store_url(material.settings)) as store:
        earlier = None if since is None else _earlier(store, since, targets)
        told = {
            name: _explained(
                account, material.target(name), store, earlier if earlier and earlier.target == name else None
            )
            for name in targets
        }
    return {**head, **shown, "excluded": None, "targets": told}


def _earlier(store: Store, since: str, targets: Sequence[str]) -> Run:
    run = store.named(since)
    if run.target not in targets:
        raise SettingsError(f"run {run.run_id} is of target '{run.target}', which is not among {', '.join(targets)}")
    return run


def _explained(account: Account, target: Target, store: Store, since: Run | None) -> dict[str, Any]:
    """Return what one target has to say of the account.

    risk: whether it is a loss; section ("cohort", "leaving", "too_new", "outside", or "unknown" where nothing was known
    of it then) and `why` it is not scored; `now`: the score of today's tables (see `score_now`), None outside the
    cohort or where `said` tells why no model can score; `list`: its place on the published list; `history`: its scores
    in past runs, the latest first; `change`: between the last two lists (see `change_between`).
    """
    standing = cohort(target, account.material.snapshot.history_of([account.account_id]).upto(account.as_of))
    section = "unknown" if standing.empty else str(standing["section"].iloc[0])
    told: dict[str, Any] = {
        "risk": target.risk,
        "section": section,
        "why": _why(account, target, standing, section),
        "now": None,
        "said": None,
        "list": _place(store, target.name, account.account_id),
        "history": _history(store, target.name, account.account_id),
        "change": change_between(account, target, store, since),
    }
    if section == COHORT:
        try:
            told["now"] = score_now(account, target, standing)
        except ModelError as error:
            told["said"] = str(error)
    return told


def _why(account: Account, target: Target, standing: pd.DataFrame, section: str) -> str | None:
    if section == COHORT:
        return None
    if section == "unknown":
        return f"nothing was known of the account at {account.as_of}"
    if section == OUTSIDE:
        return f"outside: {target.name} asks about accounts with {target.words['cohort']}"
    if section == TOO_NEW:
        return f"too new: an account is scored once it has {target.min_history_days} days of history"
    # In English as the lines above, whatever the lists' language.
    (reason,) = apart(section, standing["ends_on"].iloc[0])
    return f"leaving: {reason['text']}"


def _place(store: Store, target: str, account_id: str) -> dict[str, Any] | None:
    """Return the account's place on the published list; None where nothing is published."""
    run = store.published(target)
    if run is None:
        return None
    rows = store.rows(run.run_id)
    row = rows[rows["account_id"] == account_id]
    told = {"run": run.run_id, "as_of": str(run.as_of), "section": None, "rank": None, "manager_rank": None}
    if row.empty:
        return told
    return told | {name: plain(row.iloc[0][name]) for name in ("section", "rank", "manager_rank")}


def _history(store: Store, target: str, account_id: str) -> list[dict[str, Any]]:
    scores = store.account_scores(account_id)
    columns = ["run_id", "as_of", "section", "probability", "value_at_stake", "expected_value"]
    of_target = scores.loc[scores["target"] == target, columns]
    return [
        {str(name): str(value) if name == "as_of" else plain(value) for name, value in record.items()}
        for record in of_target.to_dict("records")
    ]


def _excluded(material: Material, account_id: str, as_of: date) -> str | None:
    """Return why the account must not be profiled: an exclusion in force at the as_of, or for good."""
    for day in (as_of, LATEST):
        found = material.snapshot.excluded(day)
        reasons = found.loc[found["account_id"] == account_id, "reason"]
        if len(reasons):
            return str(reasons.iloc[0])
    return None


def _like(account_id: str, display: pd.DataFrame) -> str:
    """Return a phrase naming the ids closest to a mistyped one, compared with those that begin alike: 1,000 at most."""
    ids = display["account_id"].astype(str)
    for length in range(len(account_id), -1, -1):
        alike = ids[ids.str.lower().str.startswith(account_id[:length].lower())]
        if len(alike) >= 20 or length == 0:
            break
    alike = alike.head(_COMPARED)
    if len(ids) > _COMPARED and not closest(account_id, alike):
        return f"none of their {len(ids):,} accounts has an id like it: they look like '{ids.iloc[0]}'"
    return nearest(account_id, alike)

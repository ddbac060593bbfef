"""A target's list as the run's report tells it, and what changed on it since the list before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from features.phrases import topic_words
from models.attribution import PARTS, barred, in_points, score_change
from models.material import Material
from models.targets import Target
from pipeline.changes import change_since
from pipeline.drafts import Draft
from pipeline.report import SHOWN, Changes, Gone, ListedRow, Listing, Mover
from pipeline.store import Run, RunRecord, Store

MOVERS = 10
"""Scores that moved most, taken apart."""

LEAST = 0.005
"""A probability that moved by less has not moved."""

DIGESTS = {"model": "model_digest", "features": "feature_digest", "settings": "settings_digest", "list": "rows_digest"}

COMPARED = {
    "the model": "model_digest",
    "settings that shape lists": "settings_digest",
    "keepgrow": "code_version",
    "the accounts' figures": "feature_digest",
}
"""What two runs were made from, in words."""


def listing_of(
    material: Material, target: Target, store: Store, published: Mapping[str, Any], trained_until: str, dry_run: bool
) -> Listing:
    """Return the list of a target that the job published, or of a dry run would have."""
    settings = material.settings
    if dry_run:
        draft = Draft.open(settings, target.name, _day(published), rehearsal=True)
        made_from = {name: value for name, value in draft.made_from.items() if name != "recipe"}
        record = RunRecord(target=target.name, as_of=draft.as_of, created_at=_midnight(draft.as_of), **made_from)
        previous = store.previous(target.name, draft.as_of)
        before = store.rows(previous.run_id) if previous else None
        rows, shown, scored = change_since(before, draft.rows).rows, False, draft.scores.of
    else:
        run = store.run(published["run_id"])
        record, rows, shown = run, store.rows(run.run_id), run.published
        scored = partial(store.scores, run.run_id)
        previous = store.run(run.previous_run) if run.previous_run else None
        before = store.rows(previous.run_id) if previous else None
    call = rows[rows["section"] == "call"]
    changes = None
    if previous is not None and before is not None:
        known = set(scored(before["account_id"])["account_id"])
        changes = _changes(record, previous, rows, before, known, barred(material, record.as_of))
        if isinstance(record, Run):
            changes = _with_movers(changes, material, target, store, (previous, record), before, rows)
    return Listing(
        run_id=record.run_id,
        model=f"{record.model_name} version {record.model_version}",
        recipe=published["recipe"],
        trained_until=trained_until,
        counts=dict(record.counts),
        worth=float(call["expected_value"].sum()),
        at_stake=float(call["value_at_stake"].sum()),
        shown=shown,
        said=published["said"].rstrip("."),
        held=(published.get("hold") or {}).get("said", ""),
        hold_ended=published.get("hold_ended") or "",
        top=[_row(row) for row in _records(call.head(SHOWN))],
        topics=_topics(call),
        sinks=published["sinks"],
        digests={name: getattr(record, column) or "" for name, column in DIGESTS.items()},
        changes=changes,
    )


def _day(published: Mapping[str, Any]) -> date:
    return date.fromisoformat(published["as_of"])


def _midnight(day: date) -> Any:
    return pd.Timestamp(day, tz="UTC").to_pydatetime()


def _topics(call: pd.DataFrame) -> list[tuple[str, float]]:
    """Return, by topic, the share of the rows that name it among the reasons that raise; most named first."""
    named: Counter[str] = Counter()
    for reasons in call["reasons"]:
        topics = {topic_words(reason["topic"]) for reason in reasons if reason["role"] == "raises"}
        named.update(topics or {"no single strong reason"})
    return sorted(
        ((topic, number / len(call)) for topic, number in named.items()), key=lambda each: (-each[1], each[0])
    )


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in plain]


def _row(row: Mapping[str, Any]) -> ListedRow:
    return ListedRow(
        rank=int(row["rank"]),
        account_id=row["account_id"],
        name=row["name"],
        band=row["band"],
        probability=row["probability"],
        observed=row["observed_rate"],
        observed_low=row["observed_low"],
        observed_high=row["observed_high"],
        value_at_stake=row["value_at_stake"],
        worth=row["expected_value"],
        change=row["change"],
        reasons=[(reason["role"], reason["text"]) for reason in row["reasons"]],
    )


def _changes(
    record: RunRecord, previous: Run, rows: pd.DataFrame, before: pd.DataFrame, scored: set[str], excluded: set[str]
) -> Changes:
    """Compare two lists; `scored` are the accounts of the one before that are scored now.

    Accounts that must not be listed are not named either.
    """
    call = rows[rows["section"] == "call"]
    change = call["change"].fillna("").astype(str)
    left = change_since(before, rows).left
    left = left[~left["account_id"].isin(excluded)].reset_index(drop=True)
    # Off the list, yet scored: it was not worth enough this time.
    left["now"] = left["now"].mask((left["now"] == "off the list") & left["account_id"].isin(scored), "scored")
    return Changes(
        run_id=previous.run_id,
        as_of=previous.as_of,
        model=f"{previous.model_name} version {previous.model_version}",
        same={words: getattr(record, name) == getattr(previous, name) for words, name in COMPARED.items()},
        new=[_row(row) for row in _records(call[change == "new"])],
        gone=[
            Gone(row["account_id"], row["name"], int(row["previous_rank"]), row["now"]) for row in _records(left)
        ],
        up=int(change.str.startswith("up").sum()),
        down=int(change.str.startswith("down").sum()),
        stayed=int((change == "same").sum()),
    )  # fmt: skip


def _with_movers(
    changes: Changes, material: Material, target: Target, store: Store, runs: tuple[Run, Run], before: pd.DataFrame,
    rows: pd.DataFrame,
) -> Changes:  # fmt: skip
    """Take the scores apart that moved most, of accounts to call now or before: others the list does not name."""
    both = pd.concat([rows[rows["section"] == "call"], before[before["section"] == "call"]])
    names = dict(zip(both["account_id"], both["name"], strict=True))
    scores = [store.scores(run.run_id, names).set_index("account_id")["probability"] for run in runs]
    moved = (scores[1] - scores[0]).reindex(sorted(names)).dropna()
    moved = moved[moved.abs() >= LEAST]
    largest = moved.reindex(moved.abs().sort_values(ascending=False, kind="stable").index[:MOVERS])
    if largest.empty:
        return changes
    change = score_change(material, target, *runs, list(largest.index))
    if change.said is not None:
        return replace(changes, movers_said=change.said)
    found = change.parts.set_index("account_id")
    movers = []
    for account in largest.index:
        if account not in found.index:
            continue
        row = found.loc[account]
        points = in_points(row["before"], [row[part] for part in PARTS], row["after"])
        parts = dict(zip(PARTS, points, strict=True))
        total = round(sum(points), 1)
        movers.append(Mover(str(account), names[account], float(row["before"]), float(row["after"]), total, parts))
    return replace(changes, movers=movers)

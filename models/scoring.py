"""Scores of targets at one as_of, ranked into lists with reasons: drafts, ready to be published.

Buckets are worked on side by side, for all targets at once. What is held of a bucket is who can reach a list; the
scores of all accounts go to files.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from models.bucket_reasons import ReasonBucket, facts_columns, read_reasons
from models.bucket_scores import Question, ScoreBucket, read_scores
from models.drift.bucket import counted_every, watched
from models.drift.reference import read_reference
from models.drift.sketch import Sketch
from models.explain import apart
from models.manifest import FittedModel, check_features, check_target, check_time, load_model
from models.material import Material
from models.promote import RULE
from models.registry import Champion, Registry, model_name
from models.row_digests import RowDigest, digest_of
from models.targets import Target
from pipeline.drafts import Draft
from pipeline.errors import ModelError, StoreError
from pipeline.likelihood import with_observed
from pipeline.lists import Ranker, Ranking
from pipeline.score_files import join_parts, prepare
from pipeline.settings import Play, Settings
from pipeline.store import RULE_MARK

Digests = dict[str, tuple[Sequence[str], RowDigest]]
"""Table -> its columns and the digest of its rows, over the buckets so far."""


@dataclass(frozen=True)
class Chosen:
    """The model that scores a target, and what it is called in the run record."""

    model: FittedModel
    name: str
    number: str


def score_targets(
    material: Material,
    targets: Mapping[str, str | None],
    as_of: date,
    *,
    retrospective: bool = False,
    dry_run: bool = False,
) -> list[dict[str, Any]]:
    """Score the targets' cohorts at `as_of`, rank them and save the drafts.

    `targets` gives each target the folder of a model to score with instead of its champion: one that a rehearsal
    trained and did not register. Returns, per target, target, as_of, counts, the model's name and version, and the
    draft's folder; or target and `error`: why it cannot be scored. The others are scored all the same.
    """
    chosen: dict[str, Chosen] = {}
    failed: dict[str, ModelError] = {}
    for name, folder in targets.items():
        try:
            chosen[name] = choose(material, material.target(name), as_of, folder, retrospective=retrospective)
        except ModelError as error:
            failed[name] = error
    results: dict[str, dict[str, Any]] = {}
    for group in ([*chosen], *([name] for name in chosen)):
        if results.keys() | failed.keys() >= set(group):
            continue
        try:
            with drafts(material, {name: chosen[name] for name in group}, as_of) as made:
                results |= {draft.target: _saved(draft, material.settings, dry_run) for draft in made}
        except ModelError as error:
            # One that fails for all is sought among them: each is then scored alone.
            if len(group) == 1:
                failed[group[0]] = error
    return [results[name] if name in results else {"target": name, "error": str(failed[name])} for name in targets]


def score_target(
    material: Material,
    target: Target,
    as_of: date,
    *,
    model: str | None = None,
    retrospective: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Score one target as `score_targets` does.

    Raises ModelError when there is no champion, or it was trained on other features or on later knowledge.
    """
    chosen = choose(material, target, as_of, model, retrospective=retrospective)
    with drafts(material, {target.name: chosen}, as_of) as (draft,):
        return _saved(draft, material.settings, dry_run)


def choose(
    material: Material, target: Target, as_of: date, folder: str | None = None, *, retrospective: bool = False
) -> Chosen:
    """Return the target's champion, or the model in `folder`.

    Raises ModelError when there is no champion, or it was trained on other features or on later knowledge.
    """
    settings = material.settings
    if folder is not None:
        chosen = Chosen(load_model(Path(folder)), model_name(target.name, settings.mlflow.prefix), "unregistered")
    else:
        champion = _champion(settings, target)
        fitted = load_model(champion.folder, champion.digest, settings.training.threads)
        chosen = Chosen(fitted, champion.name, numbered(champion.number, fitted.manifest["recipe"]))
    check_target(chosen.model.manifest, target)
    check_features(chosen.model.manifest, material.features)
    check_time(chosen.model.manifest, as_of, retrospective)
    return chosen


def numbered(number: int, recipe: str) -> str:
    """Return a version as readers of a list see it: a rule is called one."""
    return f"{number} {RULE_MARK}" if recipe == RULE else str(number)


@contextmanager
def drafts(material: Material, chosen: Mapping[str, Chosen], as_of: date) -> Iterator[list[Draft]]:
    """Yield the scored and ranked lists of some targets; accounts excluded at `as_of` are never scored.

    Their scores lie in files that are gone at the end, unless a draft was saved. Raises ModelError when a model cannot
    score, StoreError when the state folder cannot be written.
    """
    with _room(material.settings) as room:
        questions = [_question(material, name, each, room / name) for name, each in chosen.items()]
        rankings, digests, sketches = _ranked(material, questions, as_of)
        made = []
        for question, each in zip(questions, chosen.values(), strict=True):
            ranking = rankings[question.target.name]
            draft = _draft(material, question, each, ranking, digests[question.target.name], as_of)
            sketch = sketches.get(question.target.name)
            if sketch is not None and question.reference is not None:
                draft.watched.update(watched(question.reference, sketch, as_of, material.settings))
            made.append(draft)
        yield made


@contextmanager
def _room(settings: Settings) -> Iterator[Path]:
    home = settings.state_folder
    try:
        home.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix="scoring-", dir=home))
    except OSError as error:
        raise StoreError(f"scores cannot be written to {home}: {error.strerror}. Mend its rights.") from None
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _question(material: Material, name: str, chosen: Chosen, room: Path) -> Question:
    # Buckets share the cores; a model that takes them all for each would have threads wait for each other.
    play = material.settings.plays.get(name, Play(name=name))
    prepare(room)
    model = replace(chosen.model, threads=material.threads)
    return Question(material.target(name), model, play, room, read_reference(model))


def _ranked(
    material: Material, questions: Sequence[Question], as_of: date
) -> tuple[dict[str, Ranking], dict[str, Digests], dict[str, Sketch]]:
    """Score bucket by bucket; return, by target, the list, what it was made from, and how its rows are spread."""
    lists = material.settings.lists
    rankers = {question.target.name: Ranker(question.play, lists) for question in questions}
    digests: dict[str, Digests] = {name: {} for name in rankers}
    sketches: dict[str, Sketch] = {}
    function = ScoreBucket(
        material.snapshot.folder, as_of, material.features, material.features_folder, tuple(questions), lists,
        counted_every(material.snapshot),
    )  # fmt: skip
    for bucket, table in material.map(function, "scores"):
        for name, ranker in rankers.items():
            found = read_scores(table, name)
            ranker.add(replace(found.candidates, rows=found.candidates.rows.assign(bucket=bucket)))
            if found.sketch is not None:
                sketches[name] = sketches[name] + found.sketch if name in sketches else found.sketch
            for what, (columns, digest) in found.digests.items():
                _, before = digests[name].get(what, (columns, RowDigest()))
                digests[name][what] = (columns, before + digest)
    return {name: ranker.ranking() for name, ranker in rankers.items()}, digests, sketches


def _draft(
    material: Material, question: Question, chosen: Chosen, ranking: Ranking, digests: Digests, as_of: date
) -> Draft:
    settings, name = material.settings, question.target.name
    language = settings.lists.language
    rows = with_observed(ranking.rows, chosen.model.manifest["bands"], language)
    # Contributions are slow to compute: only for rows that reach the list.
    texts, facts = _reasons(material, question, rows[rows["section"] == "call"], as_of)
    told = [
        texts[account] if section == "call" else apart(section, end, language)
        for account, section, end in zip(rows["account_id"], rows["section"], rows["ends_on"], strict=True)
    ]
    decided = {**digests, "facts": (facts_columns(material.features), facts)}
    return Draft(
        name,
        as_of,
        rows.drop(columns=["ends_on", "bucket"]).assign(reasons=pd.Series(told, index=rows.index, dtype=object)),
        join_parts(question.room, settings, material.snapshot.buckets),
        tuple(material.snapshot.excluded(as_of)["account_id"]),
        {
            "model_name": chosen.name,
            "model_version": chosen.number,
            "model_digest": chosen.model.digest,
            "recipe": chosen.model.manifest["recipe"],
            "feature_digest": digest_of((what, columns, digest) for what, (columns, digest) in decided.items()),
            "settings_digest": settings.digest(),
            "code_version": version("keepgrow"),
            "counts": ranking.counts,
            "currency": settings.money.currency,
            "retrospective": as_of < chosen.model.trained_until,
        },
    )


def _reasons(
    material: Material, question: Question, called: pd.DataFrame, as_of: date
) -> tuple[dict[str, list[dict[str, object]]], RowDigest]:
    """Return why each account is to be called, and the digest of the facts that the reasons show."""
    settings = material.settings
    listed: dict[int, list[str]] = defaultdict(list)
    for bucket, account in zip(called["bucket"], called["account_id"], strict=True):
        listed[int(bucket)].append(account)
    function = ReasonBucket(
        material.snapshot.folder, as_of, material.features, material.features_folder, question.model,
        settings.money.currency, settings.lists.language, {bucket: tuple(ids) for bucket, ids in listed.items()},
    )  # fmt: skip
    texts: dict[str, list[dict[str, object]]] = {}
    digest = RowDigest()
    for _, table in material.map(function, "reasons", sorted(listed)):
        reasons, facts = read_reasons(table)
        texts |= reasons
        digest += facts
    return texts, digest


def _saved(draft: Draft, settings: Settings, dry_run: bool) -> dict[str, Any]:
    made_from = draft.made_from
    return {
        "target": draft.target,
        "as_of": str(draft.as_of),
        "model": f"{made_from['model_name']} version {made_from['model_version']} ({made_from['recipe']})",
        "counts": made_from["counts"],
        "folder": str(draft.save(settings, rehearsal=dry_run)),
        **draft.watched,
    }


def _champion(settings: Settings, target: Target) -> Champion:
    champion = Registry(settings).champion(target.name)
    if champion is None:
        raise ModelError(f"target '{target.name}' has no champion yet. Train one with `keepgrow train`.")
    return champion

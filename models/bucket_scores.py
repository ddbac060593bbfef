"""Scores of one bucket's accounts for one or several targets: a function that workers map over the buckets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.built import bucket_features
from features.spec import Feature
from models.drift.bucket import sketch_bucket
from models.drift.reference import Reference
from models.drift.sketch import Sketch
from models.hazard.months import likely_months
from models.manifest import FittedModel
from models.row_digests import RowDigest
from models.targets import COHORT, Target, cohort
from pipeline.errors import ModelError
from pipeline.lists import Candidates, candidates
from pipeline.score_files import write_part
from pipeline.settings import ListSettings, Play
from pipeline.workers import snapshot_in

AT_ONCE = 16_384
"""Rows of which a matrix is held at once."""

CANDIDATES = pa.schema(
    [
        ("target", pa.string()),
        ("account_id", pa.string()),
        ("section", pa.string()),
        ("name", pa.string()),
        ("account_manager", pa.string()),
        ("team", pa.string()),
        ("probability", pa.float64()),
        ("value_at_stake", pa.float64()),
        ("expected_value", pa.float64()),
        ("likely_month", pa.string()),
        ("ends_on", pa.timestamp("us")),
    ]
)

SHARED = ("features", "display", "excluded")
"""What decides the lists of all targets alike; `standing` is each target's own."""

_TOLD = b"keepgrow"


@dataclass(frozen=True)
class Question:
    """A target, what scores it, and the folder that the scores of all accounts go to."""

    target: Target
    model: FittedModel
    play: Play
    room: Path
    reference: Reference | None = None
    """What the model learnt from, where it is to be compared with what is scored."""


@dataclass(frozen=True)
class ScoreBucket:
    """Scores a bucket's accounts at `as_of`; features are kept in the folder `kept`, built where they are not there."""

    snapshot: Path
    as_of: date
    features: tuple[Feature, ...]
    kept: Path
    questions: tuple[Question, ...]
    lists: ListSettings
    every: int = 1
    """Of so many accounts one has its features counted, to be compared with those learnt from."""

    def __call__(self, bucket: int) -> pa.Table:
        """Write the scores of all accounts (see `pipeline.score_files`) and return who can reach a list, as CANDIDATES.

        Counts and digests travel in the schema's metadata; `read_scores` opens them. Accounts excluded at `as_of` are
        never scored.
        """
        snapshot = snapshot_in(self.snapshot)
        features = bucket_features(snapshot, bucket, [self.as_of], self.features, self.kept).drop_columns("as_of")
        display, excluded = snapshot.display(self.as_of, bucket), snapshot.excluded(self.as_of, bucket)
        tables = (features, *(pa.Table.from_pandas(frame, preserve_index=False) for frame in (display, excluded)))
        told: dict[str, Any] = {
            name: [table.column_names, RowDigest.of(table).plain()] for name, table in zip(SHARED, tables, strict=True)
        }
        # A standing looks at what its target reads, and elsewhere only at when the account was first seen.
        read = {table for question in self.questions for table in question.target.reads}
        others: dict[str, tuple[str, ...]] = {table: () for table in snapshot.columns if table not in read}
        view = snapshot.history(bucket, columns=others).upto(self.as_of)
        parts = []
        for question in self.questions:
            standing = cohort(question.target, view)
            scored = score_rows(question.model, standing, features, set(excluded["account_id"]), self.as_of)
            found = candidates(scored, display, excluded, question.play, self.lists)
            write_part(found.scores, question.room, bucket)
            parts.append(found.rows.assign(target=question.target.name))
            table = pa.Table.from_pandas(standing, preserve_index=False)
            told[question.target.name] = {
                "counts": found.counts,
                "standing": [table.column_names, RowDigest.of(table).plain()],
            }
            if question.reference is not None:
                sketch = sketch_bucket(question.model, question.reference, scored, features, self.every)
                told[question.target.name]["sketch"] = sketch.plain()
        rows = pa.concat_tables(
            [pa.Table.from_pandas(part[CANDIDATES.names], CANDIDATES, preserve_index=False) for part in parts]
        )
        return rows.replace_schema_metadata({_TOLD: json.dumps(told)})


@dataclass(frozen=True)
class BucketScores:
    """What a bucket brought for one target: candidates, and per table its columns and the digest of its rows."""

    candidates: Candidates
    digests: Mapping[str, tuple[tuple[str, ...], RowDigest]]
    sketch: Sketch | None = None
    """How the rows scored are spread, where they are to be compared with those learnt from."""


def read_scores(table: pa.Table, target: str) -> BucketScores:
    """Return what a bucket brought for `target`; the scores of all accounts are not among it."""
    told = json.loads(table.schema.metadata[_TOLD])
    rows = table.filter(pc.equal(table["target"], target)).drop_columns("target").to_pandas()
    # To tell blanks in one way, whichever bucket they come from.
    blanks = ("name", "team", "likely_month")
    texts = {name: rows[name].astype(object).where(rows[name].notna(), None) for name in blanks}
    rows = rows.assign(account_manager=rows["account_manager"].astype(object), **texts)
    named = {name: told[name] for name in SHARED} | {"standing": told[target]["standing"]}
    digests = {name: (tuple(columns), RowDigest.read(plain)) for name, (columns, plain) in named.items()}
    sketch = Sketch.read(told[target]["sketch"]) if "sketch" in told[target] else None
    return BucketScores(Candidates(rows, pd.DataFrame(), told[target]["counts"]), digests, sketch)


def score_rows(
    model: FittedModel, standing: pd.DataFrame, features: pa.Table, excluded: set[str], as_of: date
) -> pd.DataFrame:
    """Return account_id, section, value_at_stake, ends_on and probability of every account that `standing` names.

    Beside them, where the model tells when: probability_30 and so on, within each of its horizons as counted from
    as_of + gap, and likely_month (see `models.hazard.months`), blank for accounts without a probability and where the
    curve cannot tell.
    `features` holds account_id and the model's features of, at least, the accounts to be scored: those of the cohort
    that are not `excluded`. Outside the cohort the probability is NaN, never 0. Raises ModelError for an account
    without features, and when the features do not fit the model.
    """
    asked = np.flatnonzero((standing["section"] == COHORT) & ~standing["account_id"].isin(excluded))
    wanted = pa.array(standing["account_id"].iloc[asked], pa.string())
    places = pc.index_in(wanted, value_set=features["account_id"].combine_chunks())
    if places.null_count:
        lost = wanted.filter(pc.is_null(places))[0].as_py()
        raise ModelError(f"account {lost!r} is to be scored and has no features. Build them again: `keepgrow build`.")
    # In one piece, columns are looked at where they are, however often.
    columns, rows = features.drop_columns("account_id").combine_chunks(), places.to_numpy().astype(np.intp)
    base = standing["base"].to_numpy(float)
    probability, value = np.full(len(standing), np.nan), standing["value_at_stake"].to_numpy(float, copy=True)
    curve = model.curve
    told = {} if curve is None else {f"probability_{days}": days for days in curve.horizons}
    ahead = {name: np.full(len(standing), np.nan) for name in told}
    month = np.full(len(standing), None, dtype=object)
    for first in range(0, len(asked), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        at = asked[part]
        probability[at], value[at], cumulative = model.score(columns, base[at], value[at], rows[part])
        if curve is not None and cumulative is not None:
            for name, days in told.items():
                ahead[name][at] = cumulative[curve.ends.index(days)]
            month[at] = likely_months(cumulative, curve.ends, as_of + timedelta(days=curve.gap))
    found = standing[["account_id", "section", "ends_on"]].assign(value_at_stake=value, probability=probability)
    return found.assign(**ahead, likely_month=month)

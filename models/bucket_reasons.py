"""Reasons for the listed accounts of one bucket: a function that workers map over the buckets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.built import BuiltFeatures, References
from features.catalogue import facts_for
from features.engine import build_features
from features.needs import needs
from features.spec import Feature
from models.explain import reasons_for
from models.manifest import FittedModel
from models.row_digests import RowDigest
from pipeline.snapshot import Snapshot
from pipeline.workers import snapshot_in

_TOLD = b"keepgrow"


@dataclass(frozen=True)
class ReasonBucket:
    """Tells why accounts are on a list; `listed` gives, per bucket, their ids."""

    snapshot: Path
    as_of: date
    features: tuple[Feature, ...]
    kept: Path
    model: FittedModel
    currency: str
    language: str
    listed: Mapping[int, tuple[str, ...]]

    def __call__(self, bucket: int) -> pa.Table:
        """Return account_id and reasons (JSON, as `models.explain.reasons_for` has them) of the bucket's listed rows.

        The digest of the facts that their phrases show travels in the schema's metadata; `read_reasons` opens it.
        """
        snapshot = snapshot_in(self.snapshot)
        accounts = pa.array(self.listed[bucket], pa.string())
        table = BuiltFeatures(snapshot, self.features, self.kept).table(self.as_of, bucket)
        rows = table.take(pc.index_in(accounts, value_set=table["account_id"].combine_chunks()))
        frame = rows.drop_columns("as_of").to_pandas().set_index("account_id")
        facts = self._facts(snapshot, bucket, frame.index)
        told = reasons_for(self.model, self.features, frame.join(facts), self.currency, self.language)
        reasons = pa.array([json.dumps(each, ensure_ascii=False) for each in told], pa.string())
        digest = RowDigest.of(pa.Table.from_pandas(facts.reset_index(), preserve_index=False))
        return pa.table({"account_id": accounts, "reasons": reasons}).replace_schema_metadata(
            {_TOLD: json.dumps(digest.plain())}
        )

    def _facts(self, snapshot: Snapshot, bucket: int, accounts: pd.Index) -> pd.DataFrame:
        """Return the facts that the features' phrases show beside them, by account_id."""
        facts = facts_for(self.features)
        if not facts:
            return pd.DataFrame(index=accounts)
        read = needs(facts, [self.as_of])
        columns = {table: read[table].columns if table in read else () for table in snapshot.columns}
        references = References.of(snapshot, self.features, self.kept).at([self.as_of])
        built = build_features(snapshot.history(bucket, columns=columns), [self.as_of], facts, references)
        return built.drop(columns="as_of").set_index("account_id").loc[accounts]


def read_reasons(table: pa.Table) -> tuple[dict[str, list[dict[str, object]]], RowDigest]:
    """Return the reasons by account, and the digest of the facts they show."""
    reasons = {row["account_id"]: json.loads(row["reasons"]) for row in table.to_pylist()}
    return reasons, RowDigest.read(json.loads(table.schema.metadata[_TOLD]))


def facts_columns(features: tuple[Feature, ...]) -> list[str]:
    """Return the columns of the table that the digest is of."""
    return ["account_id", *(fact.name for fact in facts_for(features))]

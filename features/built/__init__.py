"""Features on disk: one file per as_of and bucket, each column kept while what it was computed from stays the same."""

from features.built.building import BuildBucket, BuiltFeatures, bucket_features, build_to_disk
from features.built.content import content_digest
from features.built.references import References

__all__ = ["BuildBucket", "BuiltFeatures", "References", "bucket_features", "build_to_disk", "content_digest"]

"""Scoring alone, for batch jobs: build, score, write a file for another system; nothing is published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.alone import run_lock
from flows.build_features import build
from flows.command import check_failed, step
from flows.outermost import outermost
from flows.score_accounts import score
from pipeline.drafts import Draft
from pipeline.scores_file import check_scores_file, scores_in_parts, write_scores
from pipeline.settings import read_settings


def write_out(config: str, as_of: date, targets: list[str], out: str, dry_run: bool = False) -> int:
    """Write the scores of these targets' drafts to the file `out`; return how many rows it has."""
    settings = read_settings(config)
    drafts = [Draft.open(settings, target, as_of, rehearsal=dry_run) for target in targets]
    rows = sum(len(draft.scores) for draft in drafts)
    if not dry_run:
        write_scores(scores_in_parts(drafts), Path(out))
    done = "dry run: would write" if dry_run else "write   "
    step(f"{done} {rows:,} scores of {', '.join(targets)} to {out}")
    return rows


@flow(name="keepgrow-batch", validate_parameters=False)
def score_batch(
    config: str,
    as_of: date | str | None = None,
    out: str = "scores.parquet",
    targets: list[str] | None = None,
    retrospective: bool = False,
) -> dict[str, Any]:
    """Score all accounts with the champions at `as_of` and write them to `out`, CSV or Parquet by its ending.

    Without `as_of` the day is `[run] as_of`, else today. A relative `out` starts at the config's root. The file is
    replaced whole, so running it again for the same day changes nothing.

    Raises SinkError for a file that cannot be written, before anything is done, and ModelError when a target cannot be
    scored; then nothing is written.
    """
    with outermost(config, as_of) as (settings, day):
        file = settings.path(out)
        check_scores_file(file)
        with run_lock(settings, datetime.now(UTC)):
            built = build(config, day)
            asked = targets or built["targets"]
            scored = score(config, day, built["snapshot"], dict.fromkeys(asked), retrospective)
            check_failed([result["error"] for result in scored if "error" in result])
            rows = task(write_out, cache_policy=NO_CACHE)(config, day, asked, str(file))
        return {"built": built, "scored": scored, "out": str(file), "rows": rows}

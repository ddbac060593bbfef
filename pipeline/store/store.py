"""The store of runs, lists, scores and feedback: the truth that readers, exports and the next run go by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipeline.errors import StoreError, nearest
from pipeline.settings import Settings
from pipeline.store import feedback, publish, rollback
from pipeline.store.audit import among
from pipeline.store.database import Database
from pipeline.store.drill import reached
from pipeline.store.frames import ROW_COLUMNS, SCORE_COLUMNS, SECTIONS, list_frame, score_frame
from pipeline.store.runs import PublishResult, Run, RunRecord, as_run
from pipeline.store.schema import EXPORTS, FEEDBACK, PUBLICATIONS, PUBLISHED, ROWS, RUNS, SCORES


def store_url(settings: Settings) -> str:
    """Return [store] url, relative SQLite files from the config's root; without one, SQLite in the state folder."""
    text = settings.store.url
    if text is None:
        return f"sqlite:///{settings.state_folder / 'store.db'}"
    head, slashes, file = text.partition(":///")
    if slashes and head.startswith("sqlite") and file and not file.startswith(("/", ":", "file:")):
        return f"{head}:///{settings.path(file)}"
    return text


@dataclass(frozen=True)
class ExportStatus:
    """How a sink of a run went: `done`, with its SHA-256 and perhaps a note in `error`, or `failed`, with why."""

    run_id: str
    sink: str
    status: str
    at: datetime
    digest: str | None = None
    error: str | None = None


class Store:
    """An open store; use it as a context manager, or close it.

    Every method is one transaction. Readers see a published list whole, or the one before it.
    """

    def __init__(self, url: str) -> None:
        """Open the store at a SQLAlchemy URL, creating or upgrading it; raise StoreError where that cannot be done."""
        self._database = Database(url)

    @property
    def shown(self) -> str:
        """The URL as messages may print it."""
        return self._database.shown

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def publish(
        self,
        record: RunRecord,
        rows: pd.DataFrame,
        scores: pd.DataFrame | Iterable[pd.DataFrame],
        *,
        excluded: Collection[str],
        author: str = "run",
    ) -> PublishResult:
        """Write the run's rows and scores, audit them and flip the target's pointer, all or nothing.

        `rows` has ROW_COLUMNS and `scores`, which may come in parts, SCORE_COLUMNS, one row per account; `excluded`
        are the accounts that must appear in neither. A run with the same inputs as an earlier one changes nothing; an
        as_of earlier than the published one is written and not shown, and so is one that a rollback holds back, unless
        the held list names an excluded account (see `store.publish.write_run`). Raises StoreError for a retrospective
        run and a failed audit.
        """
        if record.retrospective:
            raise StoreError(
                f"{record.target} of {record.as_of} is retrospective: its model knew the future, so it is never "
                "published. Score a later as_of."
            )
        with self._database.writing() as connection:
            parts = [scores] if isinstance(scores, pd.DataFrame) else scores
            result = publish.write_run(connection, record, rows, parts, excluded=excluded, author=author)
        reached("committed")
        return result

    def rollback(
        self, target: str, run_id: str, author: str, at: datetime, *, excluded: Collection[str]
    ) -> PublishResult:
        """Show readers of `target` an earlier run again, and hold later ones back; see `store.rollback.roll_back`."""
        with self._database.writing() as connection:
            result = rollback.roll_back(connection, target, run_id, author, at, excluded=excluded)
        reached("committed")
        return result

    def release(self, target: str, author: str, at: datetime, *, excluded: Collection[str]) -> PublishResult:
        """End the hold of a rollback; see `store.rollback.release`."""
        with self._database.writing() as connection:
            result = rollback.release(connection, target, author, at, excluded=excluded)
        reached("committed")
        return result

    def published(self, target: str) -> Run | None:
        """Return the run that readers of `target` see, None when there is none yet."""
        query = _runs().where(PUBLISHED.c.target == target)
        return next(iter(self._runs(query)), None)

    def runs(self, target: str | None = None) -> list[Run]:
        """Return all runs, the latest first, of one target or of all."""
        query = _runs().order_by(RUNS.c.sequence.desc())
        return self._runs(query if target is None else query.where(RUNS.c.target == target))

    def run(self, run_id: str) -> Run:
        """Return one run; raise StoreError for one the store does not hold."""
        found = self._runs(_runs().where(RUNS.c.run_id == run_id))
        if not found:
            raise StoreError(f"the store has no run {run_id!r}; {nearest(run_id, [run.run_id for run in self.runs()])}")
        return found[0]

    def named(self, text: str, target: str | None = None) -> Run:
        """Return the run whose id is, or alone begins with, `text`; raise StoreError for none and for several."""
        runs = self.runs(target)
        found = [run for run in runs if run.run_id == text] or [run for run in runs if run.run_id.startswith(text)]
        if len(found) == 1:
            return found[0]
        of = "" if target is None else f" of target {target!r}"
        if found:
            some = ", ".join(run.run_id for run in found[:5])
            raise StoreError(f"{len(found)} runs{of} begin with {text!r}: {some}. Give more of the id.")
        raise StoreError(f"there is no run {text!r}{of}; {nearest(text, [run.run_id for run in runs])}")

    def find(self, record: RunRecord) -> Run | None:
        """Return the run made earlier from the same inputs, None when there is none."""
        return next(iter(self._runs(_runs().where(RUNS.c.run_id == record.run_id))), None)

    def previous(self, target: str, as_of: date) -> Run | None:
        """Return the run a list of `as_of` is compared with: the last one shown whose as_of is not later."""
        shown = sa.select(PUBLICATIONS.c.run_id).where(PUBLICATIONS.c.action != "keep")
        query = _runs().where(RUNS.c.target == target, RUNS.c.as_of <= as_of, RUNS.c.run_id.in_(shown))
        current = self._runs(query.where(PUBLISHED.c.target.is_not(None)))
        return next(iter(current or self._runs(query.order_by(RUNS.c.as_of.desc(), RUNS.c.sequence.desc()))), None)

    def rows(self, run_id: str) -> pd.DataFrame:
        """Return the rows of a run's list (ROW_COLUMNS): to call, by rank, then leaving, then too new."""
        sequence = self.run(run_id).sequence
        order = (sa.case({name: number for number, name in enumerate(SECTIONS)}, value=ROWS.c.section), ROWS.c.rank)
        query = sa.select(*(ROWS.c[name] for name in ROW_COLUMNS)).where(ROWS.c.sequence == sequence)
        with self._database.reading() as connection:
            return list_frame(connection.execute(query.order_by(*order, ROWS.c.account_id)).all())

    def scores(self, run_id: str, accounts: Collection[str] | None = None) -> pd.DataFrame:
        """Return the scores of a run (SCORE_COLUMNS), by account id: of all its accounts, or of those given."""
        sequence = self.run(run_id).sequence
        query = sa.select(*(SCORES.c[name] for name in SCORE_COLUMNS)).where(SCORES.c.sequence == sequence)
        with self._database.reading() as connection:
            if accounts is None:
                return score_frame(connection.execute(query.order_by(SCORES.c.account_id)).all())
            parts = [connection.execute(query.where(some)).all() for some in among(SCORES.c.account_id, accounts)]
        return score_frame(sorted((row for part in parts for row in part), key=itemgetter(0)))

    def account_scores(self, account_id: str) -> pd.DataFrame:
        """Return every score an account ever had, with target, as_of and run, the latest first."""
        columns = ("target", "as_of", "run_id", *SCORE_COLUMNS)
        query = (
            sa.select(RUNS.c.target, RUNS.c.as_of, RUNS.c.run_id, *(SCORES.c[name] for name in SCORE_COLUMNS))
            .join(RUNS, RUNS.c.sequence == SCORES.c.sequence)
            .where(SCORES.c.account_id == account_id)
            .order_by(RUNS.c.sequence.desc())
        )
        with self._database.reading() as connection:
            return score_frame(connection.execute(query).all(), columns)

    def publications(self, target: str | None = None) -> list[dict[str, Any]]:
        """Return the audit of the pointer, the latest first, each with the columns of the table of publications."""
        query = sa.select(PUBLICATIONS).order_by(PUBLICATIONS.c.sequence.desc())
        if target is not None:
            query = query.where(PUBLICATIONS.c.target == target)
        return self._dicts(query)

    def add_feedback(self, entries: Sequence[feedback.Feedback]) -> int:
        """Add feedback entries and return how many were new; an entry sent twice is kept once."""
        with self._database.writing() as connection:
            return sum(feedback.add(connection, entry) for entry in entries)

    def feedback(self) -> pd.DataFrame:
        """Return all feedback in the order it was received."""
        names = [column.name for column in FEEDBACK.columns]
        return pd.DataFrame(self._dicts(sa.select(FEEDBACK).order_by(FEEDBACK.c.number)), columns=names)

    def feedback_until(self) -> int:
        """Return the number of the last feedback entry, 0 when there is none."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.max(FEEDBACK.c.number))).scalar() or 0

    def record_export(self, status: ExportStatus) -> None:
        """Keep how a sink of a run went, in place of how it went before."""
        this = (EXPORTS.c.run_id == status.run_id) & (EXPORTS.c.sink == status.sink)
        with self._database.writing() as connection:
            connection.execute(sa.delete(EXPORTS).where(this))
            connection.execute(sa.insert(EXPORTS).values(vars(status)))

    def exports(self, run_id: str) -> dict[str, ExportStatus]:
        """Return how each sink of a run went, by sink."""
        found = self._dicts(sa.select(EXPORTS).where(EXPORTS.c.run_id == run_id))
        return {row["sink"]: ExportStatus(**row) for row in found}

    def _runs(self, query: sa.Select[Any]) -> list[Run]:
        with self._database.reading() as connection:
            return [as_run(row) for row in connection.execute(query)]

    def _dicts(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._database.reading() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]


def _runs() -> sa.Select[Any]:
    pointer = RUNS.outerjoin(PUBLISHED, PUBLISHED.c.run_id == RUNS.c.run_id)
    shown = (PUBLISHED.c.sequence.label("shown"), PUBLISHED.c.held_by, PUBLISHED.c.held_at)
    return sa.select(RUNS, *shown).select_from(pointer)

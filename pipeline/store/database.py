"""The database behind the store: opening it, its schema version, its transactions, and its errors in our words."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from pipeline.errors import StoreError
from pipeline.store.schema import VERSION

MIGRATIONS = Path(__file__).parent / "migrations"


WAIT_SECONDS = 30
"""How long a reader or writer of a SQLite store waits for another."""


class Database:
    """An open store of the newest schema version; a missing one is created, an older one upgraded.

    Raises StoreError when the URL, the folder, the file or its schema version does not allow it.
    """

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self.shown = shown(self.url)
        self.file = Path(self.url.database) if self.url.get_backend_name() == "sqlite" and self.url.database else None
        with self._in_our_words("opened"):
            if self.file is not None:
                _make_folder(self.file, self.shown)
            self._engine = _engine(self.url)
            self._upgrade()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one state of the store throughout."""
        with self._in_our_words("read"), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection whose writes all become visible at the end, or none do."""
        with self._in_our_words("written"), self._engine.connect() as plain:
            connection = plain.execution_options(keepgrow_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _in_our_words(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError as error:
            raise StoreError(f"the store {self.shown} refused a row: {self._plain(error)}") from None
        except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(f"the store {self.shown} cannot be {doing}: {self._plain(error)}") from None

    def _plain(self, error: Exception) -> str:
        """Return the database's own words and the next step, with the password blanked."""
        cause = getattr(error, "orig", None) or error
        text = " ".join(str(cause).split())
        if self.url.password:
            text = text.replace(str(self.url.password), "***")
        for sign, advice in _ADVICE.items():
            if sign in text:
                return f"{text}. {advice}"
        return text

    def _upgrade(self) -> None:
        with self.reading() as connection:
            found = _version(connection, self.shown)
        if found == VERSION:
            return
        with self.writing() as connection:
            # Another process may have upgraded it while this one waited to write.
            if _version(connection, self.shown) != VERSION:
                _run_migrations(connection)


_ADVICE = {
    "file is not a database": "It is another kind of file or damaged: restore a copy, or point [store] url elsewhere.",
    "malformed": "The file is damaged: restore a copy of it.",
    "unable to open": "Check that the folder exists and that you may write in it.",
    "readonly": "Check that you may write the file and its folder.",
    "locked": "Another process is writing: wait for it to finish, then run this again.",
    "full": "Free some space, then run this again.",
}


def shown(url: URL) -> str:
    """Return the URL as messages may print it: no password, no query."""
    return url.set(query={}).render_as_string(hide_password=True)


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        # The text itself is not repeated: it may hold a password.
        raise StoreError(
            "[store] url is not a database URL; write, say, sqlite:////var/lib/keepgrow/store.db"
        ) from None
    try:
        url.get_dialect()
    except (sa.exc.NoSuchModuleError, ImportError):
        raise StoreError(f"[store] url names a kind of database that is not known: {shown(url)}") from None
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError(
            f"[store] url {text!r} keeps nothing; name a file, for example sqlite:////var/lib/keepgrow/store.db"
        )
    return url


def _make_folder(file: Path, name: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder of the store {name} cannot be made: {error.strerror}. Choose another folder, "
            "or have yourself allowed to write there."
        ) from None
    if file.is_dir():
        raise StoreError(f"the store {name} is a folder; name a file in it, for example {file / 'store.db'}")


def _engine(url: URL) -> sa.Engine:
    try:
        engine = sa.create_engine(url, json_serializer=_json)
    except ImportError as error:
        raise StoreError(
            f"the store {shown(url)} needs the Python package {error.name!r}; install it beside keepgrow"
        ) from None
    if url.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:  # noqa: ARG001
    # Python's own transaction control would begin late and commit before schema changes.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {1000 * WAIT_SECONDS}")
    _use_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: Any) -> None:
    # A new file is switched to WAL by whoever has it alone, and SQLite does not wait for that as it does elsewhere.
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes its turn at the start, so that it never finds that what it read has changed.
    writes = connection.get_execution_options().get("keepgrow_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _version(connection: sa.Connection, name: str) -> str | None:
    """Return the store's schema version, None for an empty database; raise StoreError for one we cannot use."""
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return None
    found = None
    if "alembic_version" in tables:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found is None or not found.isdigit():
        raise StoreError(f"the store {name} holds tables that are not keepgrow's; point [store] url elsewhere")
    if found > VERSION:
        raise StoreError(
            f"the store {name} has schema version {found}, and this keepgrow knows versions up to {VERSION}: "
            "a newer keepgrow wrote it. Upgrade keepgrow."
        )
    return found


def _run_migrations(connection: sa.Connection) -> None:
    # Alembic takes half a second to import, and is needed only when there is something to upgrade.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: Any, context: Any) -> Any:  # noqa: ARG001
        return scripts._upgrade_revs(VERSION, revision)

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()

"""Opening the store: it is created and upgraded by itself, and says clearly why it cannot be opened."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.errors import StoreError
from pipeline.settings import Settings, parse
from pipeline.store import Feedback, Store, store_url
from pipeline.store.database import MIGRATIONS
from pipeline.store.schema import METADATA, VERSION

AT = datetime(2026, 1, 31, tzinfo=UTC)


def refused(url: str) -> str:
    with pytest.raises(StoreError) as caught:
        Store(url)
    return str(caught.value)


def test_a_new_store_is_created_with_its_folder_in_wal_mode(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "store.db"
    with Store(f"sqlite:///{file}") as store:
        assert store.runs() == []
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_migrations_make_the_tables_the_code_expects(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/store.db").close()
    engine = sa.create_engine(f"sqlite:///{tmp_path}/store.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_the_newest_migration_is_the_version_of_the_code() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [VERSION]


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with Store(url) as store:
        store.add_feedback([Feedback("f1", "a", "called", AT, AT)])
    with Store(url) as store:
        assert store.feedback()["feedback_id"].tolist() == ["f1"]


OLD = (Path(__file__).parent / "store_0001.sql").read_text(encoding="utf-8")
"""A store that keepgrow wrote when its schema was 0001: two lists and a feedback entry, as SQL."""


def old_store(file: Path) -> str:
    connection = sqlite3.connect(file)
    connection.executescript(OLD)
    connection.close()
    return f"sqlite:///{file}"


def test_a_store_of_schema_0001_is_upgraded_when_it_is_opened_and_keeps_what_is_there(tmp_path: Path) -> None:
    url = old_store(tmp_path / "store.db")
    with Store(url) as store:
        first, second = reversed(store.runs())
        assert (first.run_id, second.run_id) == ("churn-2026-01-31-baf69262a0", "churn-2026-02-01-4012f57899")
        assert (first.published, second.published, second.hold) == (False, True, None)
        assert (second.rows_digest, second.previous_run) == (None, first.run_id)
        assert store.rows(first.run_id)["name"].tolist() == ["Bo & Co", None, "Zed"]
        assert [row["action"] for row in store.publications()] == ["publish", "publish"]
        assert store.feedback()["feedback_id"].tolist() == ["f1"]
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_an_upgraded_store_can_be_rolled_back(tmp_path: Path) -> None:
    with Store(old_store(tmp_path / "store.db")) as store:
        store.rollback("churn", "churn-2026-01-31-baf69262a0", "ann", AT, excluded=())
        assert store.published("churn").hold.by == "ann"


def test_several_may_upgrade_an_old_store_at_once(tmp_path: Path) -> None:
    url = old_store(tmp_path / "store.db")
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store(url), range(4)))
    assert [len(store.runs()) for store in stores] == [2, 2, 2, 2]
    for store in stores:
        store.close()


def test_several_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store(url), range(4)))
    assert [store.runs() for store in stores] == [[], [], [], []]
    for store in stores:
        store.close()


def test_a_store_of_a_newer_keepgrow_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    Store(f"sqlite:///{file}").close()
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    assert f"schema version 9999, and this keepgrow knows versions up to {VERSION}" in refused(f"sqlite:///{file}")


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE customers (id TEXT)")
    connection.commit()
    connection.close()
    assert "holds tables that are not keepgrow's" in refused(f"sqlite:///{tmp_path}/other.db")
    connection = sqlite3.connect(tmp_path / "other.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]
    connection.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"account_id,amount\n" * 100)
    assert "file is not a database. It is another kind of file or damaged" in refused(f"sqlite:///{file}")


def test_a_damaged_store(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    Store(f"sqlite:///{file}").close()
    damaged = bytearray(file.read_bytes())
    damaged[100:] = b"\xff" * (len(damaged) - 100)
    file.write_bytes(damaged)
    assert "The file is damaged: restore a copy of it." in refused(f"sqlite:///{file}")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "cannot be made: Not a directory. Choose another folder" in refused(f"sqlite:///{tmp_path}/file/in/store.db")


def test_a_folder_in_the_place_of_the_store(tmp_path: Path) -> None:
    assert "is a folder; name a file in it" in refused(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_that_keeps_nothing(url: str) -> None:
    assert "keeps nothing; name a file" in refused(url)


@pytest.mark.parametrize(
    "url", ["oracel://ann:s3cret@host/db", "s3cret is no url", "postgresql+nosuch://ann:s3cret@host/db?password=s3cret"]
)
def test_a_url_that_means_nothing_is_refused_without_printing_its_secrets(url: str) -> None:
    message = refused(url)
    assert "[store] url" in message
    assert "s3cret" not in message


def settings(tmp_path: Path, **store: str) -> Settings:
    tables = {"invoices": [{"source": "invoices.csv"}]}
    return parse(Settings, {"name": "firm", "tables": tables, "store": store, "folder": tmp_path}, "firm.toml")


def test_the_store_lies_in_the_state_folder_unless_the_config_says_where(tmp_path: Path) -> None:
    assert store_url(settings(tmp_path)) == f"sqlite:///{tmp_path.resolve()}/.keepgrow/firm/store.db"
    assert store_url(settings(tmp_path, url="sqlite:///lists.db")) == f"sqlite:///{tmp_path.resolve()}/lists.db"
    assert store_url(settings(tmp_path, url="sqlite:////var/lists.db")) == "sqlite:////var/lists.db"
    assert store_url(settings(tmp_path, url="postgresql://host/db")) == "postgresql://host/db"

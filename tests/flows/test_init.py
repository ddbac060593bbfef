"""`keepgrow init` as a new user meets it: a config from files, questions at a terminal, and clear refusals."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from flows import discovering
from flows.cli import app
from pipeline.settings import read_settings

ORDERS = "customer_id,sale_date,amount\n" + "\n".join(
    f"C{n % 7},{n % 12 + 1:02d}/{n % 11 + 1:02d}/2024,{n}.5" for n in range(1, 60)
)


class Said(NamedTuple):
    code: int
    text: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder named `acme` to work in."""
    place = tmp_path / "acme"
    place.mkdir()
    monkeypatch.chdir(place)
    (place / "orders.csv").write_text(ORDERS, encoding="utf-8")
    return place


@pytest.fixture
def init(folder: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run `keepgrow init ARGS`, with answers typed at the prompts."""

    def call(*arguments: str, typed: str = "") -> Said:
        before = dict(os.environ)
        result = CliRunner().invoke(app, ["init", *arguments], input=typed)
        os.environ.clear()
        os.environ.update(before)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        printed = capfd.readouterr()
        return Said(result.exit_code, result.output + printed.out + printed.err)

    return call


def test_a_file_becomes_a_config_that_validates(folder, init):
    code, said = init("orders.csv")
    assert code == 0, said
    settings = read_settings("keepgrow.toml")
    assert (settings.name, settings.tables["invoices"][0].source) == ("acme", "orders.csv")
    assert "0 errors" in said
    assert "Wrote keepgrow.toml" in said
    assert "keepgrow run" in said


def test_nobody_is_asked_without_a_terminal_and_doubts_are_said_twice(folder, init):
    _, said = init("orders.csv", typed="never read\n")
    doubt = "no column says which currency the amounts are in: EUR was taken"
    assert doubt in said
    assert f"# UNSURE: {doubt}." in Path("keepgrow.toml").read_text(encoding="utf-8")


def test_at_a_terminal_questions_are_asked_again_until_they_are_answered(init, monkeypatch):
    monkeypatch.setattr(discovering, "at_terminal", lambda: True)
    code, said = init("orders.csv", typed="maybe\n%m/%d/%Y\nkroner\nDKK\n")
    assert code == 0, said
    assert "Which comes first in 'sale_date' of orders" in said
    assert "Please answer with %d/%m/%Y or %m/%d/%Y." in said
    assert "Please answer with three letters, say EUR." in said
    settings = read_settings("keepgrow.toml")
    assert settings.money.currency == "DKK"
    assert "%m/%d/%Y" in settings.tables["invoices"][0].columns["issued_at"].sql
    unsure = [line for line in Path("keepgrow.toml").read_text(encoding="utf-8").splitlines() if "UNSURE: " in line]
    assert not [line for line in unsure if "sale_date" in line or "currency" in line]


def test_an_empty_answer_is_the_best_guess(init, monkeypatch):
    monkeypatch.setattr(discovering, "at_terminal", lambda: True)
    assert init("orders.csv", typed="\n\n").code == 0
    assert read_settings("keepgrow.toml").money.currency == "EUR"


def test_yes_asks_nothing(init, monkeypatch):
    monkeypatch.setattr(discovering, "at_terminal", lambda: True)
    code, said = init("orders.csv", "--yes")
    assert code == 0
    assert "Which" not in said


def test_a_config_that_exists_is_kept_without_force(folder, init):
    Path("keepgrow.toml").write_text("mine", encoding="utf-8")
    code, said = init("orders.csv")
    assert code == 2
    assert "keepgrow.toml exists already" in said
    assert Path("keepgrow.toml").read_text(encoding="utf-8") == "mine"
    assert init("orders.csv", "--force").code == 0
    assert read_settings("keepgrow.toml").name == "acme"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing.csv",), "nothing.csv does not exist"),
        (("colours.csv",), "nothing to predict from was recognised"),
        (("empty",), "holds no file that can be read"),
        (("broken.parquet",), "cannot be read as Parquet"),
        (("orders.csv", "--name", "Acme A/S"), "expected lower case letters"),
        (("orders.csv", "--config", "no/such/keepgrow.toml"), "there is no folder"),
        (("orders.csv", "--config", "empty", "--force"), "is a folder"),
        ((), "Missing argument"),
    ],
)
def test_bad_input_writes_nothing(folder, init, arguments, says):
    (folder / "empty").mkdir()
    (folder / "colours.csv").write_text("colour,hex\nred,f00\n", encoding="utf-8")
    (folder / "broken.parquet").write_bytes(b"no Parquet")
    code, said = init(*arguments)
    assert code == 2
    assert says in " ".join(said.split())
    assert "Traceback" not in said
    assert sorted(path.name for path in folder.iterdir()) == ["broken.parquet", "colours.csv", "empty", "orders.csv"]


def test_findings_that_stop_a_run_end_with_2_and_leave_the_config(folder, init):
    rows = "\n".join(f"C{n},2024-12-{n % 28 + 1:02d},{'5.5' if n % 2 else ''}" for n in range(20))
    (folder / "orders.csv").write_text(f"customer_id,order_date,amount\n{rows}\n", encoding="utf-8")
    code, said = init("orders.csv")
    assert code == 2
    assert "amount missing" in said
    assert Path("keepgrow.toml").exists()


def test_the_walk_from_tables_to_a_validated_config_as_data(folder, init):
    assert init("orders.csv", "--json", "said.json").code == 0
    assert '"errors": 0' in Path("said.json").read_text(encoding="utf-8")


def test_a_config_that_cannot_be_written_is_said_before_the_tables_are_looked_at(folder, init, monkeypatch):
    monkeypatch.setattr(discovering, "look_at", None)  # calling it would be a TypeError
    code, said = init("orders.csv", "--config", "/proc/keepgrow.toml")
    assert code == 2
    assert "init: /proc/keepgrow.toml cannot be written" in " ".join(said.split())
    assert "Traceback" not in said


def test_a_folder_that_closes_while_the_tables_are_looked_at_is_one_error(folder, init, monkeypatch):
    made = []

    def once(**options: Any) -> tuple[int, str]:
        if made:
            raise PermissionError(13, "Permission denied")
        made.append(options)
        return mkstemp(**options)

    mkstemp = discovering.tempfile.mkstemp
    monkeypatch.setattr(discovering.tempfile, "mkstemp", once)
    code, said = init("orders.csv")
    assert code == 2
    assert "init: keepgrow.toml cannot be written: Permission denied" in " ".join(said.split())
    assert [path.name for path in folder.iterdir()] == ["orders.csv"]


def test_commands_to_type_next_quote_a_folder_with_a_space(folder, init):
    (folder / "my firm").mkdir()
    code, said = init("orders.csv", "--config", "my firm/keepgrow.toml")
    assert code == 0, said
    assert "keepgrow run --config 'my firm/keepgrow.toml'" in said

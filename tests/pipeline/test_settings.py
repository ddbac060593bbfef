"""The config file: what it may say, and what is said about one that cannot be read."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import read_settings

NEWLINE = "\n"
TABLES = '\n[[tables.invoices]]\nsource = "lines.csv"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "firm.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(folder, text))
    return str(caught.value)


def test_a_short_config_has_defaults_for_the_rest(tmp_path):
    settings = read_settings(write(tmp_path, f'name = "firm"{TABLES}'))
    assert settings.time.zone == "UTC"
    assert settings.money.currency == "EUR"
    assert settings.run.as_of is None
    assert settings.lists.capacity == 25
    assert settings.accounts.min_history_days == 30
    assert settings.tables["invoices"][0].ends == "exclusive"


def test_paths_start_at_the_root(tmp_path):
    (tmp_path / "configs").mkdir()
    settings = read_settings(write(tmp_path / "configs", f'name = "firm"\nroot = ".."{TABLES}'))
    assert settings.path("data/lines.csv") == tmp_path / "data" / "lines.csv"
    assert settings.path("/data/lines.csv") == Path("/data/lines.csv")
    assert settings.state_folder == tmp_path / ".keepgrow" / "firm"


def test_options_win_over_the_file(tmp_path):
    file = write(tmp_path, f'name = "firm"\nstate = "a"{TABLES}')
    assert read_settings(file, state="b").state_folder == tmp_path / "b"


@pytest.mark.parametrize("config", ["online_retail.toml"])
def test_shipped_configs_are_read(root, config):
    settings = read_settings(root / "configs" / config)
    assert settings.run.as_of == date(2011, 10, 10)
    assert settings.evaluate.folds == (date(2011, 6, 7), date(2011, 7, 5), date(2011, 8, 2))


# ---- the file ----


def test_a_missing_file_names_the_nearest(tmp_path):
    write(tmp_path, "")
    with pytest.raises(SettingsError, match=r"frim.toml does not exist; did you mean 'firm.toml'\?"):
        read_settings(tmp_path / "frim.toml")
    with pytest.raises(SettingsError, match="does not exist; none are present"):
        read_settings(tmp_path / "nowhere" / "firm.toml")


def test_a_folder_is_no_config(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)


def test_a_file_of_bytes_that_are_no_text(tmp_path):
    (tmp_path / "firm.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "firm.toml")


def test_broken_toml_says_where(tmp_path):
    assert "is not valid TOML" in refused(tmp_path, 'name = "firm\n')


# ---- keys ----


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tiem]\nzone = 'UTC'", "unknown key 'tiem'; did you mean 'time'?"),
        ("[training]\nevry_days = 7", "unknown key 'training.evry_days'; did you mean 'every_days'?"),
        ("[[tables.invoices]]\nsource = 'x.csv'\nwhre = 'a'", "did you mean 'where'?"),
        (
            "[plays.churn]\nname = 'Call'\nprice = 3",
            "unknown key 'plays.churn.price'; present are: 'cost', 'effect', 'name'",
        ),
        ("[[sinks]]\nkind = 'csv'\nfoldr = 'x'", "unknown key 'sinks.0.foldr'; did you mean 'folder'?"),
        ("[tables.rates]\nsource = 'x.csv'", "tables.rates"),
        ("[[tables.invoces]]\nsource = 'x.csv'", "no such table in the contract; did you mean 'invoices'?"),
        (
            "[[tables.rates]]\nsource = 'x'\ncolumns.curency = 'c'",
            "no such column in the contract; did you mean 'currency'?",
        ),
        ("[[tables.rates]]\nsource = 'x'\nlate.paid = 'c'", "tables.rates.columns.paid: no such column"),
    ],
)
def test_unknown_keys_name_the_nearest(tmp_path, text, said):
    message = refused(tmp_path, f'name = "firm"{TABLES if "invoices" not in text else NEWLINE}{text}')
    assert message.startswith("firm.toml: ")
    assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[time]\nzone = "Europe/Kopenhagen"', "time.zone: unknown time zone 'Europe/Kopenhagen'"),
        ('[time]\nzone = "../UTC"', "time.zone: unknown time zone '../UTC'"),
        ('[time]\nzone = ""', "time.zone: unknown time zone ''"),
        ("[training]\nevery_days = 0", "training.every_days"),
        ("[lists]\ncapacity = -1", "lists.capacity"),
        ("[plays.churn]\nname = 'Call'\neffect = 1.5", "plays.churn.effect"),
        ("[evaluate]\nbootstrap = 10", "evaluate.bootstrap"),
        ("[run]\nas_of = 'soon'", "run.as_of"),
        ("[[sinks]]\nkind = 'csv'", 'sinks.0: expected one place: folder = "FOLDER", or file = "FILE" for duckdb'),
        ("[[sinks]]\nkind = 'csv'\nfolder = 'x'\nfile = 'y'", "sinks.0: expected one place"),
        ("[[tables.rates]]\nsource = 'x'\n[[tables.rates]]\nsource = 'x'", "entries 1 and 2 are the same source"),
        ("[[tables.rates]]\nwhere = 'true'", 'tables.rates.0: expected source = "FILE" or select'),
        ("[[tables.rates]]\nselect = 'x'\nwhere = 'true'", "select is a whole query"),
        ("[[tables.rates]]\nsource = 'x'\ncolumns.rate = {}", "expected a source column's name"),
        ("[[tables.rates]]\nsource = 'x'\ncolumns.rate = {const = 1, sql = '1'}", "expected a source column's name"),
        ("[[tables.rates]]\nsource = 'x'\nends = 'open'", "tables.rates.0.ends"),
    ],
)
def test_wrong_values_name_their_key(tmp_path, text, said):
    assert said in refused(tmp_path, f'name = "firm"{TABLES}{text}')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[evaluate]\nfolds = [2024-01-01, {}]", "evaluate.folds.1"),
        ("[evaluate]\nfinal = {}", "evaluate.final"),
        ("[training]\nfirst_as_of = {}", "training.first_as_of"),
        ("[run]\nas_of = {}", "run.as_of"),
        ("[time]\ndata_until = {}", "time.data_until"),
    ],
)
def test_days_lie_where_rows_may(tmp_path, text, key):
    for day in ("1899-12-31", "2200-01-01", "0001-01-01", "9999-12-31"):
        said = refused(tmp_path, f'name = "firm"{TABLES}{text.format(day)}')
        assert f"{key}: expected a day between 1900-01-01 and 2200-01-01" in said
    for day in ("1900-01-01", "2199-12-31"):
        read_settings(write(tmp_path, f'name = "firm"{TABLES}{text.format(day)}'))


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("training", "every_days"),
        ("training", "retrain_days"),
        ("evaluate", "every_days"),
        ("accounts", "min_history_days"),
    ],
)
def test_day_counts_end_at_ten_years(tmp_path, section, key):
    assert f"{section}.{key}" in refused(tmp_path, f'name = "firm"{TABLES}[{section}]\n{key} = 3651')
    settings = read_settings(write(tmp_path, f'name = "firm"{TABLES}[{section}]\n{key} = 3650'))
    assert getattr(getattr(settings, section), key) == 3650


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('state = "~nouser/x"', "state: expected a path that can exist; found '~nouser/x'"),
        ('state = "a\\u0000b"', "state: expected a text without NUL characters"),
        ('root = "a\\u0000b"', "root: expected a text without NUL characters"),
        ('[[sinks]]\nkind = "csv"\nfolder = "~nouser/x"', "sinks.0.folder: expected a path that can exist"),
        ('[[sinks]]\nkind = "duckdb"\nfile = "~nouser/x"', "sinks.0.file: expected a path that can exist"),
        ('[[sinks]]\nkind = "csv"\nfolder = "a\\u0000b"', "sinks: folder: expected a text without NUL"),
    ],
)
def test_paths_that_cannot_be(tmp_path, text, said):
    before, after = (text, TABLES) if not text.startswith("[") else ("", TABLES + text)
    assert said in refused(tmp_path, f'name = "firm"\n{before}{after}')


def test_a_path_with_a_nul_is_refused_wherever_it_comes_from(tmp_path):
    file = write(tmp_path, f'name = "firm"{TABLES}')
    with pytest.raises(SettingsError, match="state: expected a path that can exist"):
        read_settings(file, state="a\0b")
    with pytest.raises(SettingsError, match="expected a path that can exist"):
        read_settings(file).path("a\0b")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings("a\0b.toml")


def test_a_play_belongs_to_a_target(tmp_path):
    play = "[plays.chrun]\nname = 'Call'\n"
    target = "[targets.churn]\nkind = 'churn'\n"
    said = refused(tmp_path, f'name = "firm"{TABLES}{play}{target}')
    assert "plays.chrun: no target has this name; did you mean 'churn'?" in said
    assert "chrun" in read_settings(write(tmp_path, f'name = "firm"{TABLES}{play}')).plays


@pytest.mark.parametrize("name", ["Firm", "-firm", "my firm", "../firm", ""])
def test_a_name_must_do_as_a_folder(tmp_path, name):
    assert "name" in refused(tmp_path, f'name = "{name}"{TABLES}')


def test_a_name_and_a_table_are_needed(tmp_path):
    assert "missing key 'name'" in refused(tmp_path, TABLES)
    assert "missing key 'tables'" in refused(tmp_path, 'name = "firm"')
    assert "expected at least one table" in refused(tmp_path, 'name = "firm"\n[tables]')


def test_a_table_with_an_empty_list_of_sources(tmp_path):
    assert "tables.invoices: expected at least one source" in refused(
        tmp_path, 'name = "firm"\n[tables]\ninvoices = []'
    )


def test_all_faults_are_told_at_once(tmp_path):
    message = refused(tmp_path, f'name = "Firm"{TABLES}[lists]\ncapacity = 0')
    assert "name" in message
    assert "lists.capacity" in message


def test_settings_do_not_change(tmp_path):
    settings = read_settings(write(tmp_path, f'name = "firm"{TABLES}'))
    with pytest.raises(ValueError, match="frozen"):
        settings.name = "other"


# ---- secrets ----

STORE = f'name = "firm"{TABLES}[store]\nurl = "postgresql://desk:${{env:DESK_PASSWORD}}@host/desk"'


def test_secrets_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_PASSWORD", "hush")
    assert read_settings(write(tmp_path, STORE)).store.url == "postgresql://desk:hush@host/desk"


def test_a_missing_secret_names_its_variable_and_key(tmp_path, monkeypatch):
    monkeypatch.delenv("DESK_PASSWORD", raising=False)
    message = refused(tmp_path, STORE)
    assert "firm.toml: store: url: environment variable DESK_PASSWORD is not set" in message


@pytest.mark.parametrize("word", ["${DESK_PASSWORD}", "${file:/etc/passwd}", "${env:}"])
def test_only_the_environment_is_asked(tmp_path, word):
    assert f"expected ${{env:NAME}}; found {word}" in refused(tmp_path, f'name = "firm"{TABLES}[store]\nurl = "{word}"')


def test_a_secret_is_not_repeated_in_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_PASSWORD", "hush")
    text = f'name = "firm"{TABLES}[run]\nwait_seconds = "${{env:DESK_PASSWORD}}"'
    assert "hush" not in refused(tmp_path, text)


# ---- digest ----


def digest(folder, text):
    return read_settings(write(folder, f'name = "firm"{TABLES}{text}')).digest()


@pytest.mark.parametrize(
    "text",
    [
        "[run]\nas_of = 2024-01-01\nwait_seconds = 3\nrows_per_bucket = 5",
        '[store]\nurl = "sqlite:///x"',
        '[[sinks]]\nkind = "csv"\nfolder = "x"',
    ],
)
def test_the_digest_leaves_out_what_no_row_depends_on(tmp_path, text):
    assert digest(tmp_path, "") == digest(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["[run]\nseed = 1", '[money]\ncurrency = "GBP"', "[lists]\ncapacity = 9", '[targets.churn]\nkind = "churn"']
)
def test_the_digest_knows_what_rows_depend_on(tmp_path, text):
    assert digest(tmp_path, "") != digest(tmp_path, text)


def test_another_process_gets_the_same_places_whatever_its_working_folder_is(tmp_path, monkeypatch):
    write(tmp_path, f'name = "firm"\nstate = "~/state"{TABLES}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "ann"))
    settings = read_settings("firm.toml")
    sent, digest = pickle.dumps(settings), settings.digest()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path / "spark"))
    there = pickle.loads(sent)
    assert there.path("lines.csv") == tmp_path / "lines.csv"
    assert there.state_folder == tmp_path / "ann" / "state"
    assert there.digest() == digest

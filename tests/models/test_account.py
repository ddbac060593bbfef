"""One account under the glass, where no model scores it: how it stands, why, and what must not be shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from models.account import explain_account
from models.material import Material
from pipeline.errors import SettingsError, StoreError
from pipeline.settings import Settings, parse
from pipeline.snapshot import take_snapshot

AS_OF = date(2025, 3, 1)
SUBSCRIPTIONS = """\
account_id,subscription_id,started_at,mrr,ended_at,end_known_at
stays,s1,2023-01-01,100,,
leaves,s2,2023-01-01,100,2025-04-01,2025-02-01
left,s3,2023-01-01,100,2024-01-01,2023-12-01
young,s4,2025-02-10,100,,
later,s5,2025-06-01,100,,
barred,s6,2023-01-01,100,,
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("firm")
    (folder / "subscriptions.csv").write_text(SUBSCRIPTIONS)
    (folder / "exclusions.csv").write_text("account_id,reason\nbarred,objection\n")
    rows = [line.split(",") for line in SUBSCRIPTIONS.splitlines()[1:]]
    lines = [f"{account},{opened},{account.title()} Ltd,Ann" for account, _, opened, *_ in rows]
    (folder / "accounts.csv").write_text("\n".join(["account_id,opened_at,name,account_manager", *lines]))
    names = ("subscriptions", "exclusions", "accounts")
    data: dict[str, Any] = {
        "name": "firm",
        "folder": folder,
        "file": "firm.toml",
        "state": "state",
        "tables": {name: [{"source": f"{name}.csv"}] for name in names},
        "targets": {"churn": {"kind": "churn", "min_history_days": 60}},
    }
    settings = parse(Settings, data, "firm.toml")
    return Material.of(settings, take_snapshot(settings, AS_OF))


def explained(material: Material, account: str, since: str | None = None) -> dict[str, Any]:
    return explain_account(material, account, AS_OF, ["churn"], since)


def test_why_is_said_in_one_language(material: Material) -> None:
    lists = material.settings.lists.model_copy(update={"language": "da"})
    danish = replace(material, settings=material.settings.model_copy(update={"lists": lists}))
    why = explained(danish, "leaves")["targets"]["churn"]["why"]
    assert why == "leaving: the contract is known to end on 2025-04-01"


@pytest.mark.parametrize(
    ("account", "section", "why"),
    [
        ("leaves", "leaving", "leaving: the contract is known to end on 2025-04-01"),
        ("left", "outside", "outside: churn asks about accounts with "),
        ("young", "too_new", "too new: an account is scored once it has 60 days of history"),
        ("later", "unknown", "nothing was known of the account at 2025-03-01"),
    ],
)
def test_an_account_outside_the_cohort_says_why(material: Material, account: str, section: str, why: str) -> None:
    churn = explained(material, account)["targets"]["churn"]
    assert churn["section"] == section
    assert churn["why"].startswith(why)
    assert (churn["now"], churn["said"], churn["list"], churn["history"], churn["change"]) == (
        None,
        None,
        None,
        [],
        None,
    )


def test_an_account_that_no_model_can_score_says_so(material: Material) -> None:
    told = explained(material, "stays")
    assert (told["name"], told["account_manager"], told["excluded"]) == ("Stays Ltd", "Ann", None)
    churn = told["targets"]["churn"]
    assert (churn["section"], churn["why"], churn["now"]) == ("cohort", None, None)
    assert churn["said"] == "target 'churn' has no champion yet. Train one with `keepgrow train`."


def test_of_an_excluded_account_nothing_is_told_but_that(material: Material) -> None:
    assert explained(material, "barred") == {
        "account_id": "barred", "as_of": "2025-03-01", "excluded": "objection", "targets": {}
    }  # fmt: skip


def test_an_unknown_account_names_the_nearest(material: Material) -> None:
    with pytest.raises(SettingsError, match="no row of account 'stais'; did you mean 'stays'"):
        explained(material, "stais")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("C-00171X", "did you mean 'C-00171'"),
        ("acme", "none of their 2,000 accounts has an id like it: they look like 'C-00000'"),
    ],
)
def test_of_a_large_book_no_count_is_made_up(
    material: Material, monkeypatch: pytest.MonkeyPatch, asked: str, said: str
) -> None:
    display = pd.DataFrame({"account_id": [f"C-{number:05}" for number in range(2000)]})
    monkeypatch.setattr(type(material.snapshot), "display", lambda *_: display)
    with pytest.raises(SettingsError, match=f"no row of account '{asked}'; {said}"):
        explained(material, asked)


def test_an_unknown_run_is_an_error(material: Material) -> None:
    with pytest.raises(StoreError, match="there is no run 'churn-2025-02-01'"):
        explained(material, "stays", since="churn-2025-02-01")


def test_all_of_it_can_be_written_as_json(material: Material) -> None:
    assert json.loads(json.dumps(explained(material, "leaves"), allow_nan=False))["account_id"] == "leaves"

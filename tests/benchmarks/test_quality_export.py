"""What contenders may read holds nothing from after its as_of, and what is kept is known by what it depends on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from engine.runner import Runner
from quality import running
from quality.catalogue import BY_NAME, CONTENDERS
from quality.fold import Fold, Predicted, at, each_fold
from quality.running import Asked, kept, key, record_of
from quality.visible import visible

from pipeline.history import History
from pipeline.tables import SCALE


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


@pytest.fixture
def history() -> History:
    """Invoice 1 is corrected in March and paid in April; invoice 2 is issued in February, invoice 3 in May."""
    rows = [
        ("a", "1", "2025-01-10T10:00", 100.0, "2025-01-10T10:00", "2025-04-05T10:00"),
        ("a", "1", "2025-01-10T10:00", 120.0, "2025-03-05T10:00", "2025-04-05T10:00"),
        ("b", "2", "2025-02-10T10:00", 50.0, "2025-02-10T10:00", None),
        ("b", "3", "2025-05-10T10:00", 70.0, "2025-05-10T10:00", None),
    ]
    names = ["account_id", "invoice_id", "issued_at", "amount", "known_at", "paid_at"]
    frame = pd.DataFrame(rows, columns=names)
    times = {name: pa.array(pd.to_datetime(frame[name]), pa.timestamp("us")) for name in ("issued_at", "known_at")}
    paid = pa.array(pd.to_datetime(frame["paid_at"]), pa.timestamp("us"))
    table = pa.table(
        {"account_id": frame["account_id"], "invoice_id": frame["invoice_id"], **times}
        | {"amount": pa.array((frame["amount"] * SCALE).astype(int)), "paid_at": paid, "paid_at__known": paid}
    )
    return History({"invoices": table})


def seen(history: History, test: str, as_of: str) -> list[tuple[Any, ...]]:
    rows = at(visible([history], date.fromisoformat(test))["invoices"], day(as_of))
    paid = rows["paid_at"].notna()
    return sorted(zip(rows["invoice_id"].astype(str), rows["amount"], paid, strict=True))


def test_a_fold_holds_only_what_its_test_date_sees(history: History) -> None:
    exported = visible([history], date(2025, 4, 1))["invoices"]
    assert sorted(exported["invoice_id"].astype(str)) == ["1", "1", "2"]
    assert exported["issued_at"].max() < day("2025-04-01")
    # Paid later, which the file must not tell: neither when, nor from when on it would be seen.
    assert exported["paid_at"].isna().all()
    assert exported[exported["visible_from"] > day("2025-04-01")].empty


def test_an_as_of_within_sees_the_rows_as_they_stood_then(history: History) -> None:
    assert seen(history, "2025-06-01", "2025-02-01") == [("1", 100.0, False)]
    assert seen(history, "2025-06-01", "2025-03-06") == [("1", 120.0, False), ("2", 50.0, False)]
    assert seen(history, "2025-06-01", "2025-06-01") == [("1", 120.0, True), ("2", 50.0, False), ("3", 70.0, False)]


def test_a_correction_known_later_is_not_told_by_the_row_it_corrects(history: History) -> None:
    exported = visible([history], date(2025, 2, 1))["invoices"]
    assert exported["visible_until"].tolist() == [day("2262-01-01")]


def test_what_is_exported_agrees_with_the_cut(history: History) -> None:
    for text in ("2025-01-10", "2025-01-11", "2025-02-10", "2025-03-05", "2025-04-06", "2025-05-11"):
        rows = history.upto(date.fromisoformat(text)).rows("invoices")
        assert rows is not None
        amounts = sorted(amount for _, amount, _ in seen(history, "2025-06-01", text))
        assert amounts == sorted(rows.columns["amount"] / SCALE)


FOLD = {
    "case": "online_retail",
    "target": "churn",
    "test": "2025-06-01",
    "train": ["2025-01-01"],
    "final": False,
    "categories": [],
    "visible": "",
    "settings": "s",
    "digest": "rows",
    "visible_digest": "raw",
}


def test_predictions_are_kept_by_what_they_depend_on() -> None:
    trees, raw, ours, timed = (BY_NAME[name] for name in ("lightgbm", "bgnbd", "model", "flaml"))
    assert key(trees, FOLD, None) == key(trees, dict(FOLD), None)
    assert key(trees, FOLD | {"digest": "other rows"}, None) != key(trees, FOLD, None)
    # The raw rows matter to those alone that read them, the settings to ours, the seconds to those that search.
    assert key(trees, FOLD | {"visible_digest": "other"}, None) == key(trees, FOLD, None)
    assert key(raw, FOLD | {"visible_digest": "other"}, None) != key(raw, FOLD, None)
    assert key(trees, FOLD | {"settings": "other"}, None) == key(trees, FOLD, None)
    assert key(ours, FOLD | {"settings": "other"}, None) != key(ours, FOLD, None)
    assert key(timed, FOLD, 200.0) != key(timed, FOLD, 600.0)
    assert len({key(each, FOLD, None) for each in CONTENDERS}) == len(CONTENDERS)


def test_seconds_are_shared_out_over_the_earlier_folds(tmp_path: Path) -> None:
    asked = Asked(tmp_path, quick=False, final=True, threads=2, automl_seconds=600)
    assert asked.seconds(BY_NAME["flaml"], 3) == 200
    assert asked.seconds(BY_NAME["lightgbm"], 3) is None


def fold_in(folder: Path, test: str = "2025-06-01") -> dict[str, Any]:
    """Write a fold of eight training rows and four test rows with one feature that tells the label."""
    folder.mkdir()
    plain = FOLD | {"test": test, "folder": str(folder)}
    for part, labels in (("train", [0, 1] * 4), ("test", [0, 1] * 2)):
        rows = pd.DataFrame({"account_id": [f"{part}{n}" for n in range(len(labels))], "as_of": day(test)})
        rows["value"], rows["label"] = 10.0, labels
        rows.drop(columns="label" if part == "test" else "value").to_parquet(folder / f"{part}_rows.parquet")
        pd.DataFrame({"x": [float(label) for label in labels]}).to_parquet(folder / f"{part}_features.parquet")
    (folder / "fold.json").write_text(json.dumps(plain))
    return plain


def test_a_contender_that_fails_is_recorded_and_the_next_fold_is_begun(tmp_path: Path) -> None:
    folds = [fold_in(tmp_path / name, test) for name, test in (("one", "2025-06-01"), ("two", "2025-07-01"))]

    def predict(fold: Fold) -> Predicted:
        if fold.plain["test"] == "2025-06-01":
            raise ValueError("not today")
        return Predicted([0.1, 0.2, 0.3, 0.4], rows=8, note="fine")

    asked = [{"folder": fold["folder"], "out": str(tmp_path / fold["test"])} for fold in folds]
    each_fold("v1", predict)({"folds": asked})
    first, second = (record_of(tmp_path / fold["test"]) for fold in folds)
    assert first is not None
    assert second is not None
    assert (first["status"], first["error"]) == ("failed", "ValueError: not today")
    assert (second["status"], second["rows"], second["version"]) == ("ok", 8, "v1")
    told = pd.read_parquet(tmp_path / "2025-07-01.parquet")
    assert told["expected_value"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert not (tmp_path / "2025-06-01.parquet").exists()


def test_a_run_fits_once_and_tries_failures_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a runner that says what it was asked to run, instead of running it."""
    fold = fold_in(tmp_path / "fold")
    asked = Asked(tmp_path, quick=True, final=False, threads=1, automl_seconds=1)
    runner, jobs = Runner(tmp_path / "work"), []

    def pretend(module: str, job: dict[str, Any], limit: float, needs: tuple[str, ...]) -> dict[str, Any]:
        jobs.append((module, [Path(each["out"]).name for each in job["folds"]], needs))
        if len(jobs) == 1:
            return {"status": "late", "limit": limit}
        each_fold("v1", lambda fold: Predicted([0.5] * 4, rows=8))(job)
        return {"status": "ok"}

    monkeypatch.setattr(runner, "run", pretend)
    contender = BY_NAME["flaml"]
    out = kept(contender, fold, asked, 1)
    running.run(contender, [fold], asked, runner)
    assert (record_of(out) or {})["status"] == "late"
    running.run(contender, [fold], asked, runner)
    assert (record_of(out) or {})["status"] == "ok"
    running.run(contender, [fold], asked, runner)
    assert jobs == [("contenders.flaml_tabular", [out.name], contender.needs)] * 2


def test_contenders_find_no_labels_of_test_rows(tmp_path: Path) -> None:
    fold = Fold.read(Path(fold_in(tmp_path / "fold")["folder"]), {"threads": 1})
    assert "label" not in fold.rows("test")
    assert "label" in fold.rows("train")


def test_a_contender_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    """From end to end: LightGBM, plainly, on eight rows."""
    fold = fold_in(tmp_path / "fold")
    asked = Asked(tmp_path, quick=True, final=False, threads=1, automl_seconds=1)
    contender = BY_NAME["lightgbm"]
    running.run(contender, [fold], asked, Runner(tmp_path / "work", package="quality"))
    record = record_of(kept(contender, fold, asked, 1))
    assert record is not None
    assert (record["status"], record["rows"]) == ("ok", 8), record
    assert len(pd.read_parquet(kept(contender, fold, asked, 1).with_suffix(".parquet"))) == 4

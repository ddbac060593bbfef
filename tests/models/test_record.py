from __future__ import annotations

from datetime import date

from models.record import Figure, Record

AUC = {"auc": {"value": 0.7, "low": 0.6, "high": None}}


def test_a_training_becomes_flat_names_and_numbers() -> None:
    record = Record(
        parameters={"rounds": 40, "learning_rate": 0.05},
        digests={"snapshot": "abc"},
        as_ofs=[date(2026, 2, 1), date(2026, 1, 1)],
        counts={"rows": 1000},
        labels={"target": "churn"},
        evaluation={
            "folds": [{"as_of": "2026-03-01", "n": 9, "positives": 3, "contenders": {"model": AUC}}],
            "final": {"as_of": "2026-04-01", "n": 9, "positives": 3, "contenders": {"model": AUC}},
            "pooled": {"n": 9, "positives": 3, "contenders": {"model": AUC}},
        },
    )
    assert record.texts() == {"rounds": "40", "learning_rate": "0.05", "as_ofs": "2026-01-01, 2026-02-01"}
    assert record.tags() == {"digest.snapshot": "abc", "target": "churn"}
    assert record.figures() == [
        Figure("count/rows", 1000.0, 0, 0),
        Figure("fold/model/auc", 0.7, 1772323200000, 20260301),
        Figure("fold/model/auc/low", 0.6, 1772323200000, 20260301),
        Figure("final/model/auc", 0.7, 1775001600000, 20260401),
        Figure("final/model/auc/low", 0.6, 1775001600000, 20260401),
        Figure("pooled/model/auc", 0.7, 0, 0),
        Figure("pooled/model/auc/low", 0.6, 0, 0),
    ]


def test_a_training_without_an_evaluation_is_recorded_too() -> None:
    record = Record(parameters={}, digests={}, as_ofs=[], counts={}, evaluation={"folds": [], "pooled": None})
    assert record.texts() == {"as_ofs": ""}
    assert record.figures() == []

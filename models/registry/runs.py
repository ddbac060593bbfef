"""What a training's run holds at MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.record import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient

NOTES = "training.json"
"""The artifact with the training's notes, as data."""

_BATCH = 900
"""A tracking server takes at most 1,000 metrics in one request."""


def log_record(client: MlflowClient, run_id: str, record: Record) -> None:
    """Log parameters, tags, metrics and the evaluation."""
    from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415

    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in record.texts().items()],
        tags=[RunTag(name, value) for name, value in record.tags().items()],
    )
    metrics = [Metric(*figure) for figure in record.figures()]
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
    if record.evaluation:
        client.log_dict(run_id, dict(record.evaluation), "backtest.json")
    if record.notes:
        client.log_dict(run_id, dict(record.notes), NOTES)

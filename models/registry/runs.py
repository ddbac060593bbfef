"""What a training's run holds at MLflow: parameters, tags, metrics, data sets, charts, a table of folds, notes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.promote import Decision
from models.record import DataNote, Figure, Record, ends

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

NOTES = "training.json"
"""The artifact with the training's notes, as data."""

FOLDS = "folds.json"

_BATCH = 900
"""A tracking server takes at most 1,000 metrics in one request."""

_DIGEST = 36
"""Characters of a data set's digest that MLflow takes."""


def run_tags(labels: Mapping[str, str], summary: str) -> dict[str, str]:
    """Return the tags a run is made with: `labels`, and what MLflow shows as its description and source."""
    version = labels.get("code_version", "")
    return {
        **labels,
        "mlflow.note.content": summary,
        "mlflow.source.name": f"keepgrow {version}".strip(),
        "mlflow.source.type": "LOCAL",
    }


def log_record(client: MlflowClient, run_id: str, record: Record, model_id: str) -> None:
    """Log everything but the model itself; the pooled metrics of its recipe are tied to the logged model too."""
    from mlflow.entities import LoggedModelOutput, Param, RunTag  # noqa: PLC0415

    table = [RunTag("mlflow.loggedArtifacts", json.dumps([{"path": FOLDS, "type": "table"}]))] if record.folds else []
    client.log_batch(run_id, params=[Param(name, value) for name, value in record.texts().items()], tags=table)
    own = f"pooled/{record.labels.get('recipe', 'model')}/"
    log_figures(client, run_id, [figure for figure in record.figures() if not figure.name.startswith(own)])
    log_figures(client, run_id, [figure for figure in record.figures() if figure.name.startswith(own)], model_id)
    if record.data:
        client.log_inputs(run_id, [_data_set(note) for note in record.data])
    client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
    texts = {f"plots/{name}": svg for name, svg in record.plots.items()}
    for name, content in (("backtest.json", record.evaluation), (NOTES, record.notes), (FOLDS, record.folds)):
        if content:
            texts[name] = as_json(content)
    log_texts(client, run_id, texts)


def log_figures(client: MlflowClient, run_id: str, figures: Sequence[Figure], model_id: str | None = None) -> None:
    """Log numbers as metrics, in as few requests as a server takes."""
    from mlflow.entities import Metric  # noqa: PLC0415

    metrics = [Metric(*figure, model_id=model_id) for figure in figures]
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


def log_decision(client: MlflowClient, run_id: str, decision: Decision) -> None:
    """Log a decision as tags `decision` and `decision_reason`, and its figures as metrics `decision/<name>`."""
    from mlflow.entities import RunTag  # noqa: PLC0415

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in decision_tags(decision).items()])
    log_figures(
        client, run_id, [one for name, figure in decision.figures.items() for one in ends(f"decision/{name}", figure)]
    )


def decision_tags(decision: Decision) -> dict[str, str]:
    return {"decision": decision.rule, "decision_serves": decision.serve, "decision_reason": decision.reason}


def log_texts(client: MlflowClient, run_id: str, texts: Mapping[str, str]) -> None:
    """Keep texts as artifacts, by path."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in texts.items():
            file = Path(scratch) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        client.log_artifacts(run_id, scratch)


def as_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, allow_nan=False)


def _data_set(note: DataNote) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415

    columns: Iterable[dict[str, Any]] = (
        {"type": kind, "name": name, "required": kind == "integer"} for name, kind in note.columns
    )
    return DatasetInput(
        Dataset(
            note.name,
            note.digest[:_DIGEST],
            "keepgrow",
            json.dumps(note.source),
            json.dumps({"mlflow_colspec": list(columns)}),
            json.dumps({"num_rows" if name == "rows" else name: count for name, count in note.profile.items()}),
        ),
        [InputTag("mlflow.data.context", note.context)],
    )

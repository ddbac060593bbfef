"""The model as MLflow loads it. This file and scorer.py travel with the model, so that no package of ours is needed.

MLflow runs the file by itself ("models from code"); keepgrow never imports it.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import mlflow.pyfunc
import pandas as pd


class CalibratedProbability(mlflow.pyfunc.PythonModel):
    """Features in, the calibrated probability of label 1 out."""

    def load_context(self, context: Any) -> None:
        """Check and load the model folder that was logged with this file."""
        digest = context.model_config["digest"]
        # A name of its own per model: two logged models may carry different versions of scorer.py.
        name = f"keepgrow_scorer_{digest[:16]}"
        spec = importlib.util.spec_from_file_location(name, context.artifacts["scorer"])
        if spec is None or spec.loader is None:
            raise ImportError(f"{context.artifacts['scorer']} cannot be imported")
        scorer = importlib.util.module_from_spec(spec)
        sys.modules[name] = scorer
        spec.loader.exec_module(scorer)
        self.scorer = scorer.Scorer.load(context.artifacts["model"], digest)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:  # noqa: ARG002
        """Return one probability per row of `model_input`, whose columns are the model's features by name."""
        return self.scorer.probability(self.scorer.encode(model_input[self.scorer.features]))


mlflow.models.set_model(CalibratedProbability())

"""Where trainings are recorded and models kept: the only package that talks to MLflow.

Per target an experiment and a registered model `keepgrow-<target>` (`[mlflow] prefix` changes its first part), whose
alias `champion` is the model that scores and `challenger` the latest one trained. A logged model is text and JSON
behind models-from-code: nothing is pickled.
"""

from models.registry.registry import Registry
from models.registry.versions import Alias, Champion, Version, model_name

__all__ = ["Alias", "Champion", "Registry", "Version", "model_name"]

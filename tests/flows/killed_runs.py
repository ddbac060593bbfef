"""Runs `keepgrow ARGS` for each line of standard input, [ARGS, variables], and answers with how it ended.

Each run has a process of its own, forked from this one, which has imported everything once: a start costs seconds.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

# Whatever a run would import by and by; none of it starts a thread of Python's.
for name in (
    "duckdb", "lightgbm", "openpyxl", "pyarrow.dataset", "sklearn.isotonic", "xlsxwriter", "mlflow.pyfunc",
    "mlflow.store.model_registry.sqlalchemy_store", "mlflow.store.tracking.sqlalchemy_store", "prefect.flow_engine",
    "prefect.task_engine", "flows.main_job", "flows.cli",
):  # fmt: skip
    import_module(name)


def run(arguments: list[str], variables: dict[str, str]) -> int:
    """Return the exit code of a run in a child, negative for the signal that killed it."""
    child = os.fork()
    if child == 0:
        os.environ.update(variables)
        os.dup2(2, 1)  # what it prints is not the answer
        sys.argv = ["keepgrow", *arguments]
        sys.modules["flows.cli"].main()
        sys.exit()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


for line in sys.stdin:
    sys.stdout.write(f"{run(*json.loads(line))}\n")
    sys.stdout.flush()

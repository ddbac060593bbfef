"""Other ways to compute the task's features, each a program: `python -m engine.contenders.NAME JOB`."""

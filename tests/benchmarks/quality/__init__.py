"""keepgrow's predictions beside its peers': `make bench-quality`, or `python -m quality --help` from the folder above.

A case (a firm's tables, targets and test dates) is exported fold by fold as Parquet; every contender, in a process and
where needed in an environment of its own, learns from a fold's training rows and predicts its test rows; all are
judged on the same rows. `QUALITY.md` beside this folder is written from what was found.

This module itself imports the standard library alone: contenders run in environments without ours.
"""

"""Benchmarks of the feature engine: `make bench`, or `python -m engine --help` with this folder's parent on the path.

Every measurement runs in a process of its own under a time limit, on made-up interactions that the command generates.
Results are kept as JSON in a work folder; `RESULTS.md` beside this folder is written from them.

This package itself imports the standard library alone: contenders run in environments of their own.
"""

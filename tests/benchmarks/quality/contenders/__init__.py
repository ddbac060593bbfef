"""One contender a file, each run as `python -m quality.contenders.NAME JOB.json`; see `quality.fold`."""

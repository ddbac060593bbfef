# Everything a fresh machine needs is git, make and Python 3.11 to 3.13; uv is fetched into .tools when it is missing.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)

.PHONY: demo test check bench bench-quality lock clean

demo: | $(UV)  ## the whole job on a synthetic company
	$(UV) sync --quiet --locked --no-dev --inexact
	$(UV) run --no-sync keepgrow demo

test: | $(UV)  ## every test
	$(UV) sync --quiet --locked
	$(UV) run --no-sync pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: | $(UV)  ## lock, format, lint, types, import layers
	$(UV) lock --check
	$(UV) sync --quiet --locked
	$(UV) run --no-sync ruff format --check .
	$(UV) run --no-sync ruff check .
	$(UV) run --no-sync pyrefly check
	$(UV) run --no-sync lint-imports

bench: | $(UV)  ## what the feature engine takes, against the limit and other ways: tests/benchmarks/RESULTS.md
	$(UV) sync --quiet --locked
	PYTHONPATH=tests/benchmarks $(UV) run --no-sync python -m engine $(OPTIONS)

bench-quality: | $(UV)  ## how good the predictions are, beside peers': tests/benchmarks/QUALITY.md
	$(UV) sync --quiet --locked
	UV=$(abspath $(UV)) PYTHONPATH=tests/benchmarks $(UV) run --no-sync python -m quality $(OPTIONS)

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv

clean:  ## what the demo and the tests leave behind
	rm -rf keepgrow-demo .keepgrow .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Each command makes the environment it needs in .venv.
PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: quickstart test test-slow lint bench zoo-table health-bench chaos bazel clean

quickstart: .venv/run.stamp
	$(RUN) -m keras_gan.data.fetch --dataset=fashion_mnist
	$(RUN) main.py --flagfile=configs/quickstart.flags

test: .venv/dev.stamp
	$(RUN) -m pytest

test-slow: .venv/dev.stamp
	$(RUN) -m pytest -m slow

lint: .venv/dev.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

bench: .venv/dev.stamp
	.venv/bin/pip install --quiet torch==2.13.0
	$(RUN) -m benchmarks.bench

zoo-table: .venv/dev.stamp
	$(RUN) -m benchmarks.zoo_table

health-bench: .venv/dev.stamp
	$(RUN) -m benchmarks.health_bench

chaos: .venv/dev.stamp
	$(RUN) -m benchmarks.chaos

bazel: .venv/dev.stamp
	tools/bazel.sh

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/pip
	.venv/bin/pip install --quiet -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	.venv/bin/pip install --quiet -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv .pytest_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

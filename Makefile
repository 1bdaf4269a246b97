# Everything here runs in $(VENV), which is made on first use from the pinned requirements.
VENV ?= .venv
JOBS ?= 2
SEED ?= 0
PYTHON := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.run
DEV_STAMP := $(VENV)/.dev
BENCH_STAMP := $(VENV)/.bench

# Other installations and settings must not matter.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help quickstart test fuzz test-slow lint format bench zoo-table health-bench chaos build-files \
	flags-page bazel clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

$(RUN_STAMP): requirements.txt tools/environment.sh
	@sh tools/environment.sh $(VENV) requirements.txt
	@touch $@

# Holds requirements.txt too, so that one installation serves both.
$(DEV_STAMP): requirements-dev.txt requirements.txt tools/environment.sh
	@sh tools/environment.sh $(VENV) requirements-dev.txt
	@touch $(RUN_STAMP) $@

$(BENCH_STAMP): requirements-bench.txt $(DEV_STAMP)
	@sh tools/environment.sh $(VENV) requirements-bench.txt
	@touch $(RUN_STAMP) $(DEV_STAMP) $@

quickstart: $(RUN_STAMP)  ## a DCGAN on Fashion-MNIST: environment, data, training, scores, export
	@$(PYTHON) -m keras_gan.data.fetch --dataset=fashion_mnist
	@$(PYTHON) main.py --flagfile=configs/quickstart.flags $(ARGS)

test: $(DEV_STAMP)  ## the default tests
	-@$(PYTHON) -m keras_gan.data.fetch --dataset=fashion_mnist
	@$(PYTHON) -m pytest -n $(JOBS) $(ARGS)

fuzz: $(DEV_STAMP)  ## 2,000 random command lines, files and arguments; SEED=1 for others
	@KERAS_GAN_FUZZ=2000 KERAS_GAN_FUZZ_SEED=$(SEED) $(PYTHON) -m pytest -q \
		tests/behaviour/test_fuzz.py tests/behaviour/test_fuzz_python.py $(ARGS)

test-slow: $(DEV_STAMP)  ## the slow tests only
	-@$(PYTHON) -m keras_gan.data.fetch --dataset=fashion_mnist
	@$(PYTHON) -m pytest -m slow $(ARGS)

lint: $(DEV_STAMP)  ## ruff's checks and format
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

format: $(DEV_STAMP)  ## ruff's fixes and format
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

bench: $(BENCH_STAMP)  ## speed, compared with the same network in PyTorch
	@$(PYTHON) -m benchmarks.bench $(ARGS)

zoo-table: $(DEV_STAMP)  ## the zoo: samples, scores, time
	@$(PYTHON) -m benchmarks.zoo_table $(ARGS)

health-bench: $(DEV_STAMP)  ## how early and how reliably the monitor detects failures
	@$(PYTHON) -m benchmarks.health_bench $(ARGS)

chaos: $(DEV_STAMP)  ## kills runs at random times and compares the resumed ones
	@$(PYTHON) -m benchmarks.chaos $(ARGS)

build-files: $(DEV_STAMP)  ## writes the BUILD files from the imports
	@$(PYTHON) tools/build_files.py --write

flags-page: $(DEV_STAMP)  ## writes docs/flags.md from the settings
	@$(PYTHON) -m tools.flags_page --write

bazel: $(DEV_STAMP)  ## queries, builds and tests with Debian's Bazel
	@sh tools/bazel.sh $(VENV)

clean:  ## removes the environment and all build output; keeps runs/
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

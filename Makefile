# Everything here runs in $(VENV), which is made on first use from the pinned requirements.
VENV ?= .venv
JOBS ?= 2
SEED ?= 0
PYTHON := $(VENV)/bin/python
# GPU=1: the environment of `make quickstart` gets CUDA's libraries.
RUN_PINS := $(if $(GPU),requirements-gpu.txt,requirements.txt)
RUN_STAMP := $(VENV)/.run$(if $(GPU),-gpu)
DEV_STAMP := $(VENV)/.dev
BENCH_STAMP := $(VENV)/.bench

# Other installations and settings must not matter.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export TF_CPP_MIN_LOG_LEVEL ?= 2
export NO_MKDOCS_2_WARNING ?= 1

.DEFAULT_GOAL := help
.PHONY: help quickstart test fuzz test-slow lint format docs notebooks bench memory gpu-check \
	race zoo study-images health-bench chaos build-files flags-page bazel clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

$(RUN_STAMP): $(RUN_PINS) tools/environment.sh
	@sh tools/environment.sh $(VENV) $(RUN_PINS)
	@touch $@

# Holds requirements.txt too, so that one installation serves both.
$(DEV_STAMP): requirements-dev.txt requirements.txt tools/environment.sh
	@sh tools/environment.sh $(VENV) requirements-dev.txt
	@touch $(VENV)/.run $@

$(BENCH_STAMP): requirements-bench.txt $(DEV_STAMP)
	@sh tools/environment.sh $(VENV) requirements-bench.txt
	@touch $(VENV)/.run $(DEV_STAMP) $@

quickstart: $(RUN_STAMP)  ## a DCGAN on Fashion-MNIST, with its environment; GPU=1: with CUDA
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

lint: $(DEV_STAMP)  ## ruff's checks and format, mypy's of the public modules
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

format: $(DEV_STAMP)  ## ruff's fixes and format
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

docs: $(DEV_STAMP)  ## the site, in site/: guides, notebooks, reference
	@$(PYTHON) -m mkdocs build --strict $(ARGS)

notebooks: $(DEV_STAMP)  ## executes the notebooks and stores their outputs
	@$(PYTHON) -m tools.notebooks --write $(ARGS)

bench: $(BENCH_STAMP)  ## speed, compared with the same network in PyTorch
	@$(PYTHON) -m benchmarks.bench $(ARGS)

memory: $(DEV_STAMP)  ## expected memory beside measured memory, of every model
	@$(PYTHON) -m benchmarks.memory $(ARGS)

gpu-check: $(RUN_STAMP)  ## what a GPU changes, as a report; GPU=1 for the environment with CUDA
	@$(PYTHON) -m benchmarks.gpu_check $(ARGS)

race: $(BENCH_STAMP)  ## FD against seconds: ours, plain Keras, PyTorch. Some hours; continues
	@$(PYTHON) -m benchmarks.race $(ARGS)

zoo: $(DEV_STAMP)  ## trains the zoo by its recipes: samples, scores, time. Some hours; continues
	@$(PYTHON) -m benchmarks.zoo $(ARGS)

study-images: $(DEV_STAMP)  ## does a tip help on images? Some hours; continues where it stopped
	@$(PYTHON) main.py --flagfile=configs/studies/tips_fashion_mnist.flags --jobs=2 $(ARGS)

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
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# `make demo` and `make test` are all a newcomer needs. Works with GNU make 3.81, which macOS has.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench
TRACKIO := .venv-bench-trackio
VIEWERS := .venv-bench-viewers

.PHONY: help demo test soak test-servers check bench screenshots pictures format hooks clean

help:
	@echo "make demo    train a classifier on real images, log its predictions, compare them"
	@echo "make test    run the tests"
	@echo "make soak    the long form of the tests of faults: hours; SOAK=0.1 a tenth of it"
	@echo "make test-servers  install what tests start: servers, Chromium, what the page is built with"
	@echo "make check   format, lint, types, import contracts: what CI and the hook run"
	@echo "make bench   measure beside the peers (installs them, in $(BENCH))"
	@echo "make screenshots  picture each page and state of the viewer, in screenshots/; ONLY='table merged' some"
	@echo "make pictures  take the pictures of the guide in docs/ again"
	@echo "make format  let ruff format and mend what it can"
	@echo "make hooks   run make check before each commit"
	@echo "make clean   remove what these commands made"

# Each environment is made once, and again only when pyproject.toml changes.
$(VENV)/core.stamp: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "wbtable needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/core.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The peers bring a hundred packages, pinned so that figures can be compared: they get an environment of their own.
$(BENCH)/bench.stamp: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt --editable .
	@touch $@

demo: $(VENV)/core.stamp
	$(BIN)/python -m examples.demo

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal --quiet

# What the tests of faults sample, in full: every crash point, a million fuzzed inputs, 200 killed processes.
SOAK ?= 1
soak: $(VENV)/dev.stamp
	WBTABLE_SOAK=$(SOAK) $(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal --verbose tests/faults tests/stateful tests/remote/test_contention.py tests/remote/test_interrupt.py

test-servers:
	tests/servers/install

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/architecture tests/conformance

# It wants another huggingface-hub than the others do.
$(TRACKIO)/bench.stamp: benchmarks/requirements-trackio.txt
	$(PYTHON) -m venv $(TRACKIO)
	$(TRACKIO)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements-trackio.txt
	@touch $@

# Two servers with a hundred packages between them, of which only their programs are run.
$(VIEWERS)/bench.stamp: benchmarks/requirements-viewers.txt
	$(PYTHON) -m venv $(VIEWERS)
	$(VIEWERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements-viewers.txt
	@touch $@

bench: $(BENCH)/bench.stamp $(TRACKIO)/bench.stamp $(VIEWERS)/bench.stamp
	$(BENCH)/bin/python -m benchmarks

# Needs Chromium, as the tests of the page do.
screenshots: $(VENV)/dev.stamp
	$(BIN)/python -m tools.screenshots $(ONLY)

pictures: $(VENV)/dev.stamp
	$(BIN)/python -m tools.screenshots --guide

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

hooks: $(VENV)/dev.stamp
	$(BIN)/pre-commit install

clean:
	rm -rf $(VENV) $(BENCH) $(TRACKIO) $(VIEWERS) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

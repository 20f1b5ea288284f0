# The targets that people and CI call alike. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test test-ci test-long check format bench bench-smoke docs clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

install: $(STAMP)  ## create .venv and install everything, pinned by constraints.txt

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install  ## import a demo estate, preview a change, print the blast radius
	$(BIN)/cmdb demo

test: install  ## tests that need no server but the embedded engine (under 10 minutes)
	$(BIN)/python -m pytest -n 2 -q -m 'not server and not kill and not load'

test-ci: install  ## what make test leaves out: servers, kills, load, fuzzers, in reduced counts
	CMDB_TEST_SIZE=ci $(BIN)/python -m pytest -q -m 'server or kill or load or fuzz'

test-long: install  ## the full numbers: 50 kills, 10 server kills, long load and fuzzing, large oracles
	CMDB_TEST_SIZE=long $(BIN)/python -m pytest -q

check: install  ## ruff, mypy, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install  ## format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-smoke: install  ## every benchmark once, small, to prove that it runs and its answers are right
	CMDB_BENCH_SIZE=smoke $(BIN)/python -m tests.benchmark

bench: install  ## the benchmarks in full size; writes docs/benchmarks.md
	CMDB_BENCH_SIZE=full $(BIN)/python -m tests.benchmark --write docs/benchmarks.md

docs: install  ## regenerate the reference pages
	$(BIN)/python -m cmdb.model.reference docs/reference/classes.md
	$(BIN)/python -m cmdb.cli.reference docs/reference/json.md
	$(BIN)/python -m cmdb_graphql.contract graphql/schema.graphql

clean:  ## remove what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis

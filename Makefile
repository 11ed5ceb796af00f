# Each target works as the first command ever typed on a fresh clone: it sets up .venv from pinned versions.

PYTHON := $(shell for python in python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
REPLICATES ?= 8

# Versions come from constraints.txt, those of the build backend too (pip 25.3 and newer read the second).
PIP_INSTALL = PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test check docs schema gallery golden bench clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

run: .venv/for-running  ## run the baseline scenario: tables and figures in outputs/baseline
	$(BIN)/aimarkets run baseline --replicates $(REPLICATES) --workers 2 --out outputs/baseline --force

test: .venv/for-testing  ## run all tests
	$(BIN)/python -m pytest -n auto

check: .venv/for-testing  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: .venv/for-running  ## write the scenario schema and the reference of parameters and outputs into docs/
	$(BIN)/aimarkets schema --docs docs

schema: docs

gallery: .venv/for-running  ## draw every figure anew for docs/gallery.md
	$(BIN)/python docs/make_gallery.py $(REPLICATES)

golden: .venv/for-running  ## write the baseline's golden numbers anew; say why in CHANGELOG.md
	$(BIN)/python tests/golden/make.py

bench: .venv/for-benching  ## speed against its targets (docs/performance.md), sweeps against other harnesses, patterns of docs/odd.md
	$(BIN)/python benchmarks/performance.py
	$(BIN)/python benchmarks/prices.py
	$(BIN)/python benchmarks/sweep.py baseline 100 1
	$(BIN)/python benchmarks/patterns.py 8

clean:  ## remove the environment and caches; results in outputs/ stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find sim tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none is on the path" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/for-running: .venv/bin/python pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable .
	@touch $@

.venv/for-testing: .venv/for-running
	$(PIP_INSTALL) --editable '.[test]'
	@touch $@

.venv/for-benching: .venv/for-testing
	$(PIP_INSTALL) --editable '.[test,bench]'
	@touch $@

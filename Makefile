# Two commands do it all: `make demo` and `make test`. Each sets up what it needs in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help setup demo up test check bench lock clean

help:  ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (once, some minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index -e .
	@$(BIN)/python -m compileall -q cli flows headgate page schemas stack tasks
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Adding what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.run  ## Set up what runs need in .venv

demo: $(VENV)/.run  ## Process sample files on an embedded S3 and Prefect server, then stop
	@$(BIN)/python -m stack.demo

up: $(VENV)/.run  ## The same stack, running until Ctrl-C
	@$(BIN)/python -m stack.up

test: $(VENV)/.dev  ## Run the tests
	@$(BIN)/python -m pytest

check: $(VENV)/.dev  ## Lint, format and type checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.dev  ## Measure: against peers side by side, latency, a burst, a backlog
	@$(BIN)/python -m bench --curve
	@$(BIN)/python -m bench.latency
	@$(BIN)/python -m bench.burst
	@$(BIN)/python -m bench.backlog

lock: $(VENV)/.dev  ## Refresh both lock files
	$(BIN)/python tools/lock.py --upgrade

clean:  ## Remove the environment and local data
	rm -rf $(VENV) .headgate .pytest_cache .mypy_cache .ruff_cache .hypothesis

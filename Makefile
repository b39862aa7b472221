# make run — everything, embedded · make test — the suite · make check — format, types, architecture, guards
# make exhaustive — the whole of what the suite asks a part of
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
LOCK := requirements.lock
READY := $(VENV)/.ready
# Many processes start here many times: none of them is to compile again what the one before compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run demo demos test exhaustive check proof types guards directions style format bench lock openapi clean

help:
	@echo "make run | demo | demos | test | exhaustive | check | format | bench | lock | openapi | clean"

setup: $(READY)

# uv itself comes from the same lock, by hash, so nothing unpinned ever runs.
$(READY): $(LOCK) pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "hoso needs Python 3.11 or later: '$(PYTHON)' was not found"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "hoso needs Python 3.11 or later; $$($(PYTHON) --version) was found"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "hoso needs Python's venv module (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/{p=1} /^[a-z]/&&!/^uv==/{p=0} p&&!/^ *#/' $(LOCK) | sed '$$s/ *\\$$//' > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.txt
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $(LOCK)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)

run: setup
	@exec $(BIN)/hoso run

demo: setup
	@exec $(BIN)/hoso demo

test: setup
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not demos and not exhaustive" tests --ignore=tests/bench

# One process: some of these want both cores for themselves.
exhaustive: setup
	$(BIN)/python -m pytest -q -m exhaustive tests --ignore=tests/bench

demos: setup
	$(BIN)/python -m pytest -q -m demos tests/whole

# Two at a time, the longest first.
check: setup
	@$(MAKE) --no-print-directory -j 2 proof types guards directions style

proof:
	$(BIN)/hoso law check
	$(BIN)/hoso law coverage --prove

types:
	$(BIN)/mypy

guards:
	$(BIN)/python -m pytest -q tests/guards

directions:
	$(BIN)/lint-imports --no-cache

style:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m tests.bench

openapi: setup
	$(BIN)/hoso openapi > api/openapi.json

lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-emit-find-links --group development pyproject.toml -o $(LOCK)

clean:
	rm -rf $(VENV) .data .mypy_cache .ruff_cache .hypothesis

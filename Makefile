# Every target sets itself up: a fresh machine needs Python 3.11, make and a package index.
PYTHON ?= python3.11
ifeq (,$(shell command -v $(PYTHON) 2>/dev/null))
PYTHON := python3
endif
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
DEMO ?= demo
JOBS ?= 2

.PHONY: setup demo test lint bench ladder lock clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "revenuer needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP)
	rm -rf $(DEMO)
	$(BIN)/revenuer simulate demo --out $(DEMO)/traffic --seed 7
	$(BIN)/revenuer scan $(DEMO)/traffic --out $(DEMO)/findings || test $$? -eq 1
	$(BIN)/revenuer evaluate $(DEMO)/findings --truth $(DEMO)/traffic/truth
	@echo "The report: $(DEMO)/findings/report.html"

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell src tests docs benchmarks README.md CHANGELOG.md

bench: $(STAMP)
	$(BIN)/python benchmarks/scale.py

ladder: $(STAMP)
	$(BIN)/python benchmarks/ladder.py

lock:
	uv pip compile pyproject.toml --group dev --python-version 3.11 --generate-hashes --quiet -o requirements.lock

clean:
	rm -rf $(VENV) $(DEMO) dist build

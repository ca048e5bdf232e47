# Two commands: `make demo` shows Prewatt with an estate of 676 meters, `make test` tests it.
# PYTHON names another Python >= 3.11; ARGS are handed on: make demo ARGS="--port 9000 --speed 12"

PYTHON ?= $(shell for one in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done)
BIN := .venv/bin
ARGS ?=
# Tests wait for wires and processes half of their time: one more of them than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# Each role is a process of its own. Without bytecode kept beside the code, every start compiles all of it again: 2 s.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test check format bench faults front install install-dev wheel lock clean

help:
	@echo "make demo    an estate of 676 meters on this machine, at http://127.0.0.1:8000"
	@echo "make up      everything against your own gateways"
	@echo "make test    all tests          make check   format, lint, contracts, types, templates, migrations"
	@echo "make bench   the figures        make faults  the list of faults, in full"
	@echo "make wheel   dist/*.whl         make lock    pin newer packages   make format   format the code"

install:
	@test -n "$(PYTHON)" || { echo "Prewatt needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) tools/install.py run

install-dev:
	@test -n "$(PYTHON)" || { echo "Prewatt needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) tools/install.py dev

demo: install
	@exec $(BIN)/prewatt demo $(ARGS)

up: install
	@exec $(BIN)/prewatt up $(ARGS)

test: install-dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -rs $(ARGS)

check: install-dev
	@$(BIN)/python tools/check.py

format: install-dev
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
	@find src -path '*/templates/*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2

bench: install-dev
	@$(BIN)/python -m bench $(ARGS)

faults: install-dev
	@$(BIN)/python -m pytest -m faults --faults full -n $(WORKERS) --dist loadfile $(ARGS)

front:
	@$(PYTHON) tools/install.py front

wheel: install-dev
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python

lock: install-dev
	@$(BIN)/python tools/lock.py $(BIN)/uv

clean:
	@rm -rf .venv frontend/node_modules src/prewatt/static/dist dist build
	@find src tests tools bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

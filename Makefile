# What a fresh machine needs: `make demo` and `make test`. Everything lands in .venv and in a cache outside the repository.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
# Compiled once, not at every start: tests start hundreds of processes, and pytest would rewrite every assert anew.
export PYTHONDONTWRITEBYTECODE :=
LOCK := $(wildcard requirements.lock)

.PHONY: demo test unit check bench-guard bench-watch bench-continuous bench-leaks bench-tell bench-page bench-inside bench-recover fuzz world-down clean
.DEFAULT_GOAL := test

demo: $(READY)
	@$(VENV)/bin/python -m tests.world prepare demo
	@$(VENV)/bin/outlive demo

test: $(READY)
	@$(VENV)/bin/python -m tests.world prepare
	@$(VENV)/bin/pytest -n 3 --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

# What needs no server and no wait: seconds.
unit: $(READY)
	@$(VENV)/bin/pytest -q -n 2 --hypothesis-profile=quick -m "not docker and not s3 and not postgres and not slow" $(PYTEST_ARGS)

check: $(READY)
	@echo "ruff check" && $(VENV)/bin/ruff check .
	@echo "ruff format --check" && $(VENV)/bin/ruff format --check .
	@echo "mypy --strict src" && $(VENV)/bin/mypy --strict src
	@echo "lint-imports" && $(VENV)/bin/lint-imports

bench-guard: $(READY)
	@$(VENV)/bin/python -m bench.guard

bench-watch: $(READY)
	@$(VENV)/bin/python -m bench.watch

bench-continuous: $(READY)
	@$(VENV)/bin/python -m bench.continuous

bench-leaks: $(READY)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(if $(LOCK),-c $(LOCK)) detect-secrets
	@$(VENV)/bin/python -m bench.leaks

bench-tell: $(READY)
	@$(VENV)/bin/python -m bench.tell

bench-page: $(READY)
	@$(VENV)/bin/python -m bench.page

bench-inside: $(READY)
	@$(VENV)/bin/python -m bench.inside

bench-recover: $(READY)
	@$(VENV)/bin/python -m bench.recover

# Each parser for so many seconds; what breaks one is left in fuzz/found. The fuzzer has wheels for CPython on Linux.
FUZZ_SECONDS ?= 120
fuzz: $(READY)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(if $(LOCK),-c $(LOCK)) 'atheris>=3,<4'
	@$(VENV)/bin/python -m fuzz $(FUZZ_SECONDS)

# Ends what the tests may have left running (a Docker engine they started, servers of a killed session).
world-down: $(READY)
	@$(VENV)/bin/python -m tests.world down

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is touched last: a venv that was cut off halfway is made anew.
$(READY): pyproject.toml $(LOCK)
	@echo "making $(VENV) (first time: about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --quiet --disable-pip-version-check $(if $(LOCK),-c $(LOCK)) -e '.[dev]'
	@touch $@

# The chores of this project. `make quickstart` and `make test` work on a bare
# machine that has Python 3.11 or newer with its venv module, and make.

# The first interpreter that is new enough; PYTHON=/path/to/python3 chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v "$$python"; break; }; done)
VENV ?= .venv
# How many tests run at once, each with a PostgreSQL of its own: most wait most of their time.
TESTS_AT_ONCE ?= 5
IN_PARALLEL = -n $(TESTS_AT_ONCE) --dist loadfile
# What takes as long as in the field has a target of its own.
AT_ONCE = $(IN_PARALLEL) -m "not minutes"
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# What these would mean to another Python must not leak into ours.
unexport PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX
export PIP_USER := 0

.PHONY: help quickstart test test-minutes test-browser test-floor hostile evening cluster-test check format bench bench-peer deb boot-test clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

quickstart: $(VENV)/.quickstart  ## a running booth in one command; QUICKSTART_ARGS="--port 8080"
	$(BIN)/photoboothctl quickstart $(QUICKSTART_ARGS)

test: $(VENV)/.dev  ## the test suite; PYTEST_ARGS="-k ingest", TESTS_AT_ONCE=0 for one by one
	$(BIN)/python -m pytest $(AT_ONCE) $(PYTEST_ARGS)

test-minutes: $(VENV)/.dev  ## what `make test` leaves out: hosts that stand still or are upgraded, machines set up as printed
	$(BIN)/python -m pytest -m minutes $(IN_PARALLEL) $(PYTEST_ARGS)

# Unlike those, browsers compute all the time.
test-browser: TESTS_AT_ONCE = 3
test-browser: $(VENV)/.browser  ## the admin UI in Chromium (apt install chromium-headless-shell); PYTEST_ARGS="-k board"
	$(BIN)/python -m pytest tests/ui -m browser $(IN_PARALLEL) $(PYTEST_ARGS)

hostile: $(VENV)/.dev  ## a stranger's attacks on a started daemon, and how long photos take meanwhile
	$(BIN)/python -m pytest tests/hostile --hostile -s -q $(PYTEST_ARGS)

test-floor: .venv-floor/.dev  ## the same on the libraries of this Debian, which are the oldest we support
	.venv-floor/bin/python -m pytest $(AT_ONCE) $(PYTEST_ARGS)

check: $(VENV)/.dev  ## style, types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

evening: $(VENV)/.dev  ## a whole evening from the plan to the purge, into evening/; EVENING_ARGS="--photos 60"
	$(BIN)/python -m tests.evening $(EVENING_ARGS)

cluster-test: $(VENV)/.dev  ## hosts behind HAProxy, while one thing after the other fails; CLUSTER_ARGS="--seconds 90"
	$(BIN)/python -m tests.cluster $(CLUSTER_ARGS)

format: $(VENV)/.dev  ## put the code into the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## the figures of docs/figures.md; BENCH_ARGS="--help"
	$(BIN)/python -m bench $(BENCH_ARGS)

bench-peer: $(VENV)/.peer  ## the daemon beside services that take the same form; BENCH_ARGS="--rounds 5"
	$(BIN)/python -m bench.peer $(BENCH_ARGS)

deb:  ## the Debian package, into dist/
	packaging/build-deb

boot-test: deb  ## the package in a booted Debian; ENGINE=nspawn or qemu, SUITE=bookworm or trixie
	tests/boot/run

clean:  ## everything that the commands above made
	rm -rf $(VENV) .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

# The environment is made anew when its interpreter is gone, or when the checkout
# has moved: what is installed in it names both by their paths.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat $(VENV)/.python 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.python
endif

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install python3 and its venv module (Debian: apt install python3-venv)." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' || { echo "$(PYTHON) lacks its venv module (Debian: apt install python3-venv)." >&2; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	@echo "$(CURDIR)" > $@

$(VENV)/.quickstart: $(VENV)/.python setup.py pyproject.toml
	$(PIP) --editable '.[quickstart]'
	touch $@

$(VENV)/.dev: $(VENV)/.python setup.py pyproject.toml
	$(PIP) --editable '.[dev,quickstart]'
	touch $@

$(VENV)/.browser: $(VENV)/.dev
	$(PIP) --editable '.[dev,quickstart,browser]'
	touch $@

$(VENV)/.peer: $(VENV)/.dev
	$(PIP) --editable '.[dev,quickstart,peer]'
	touch $@

.venv-floor/.dev: setup.py pyproject.toml debian/control
	/usr/bin/python3 -m venv --clear --system-site-packages .venv-floor
	.venv-floor/bin/python -m pip --disable-pip-version-check install --quiet \
		--no-index --no-deps --no-build-isolation --editable .
	touch $@

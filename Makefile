# Two commands: `make demo` and `make test`. Both set everything up first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test check setup setup-dev servers format lock clean

demo: setup
	@$(BIN)/nurture demo $(ARGS)

test: setup-dev servers
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev
	$(BIN)/ruff format --check nurture tests
	$(BIN)/ruff check nurture tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate -q nurture tests

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

# Debian ships venv apart from python3; root may fetch it, others are told.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nurture needs Python 3.11 or later"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv; \
	  else echo "Python's venv module is missing; as root: apt-get install python3-venv"; exit 1; fi; }
	@echo "Setting up a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# One dependency comes as source only. pip would fetch what builds it anew and without a hash, so that is locked and
# installed first, as wheels, and pip may fetch nothing more (no build isolation).
PIP_INSTALL := $(BIN)/pip install -qq --disable-pip-version-check --no-build-isolation --use-pep517
$(VENV)/.runtime: $(BIN)/python requirements-build.lock requirements.lock pyproject.toml
	@echo "Installing locked versions ..."
	@$(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements-build.lock
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what the tests need ..."
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# Servers for the tests: installed when root, else the tests that need them say that they were skipped.
# Postfix is asked for no configuration of its own: nothing listens, the tests start one beside it.
# Chromium is driven by the tests of the desk; fonts, so that Japanese pages are measured as people see them.
SERVERS := dovecot-imapd postfix postgresql chromium-headless-shell fonts-noto-cjk
servers:
	@if [ ! -x /usr/sbin/dovecot ] || [ ! -x /usr/sbin/postconf ] || [ -z "$$(command -v chromium-headless-shell)" ] || \
	  [ -z "$$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing $(SERVERS) for the tests ..."; \
	    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVERS) >/dev/null; \
	  else echo "NOTE: one of $(SERVERS) is not installed: the tests that need it will be skipped, and say so"; fi; fi

format:
	$(BIN)/ruff format nurture tests
	$(BIN)/ruff check --fix nurture tests

# Needs uv; the lock files name no index host.
LOCKING := --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --no-annotate
lock:
	uv pip compile $(LOCKING) --group build -o requirements-build.lock
	uv pip compile pyproject.toml $(LOCKING) --extra demo -c requirements-build.lock -o requirements.lock
	uv pip compile pyproject.toml $(LOCKING) --extra demo --group dev -c requirements-build.lock -c requirements.lock \
	  -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

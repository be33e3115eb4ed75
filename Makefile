# make demo    start everything, rehearse the four processes on the sample data to published awards, keep serving
# make run     start an empty live instance
# make test    all tests, with coverage          make check   lint, types, import layers, process files
# make bench   benchmarks, with what each figure is compared with
# make setup   only install                      make lock    resolve the dependencies anew
#
# Needs python3 >= 3.11 with venv, and make. Everything else is installed into .venv from the hash-pinned lock files.
# PORT=8000 and DATA=data say where the pages answer and where everything is kept; QUICK=1 leaves out the long benchmark.

PORT ?= 8000
DATA ?= data
VENV := .venv
BIN  := $(VENV)/bin

# The newest of the tried versions that this machine has; `make PYTHON=/path/to/python3` overrides it.
PYTHON ?= $(shell for one in python3.13 python3.12 python3.11 python3; do \
	$$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$one; break; }; done)

INSTALLED := $(VENV)/.installed
TESTABLE  := $(VENV)/.testable

.PHONY: demo run setup test check bench lock browser
.DEFAULT_GOAL := demo

demo: $(INSTALLED)
	$(BIN)/jinbang up --demo --port $(PORT) --data $(DATA)

run: $(INSTALLED)
	$(BIN)/jinbang up --port $(PORT) --data $(DATA)

setup: $(INSTALLED)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Jinbang needs Python 3.11 or newer, and this machine has none that is called python3." \
		"Install it (Debian 12 and later: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv </dev/null; } \
		|| { echo "$(PYTHON) cannot make virtual environments. Install its venv package (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(TESTABLE): requirements-dev.lock $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

check: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/jinbang validate

# The ordinary loop, traced for coverage; the part of it that has a database, once more on PostgreSQL; kills and cuts in real processes, on
# both; walks through everything; a browser, which has an event loop of its own. What a walk or a browser shows does not depend on the database.
# Without Chromium the browser's part is left out, and said so; in CI that is a failure.
test: export JINBANG_TEST_DATABASES = sqlite
test: export PYTHONDONTWRITEBYTECODE =
test: $(TESTABLE) browser
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal
	JINBANG_TEST_DATABASES=postgresql $(BIN)/pytest -n 2 --dist worksteal \
		-k "postgresql and not (test_material or test_served_logs)"  # files and logs, which no database changes
	JINBANG_TEST_DATABASES=sqlite,postgresql $(BIN)/pytest -n 3 --dist worksteal -m faults  # they wait more than they work
	$(BIN)/pytest -n 2 --dist worksteal -m slow  # not with those: threads of Prefect's clients use the dice that Hypothesis watches
	@command -v chromium >/dev/null || exit 0; echo "$(BIN)/pytest -n 2 --dist worksteal -m browser tests/browser"; \
	$(BIN)/pytest -n 2 --dist worksteal -m browser tests/browser || { test $$? -eq 5 && echo "no test is marked browser"; }
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=85
	$(BIN)/coverage report --fail-under=95 --include='rules/*'

browser:
	@if command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q .; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing Chromium and Chinese fonts for the browser tests"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fonts-noto-cjk fontconfig </dev/null >/dev/null && exit 0; \
	fi; \
	echo "The browser tests need Chromium and a Chinese font; they are left out. Debian: apt-get install chromium fonts-noto-cjk fontconfig"; \
	test -z "$$CI"

bench: $(TESTABLE)
	$(BIN)/python -m bench $(if $(QUICK),--quick)

# Plain settings, so that no mirror, folder or address of this machine gets into the lock files.
LOCK := PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade \
	--generate-hashes --strip-extras --allow-unsafe --no-config --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: | $(BIN)/python
	$(BIN)/python -m pip install --quiet pip-tools  # not locked: no other command uses it
	$(LOCK) --output-file requirements.lock pyproject.toml requirements.in
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(LOCK) --constraint requirements.lock --output-file requirements-dev.lock -

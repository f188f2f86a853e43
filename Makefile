# Every target needs only python3 (3.11 or newer), make and a package index.
PYTHON ?= python3
LOCAL := .venv/bin/python -m tokpik.local
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml

.PHONY: run up test test-newest fuzz check bench bench-quick soak lock audit upgrade messages venv

run: venv  ## the whole service on 127.0.0.1:$PORT
	@exec $(LOCAL) run

up: venv  ## PostgreSQL and Valkey alone
	@exec $(LOCAL) up

test: venv  ## the suite; TESTS="tests/topics -k related" for a part of it
	@exec $(LOCAL) test -- $(TESTS)

# Beside `.venv`, which stays as it is. Of what later versions of Django will take away packages may warn.
NEWEST := .local/newest/bin/python
test-newest:  ## the suite, or TESTS=..., on the newest Python and Django at hand; PYTHON=... to choose
	@python=$(if $(filter file,$(origin PYTHON)),$$($(PYTHON) -m tokpik.local.newest),$(PYTHON)) && \
	$$python -m tokpik.local.virtualenv .local/newest && \
	$(NEWEST) -m pip --disable-pip-version-check -qq install --upgrade django && \
	$(NEWEST) -c 'import platform, django; print("Python", platform.python_version(), "and Django", django.__version__)' && \
	exec $(NEWEST) -m tokpik.local test -- -W default::DeprecationWarning -W default::PendingDeprecationWarning $(TESTS)

fuzz: venv  ## the whole schema under schemathesis, FUZZ_EXAMPLES cases for each operation and identity
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} exec $(LOCAL) test -- tests/e2e/test_schema_fuzzed.py

check: venv  ## format, lint, types, migrations (and what they lock), schema, deployment
	@exec $(LOCAL) check

bench: venv  ## every figure in one table, within 20 minutes; writes docs/performance.md
	@exec $(LOCAL) bench full

bench-quick: venv  ## the same at a small size, within two minutes
	@exec $(LOCAL) bench quick

soak: venv  ## ten minutes of mixed load with faults thrown in; SECONDS=120 for two
	@exec $(LOCAL) soak $(SECONDS)

lock: venv  ## the requirement files anew, from pyproject.toml
	@.venv/bin/uv pip compile $(UPGRADE) $(LOCK) -o requirements.txt >/dev/null
	@.venv/bin/uv pip compile $(UPGRADE) $(LOCK) --group dev -o requirements-dev.txt >/dev/null

audit: venv  ## what is known to be unsafe in what the requirement files name
	@exec .venv/bin/pip-audit --strict --disable-pip --progress-spinner off -r requirements.txt -r requirements-dev.txt

upgrade:  ## the newest versions that pyproject.toml allows into the requirement files; then audit, check and test
	@$(MAKE) lock UPGRADE=--upgrade
	@$(MAKE) --keep-going audit check test

messages: venv  ## the console's translations, from locale/ko/LC_MESSAGES/django.po
	@exec .venv/bin/python -m tokpik.local.messages

# Not a rule on files: what is installed is compared by content, under a lock, in 0.1 s.
venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo 'This needs Python 3.11 or newer: install it, or name one: PYTHON=python3.12 make ...' >&2; exit 1; }
	@exec $(PYTHON) -m tokpik.local.virtualenv

# Every target needs only python3 (3.11 or newer), make and a package index.
PYTHON ?= python3
LOCAL := .venv/bin/python -m tokpik.local
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml

.PHONY: run up test fuzz check bench bench-quick soak lock messages venv

run: venv  ## the whole service on 127.0.0.1:$PORT
	@exec $(LOCAL) run

up: venv  ## PostgreSQL and Valkey alone
	@exec $(LOCAL) up

test: venv  ## the suite; TESTS="tests/topics -k related" for a part of it
	@exec $(LOCAL) test -- $(TESTS)

fuzz: venv  ## the whole schema under schemathesis, FUZZ_EXAMPLES cases for each operation and identity
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} exec $(LOCAL) test -- tests/e2e/test_schema_fuzzed.py

check: venv  ## format, lint, types, migrations, schema, deployment
	@exec $(LOCAL) check

bench: venv  ## every figure in one table, within 20 minutes; writes docs/performance.md
	@exec $(LOCAL) bench full

bench-quick: venv  ## the same at a small size, within two minutes
	@exec $(LOCAL) bench quick

soak: venv  ## ten minutes of mixed load with faults thrown in; SECONDS=120 for two
	@exec $(LOCAL) soak $(SECONDS)

lock:  ## the requirement files anew, from pyproject.toml
	@uv=.venv/bin/uv; [ -x $$uv ] || uv=uv; \
	$$uv pip compile $(LOCK) -o requirements.txt >/dev/null && \
	$$uv pip compile $(LOCK) --group dev -o requirements-dev.txt >/dev/null

messages: venv  ## the console's translations, from locale/ko/LC_MESSAGES/django.po
	@exec .venv/bin/python -m tokpik.local.messages

# Not a rule on files: what is installed is compared by content, under a lock, in 0.1 s.
venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo 'This needs Python 3.11 or newer: install it, or name one: PYTHON=python3.12 make ...' >&2; exit 1; }
	@exec $(PYTHON) -m tokpik.local.virtualenv

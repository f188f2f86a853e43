"""What a pool of pgbouncer's in transaction mode would break is not used: a session of PostgreSQL is nobody's own."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "notifications", "scraps", "tokpik", "topics")
OF_A_SESSION = re.compile(
    r"\bpg_(try_)?advisory_(un)?lock(?!_xact)\w*\(|\b(UN)?LISTEN\b|\bTEMP(ORARY)? TABLE\b|\bWITH HOLD\b"
    r"|[\"']\s*SET (?!LOCAL\b|CONSTRAINTS\b)|\bset_config\([^)]*false\)|\.iterator\(|prepare=True"
)


# A cursor within the export's transaction ends with it; commands speak to the database itself, where a pool in between
# has the role hold the time-outs (docs/decisions/0040).
ALLOWED = re.compile(r"export\.py: \.iterator\(|^tokpik/timeouts\.py: set_config")


def of_a_session(app):
    return {
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        for found in OF_A_SESSION.finditer(path.read_text())
    }


@pytest.mark.parametrize("app", APPS)
def test_no_statement_leaves_something_in_its_session(app):
    assert {found for found in of_a_session(app) if not ALLOWED.search(found)} == set()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1)",
        "LISTEN due",
        "SET statement_timeout = 500",
        "SET SESSION lock_timeout TO 1",
        "CREATE TEMP TABLE t ()",
        "Topic.objects.iterator()",
    ],
)
def test_it_would_be_seen(statement):
    assert OF_A_SESSION.search(f'execute("{statement}")')


@pytest.mark.parametrize(
    "statement",
    ["SELECT pg_advisory_xact_lock(1)", "SET LOCAL statement_timeout = 500", "SET CONSTRAINTS ALL IMMEDIATE"],
)
def test_what_ends_with_its_transaction_is_used(statement):
    assert not OF_A_SESSION.search(f'execute("{statement}")')


def test_nothing_is_prepared_in_a_session(db):
    for _ in range(10):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", [1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)
    assert "server_side_binding" not in settings.DATABASES["default"].get("OPTIONS", {})

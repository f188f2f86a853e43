"""How long the database may keep anybody waiting: the web server, commands, migrations."""

import socket
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection, migrations

from accounts.models import SessionQuerySet
from tests.processes import ROOT, SECONDS, environment_of_this_database
from tokpik import timeouts
from tokpik.management.commands.migrate import Command as Migrate
from tokpik.timeouts import COMMANDS, WEB, Timeouts

NAMES = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
ASK = (
    "from django.db import connection\n"
    "cursor = connection.cursor()\n"
    f"for name in {NAMES}:\n"
    "    cursor.execute(f'SHOW {name}')\n"
    "    print(cursor.fetchone()[0])\n"
)


def asked_in(program, seconds=SECONDS):
    """What a process of its own has in force."""
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment_of_this_database(),
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.split()


def in_force():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting(name) FROM unnest(%s::text[]) WITH ORDINALITY asked (name, place) ORDER BY place",
            [NAMES],
        )
        return [value for (value,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_of_the_web_server_they_are_five_two_and_ten_seconds():
    assert asked_in(f"import tokpik.wsgi\n{ASK}") == ["5s", "2s", "10s"]


@pytest.mark.django_db(transaction=True)
def test_a_replica_is_waited_for_half_a_second_since_the_primary_is_asked_instead():
    program = (
        "import os\nos.environ['DATABASE_REPLICA_URL'] = os.environ['DATABASE_URL']\nimport tokpik.wsgi\n"
        "from django.db import connections\nreplica = connections['replica']\n"
        "assert replica.settings_dict['OPTIONS'].pop('pool')['timeout'] == 0.5\n"
    )
    assert asked_in(program + ASK.replace("connection.cursor", "replica.cursor")) == ["500ms", "2s", "10s"]


@pytest.mark.django_db(transaction=True)
def test_commands_have_longer_ones_and_none_waits_for_ever():
    assert asked_in(f"import django\ndjango.setup()\n{ASK}") == ["10min", "10s", "1min"]


@pytest.mark.django_db(transaction=True)
def test_what_the_address_of_the_database_asks_for_counts_more():
    program = f"import os\nos.environ['DATABASE_URL'] += '&options=-c%20lock_timeout%3D7s'\nimport tokpik.wsgi\n{ASK}"
    assert asked_in(program) == ["5s", "7s", "10s"]


def test_a_database_that_accepts_and_says_nothing_is_given_up_within_seconds():
    program = (
        "import django\ndjango.setup()\nfrom django.db import OperationalError, connection\n"
        "try:\n    connection.ensure_connection()\nexcept OperationalError:\n    print('given', 'up')\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"postgresql://tokpik@127.0.0.1:{deaf.getsockname()[1]}/tokpik"
        assert asked_in(f"import os\nos.environ['DATABASE_URL'] = {address!r}\n{program}", 20) == ["given", "up"]


@pytest.mark.django_db
def test_one_that_has_gone_without_a_word_is_noticed_within_seconds():
    connection.ensure_connection()
    assert connection.connection.info.get_parameters()["tcp_user_timeout"] == "5000"


@pytest.mark.django_db
def test_a_command_may_hold_to_others_for_a_while():
    with timeouts.held_to(Timeouts(statement=0, lock=3, idle=0)):
        assert in_force() == ["0", "3s", "0"]
    assert in_force() == ["10min", "10s", "1min"]


@pytest.mark.django_db
@pytest.mark.parametrize(("atomic", "expected"), [(True, ["10min", "2s", "10min"]), (False, ["1h", "0", "10min"])])
def test_a_migration_gives_up_a_lock_soon_unless_it_builds_an_index_concurrently(atomic, expected):
    migration = migrations.Migration("0001_any", "topics")
    migration.atomic = atomic
    command = Migrate()
    command.verbosity = 0
    command.migration_progress_callback("apply_start", migration)
    assert in_force() == expected
    for name in NAMES:
        with connection.cursor() as cursor:
            cursor.execute(f"RESET {name}")


@pytest.mark.django_db
def test_migrate_leaves_the_connection_as_it_was():
    call_command("migrate", verbosity=0)
    assert in_force() == ["10min", "10s", "1min"]


@pytest.mark.django_db
def test_a_pooler_that_drops_them_is_told_at_the_start():
    said = run_checks(tags=["database"], databases=["default"])
    assert [problem.id for problem in said] == []
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
    [problem] = run_checks(tags=["database"], databases=["default"])
    assert problem.id == "tokpik.W001"
    assert "lock_timeout, statement_timeout" in problem.msg


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_what_the_client_may_ask_again(client, monkeypatch):
    def wait(self, now):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '50ms'")
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(SessionQuerySet, "living", wait)
    answer = client.get("/users/sessions")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "upstream_unavailable", "5")


def test_each_is_shorter_than_the_servers_patience():
    """gunicorn ends a worker that is silent for 30 s; whoever waits for a lock gives up before whoever holds it."""
    assert WEB.lock < WEB.statement < WEB.idle < 30
    assert COMMANDS.lock < COMMANDS.statement

"""manage.py backup and restore: everything comes back, but no deleted account and no ended session"""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Timer
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session as ConsoleSession
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from django_redis import get_redis_connection

from accounts import journal, restoring
from accounts.background import work as accounts_work
from accounts.cleanup import clear_expired as clear_accounts
from accounts.models import Deletion, Restoration, User
from accounts.services import delete_user
from scraps.models import ScrapTopic
from tests.accounts.forging import resigned
from tests.accounts.test_deletion import own_something
from tests.factories import NotificationFactory, PhoneFactory, TopicFactory, UserFactory
from tests.processes import ROOT, SECONDS, environment_of_this_database, start
from tokpik import backups
from tokpik.models import HourlyCounts

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
import_ = None
DAY = timedelta(days=1)
# With a pool; and the cache of these tests.
IN_EARNEST = {"DJANGO_SETTINGS_MODULE": "tokpik.settings", "REDIS_URL": settings.CACHES["default"]["LOCATION"]}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path / "back-ups")
    (tmp_path / "back-ups").mkdir()
    return tmp_path / "back-ups"


@contextmanager
def empty_database():
    """A database beside the test's own, and the environment that names it."""
    environment, name = environment_of_this_database(), f"test_restore_{uuid4().hex[:12]}"
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            address = re.sub(r"/[^/?]+(?=\?|$)", f"/{name}", environment["DATABASE_URL"], count=1)
            yield environment | IN_EARNEST | {"DATABASE_URL": address, "BACKUP_DIR": settings.BACKUP_DIR}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(environment, *command, status=0):
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, command)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def whole(cursor):
    """Every table's rows, as many and which; every sequence; every column, index, constraint and trigger."""
    tables = column(cursor, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    rows = {}
    for table in tables:
        cursor.execute(f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {table} t")
        rows[table] = cursor.fetchone()
    cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1")
    sequences = cursor.fetchall()
    shape = [
        "SELECT table_name || column_name || data_type || coalesce(column_default, generation_expression, '') "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    ]
    return rows, sequences, [column(cursor, sql) for sql in shape]


def column(cursor, sql):
    cursor.execute(sql)
    return [value for (value,) in cursor.fetchall()]


def populate(sign_in):
    """A row in most tables."""
    TopicFactory()
    call_command("seed", stdout=StringIO())
    client = sign_in(UserFactory(kakao_id=7001))
    own_something(client)
    reminder = NotificationFactory(user=client.user)
    reminder.pushes.create(slot=0, outcome="sent", due_at=timezone.now(), done_at=timezone.now())
    delete_user(user=UserFactory(kakao_id=7002))
    return client


def restored(file, environment, *options):
    return manage(environment, "restore", file, *options)


@committed
def test_what_is_loaded_is_what_was_there(sign_in):
    populate(sign_in)
    with connection.cursor() as cursor:
        before = whole(cursor)
    assert len([count for count, _ in before[0].values() if count]) > 20
    file = backups.dump(timezone.now())
    load = f"from pathlib import Path; from tokpik import backups; backups.load(Path({str(file)!r}))"
    with empty_database() as environment:
        manage(environment, "shell", "-v0", "-c", load)
        with psycopg.connect(environment["DATABASE_URL"]) as other:
            assert whole(other.cursor()) == before


@committed
def test_a_restore_brings_back_neither_deleted_accounts_nor_ended_sessions(sign_in):
    stays, goes, comes_again = (
        populate(sign_in) if not n else sign_in(UserFactory(kakao_id=8000 + n)) for n in range(3)
    )
    PhoneFactory(user=stays.user)
    ConsoleSession.objects.create(session_key="of-staff", session_data="x", expire_date=timezone.now() + DAY)
    journal.write_journal(now=timezone.now())
    file = backups.dump(timezone.now())
    for client in (goes, comes_again):
        assert client.delete("/users").status_code == 200
    UserFactory(kakao_id=comes_again.user.kakao_id)
    assert stays.post("/logout", {}, format="json").status_code == 200
    journal.write_journal(now=timezone.now())
    redis = get_redis_connection("default")
    redis.set("shown:1", "something")
    with empty_database() as environment:
        said = restored(file, environment)
        assert "accounts deleted again: 2" in said
        with psycopg.connect(environment["DATABASE_URL"]) as other:
            assert column(other.cursor(), "SELECT kakao_id FROM accounts_user WHERE kakao_id > 7000 ORDER BY 1") == [
                7001
            ]
            assert column(other.cursor(), "SELECT DISTINCT revoked_why FROM accounts_session") == ["restored"]
            assert column(other.cursor(), "SELECT DISTINCT push_target FROM accounts_session") == [""]
            assert column(other.cursor(), "SELECT DISTINCT push_target_hash FROM accounts_session") == [None]
            assert column(other.cursor(), "SELECT count(*) FROM django_session") == [0]
            assert column(other.cursor(), "SELECT kakao_id FROM accounts_kakaounlink ORDER BY 1") == [7002, 8001, 8002]
            assert column(other.cursor(), "SELECT count(*) FROM accounts_restoration") == [1]
            assert column(other.cursor(), "SELECT count(*) FROM scraps_scraptopic") == [ScrapTopic.objects.count()]
            # Triggers fire again, and sequences go on.
            other.execute("INSERT INTO accounts_policy (title, content, position) VALUES ('a', 'b', 99)")
            other.execute("UPDATE topics_topic SET title = title || '!' WHERE status = 'published'")
            assert column(other.cursor(), "SELECT count(*) > 0 FROM topics_correction WHERE topic_tag > 0") == [True]
            other.execute("DELETE FROM accounts_session")
            other.execute("UPDATE accounts_user SET is_active = false")
    assert redis.dbsize() == 0


@committed
def test_of_two_restores_one_after_the_other_the_second_brings_nobody_back_either(sign_in):
    client = sign_in(UserFactory(kakao_id=8001))
    file = backups.dump(timezone.now())
    client.delete("/users")
    journal.write_journal(now=timezone.now())
    for _ in range(2):
        with empty_database() as environment:
            assert "accounts deleted again: 1" in restored(file, environment)


@committed
def test_it_restores_nothing_where_it_could_not_do_so_rightly(sign_in, folder, tmp_path):
    sign_in()
    file = backups.dump(timezone.now())
    no_dump = tmp_path / "no.dump"
    no_dump.write_text("nothing")
    with empty_database() as environment:
        assert "journal" in manage(environment, "restore", file, status=1)
        (folder / "deletions-20260101T000000Z.log").write_text("")
        old = file.rename(folder / f"tokpik-{timezone.now() - 29 * DAY:%Y%m%dT%H%M%SZ}.dump")
        assert "does not reach back" in manage(environment, "restore", old, status=1)
        file = old.rename(file)
        assert "Nothing was restored" in manage(environment, "restore", no_dump, status=1)
        assert "Nothing was restored" in manage(
            environment | {"REDIS_URL": "redis://127.0.0.1:9/0"}, "restore", file, status=1
        )
        cut = tmp_path / "cut.dump"
        cut.write_bytes(file.read_bytes()[:-1000])
        assert "Nothing was restored" in manage(environment, "restore", cut, status=1)
        with psycopg.connect(environment["DATABASE_URL"]) as other:
            assert "others use" in manage(environment, "restore", file, status=1)
            assert column(other.cursor(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [0]
            other.execute("CREATE TABLE mine ()")
        assert "not empty" in manage(environment, "restore", file, status=1)


@committed
def test_without_any_journal_it_restores_where_that_is_said_and_follows_one_that_is_there(sign_in):
    client = sign_in(UserFactory(kakao_id=8001))
    file = backups.dump(timezone.now())
    with empty_database() as environment:
        assert "accounts deleted again: 0" in restored(file, environment, "--without-journal")
        with psycopg.connect(environment["DATABASE_URL"]) as other:
            assert column(other.cursor(), "SELECT kakao_id FROM accounts_user") == [8001]
    client.delete("/users")
    journal.write_journal(now=timezone.now())
    with empty_database() as environment:
        assert "accounts deleted again: 1" in restored(file, environment, "--without-journal")


@committed
def test_it_says_that_nothing_may_be_served_where_something_fails_after_the_load(sign_in, folder):
    sign_in()
    file = backups.dump(timezone.now())
    (folder / "deletions-20261101T000000Z.log").mkdir()
    with empty_database() as environment:
        assert "not fit to be served" in manage(environment, "restore", file, status=1)


def test_tokens_from_before_a_restore_are_refused_also_those_of_sessions_it_does_not_know(client):
    """They may have ended since the back-up; numbers of users may have been given a second time."""
    unknown = resigned(client.pair.access, sid=str(uuid4()))
    bearers = [f"Bearer {token}" for token in (client.pair.access, unknown)]
    assert [client.get("/users/scraps", HTTP_AUTHORIZATION=bearer).status_code for bearer in bearers] == [200, 200]
    now = timezone.now() + timedelta(seconds=2)
    restoring.end_everything(now=now)
    for bearer in bearers:
        answer = client.get("/users/scraps", HTTP_AUTHORIZATION=bearer)
        assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    for refresh in (client.pair.refresh, resigned(client.pair.refresh, sid=str(uuid4()), jti=uuid4().hex)):
        assert client.post("/refresh", {"refreshToken": refresh}, format="json").status_code == 401


def test_tokens_from_after_it_are_good(sign_in):
    restoring.end_everything(now=timezone.now())
    assert sign_in().get("/users/scraps").status_code == 200
    Restoration.objects.all().delete()


def test_the_record_of_a_restore_goes_when_no_token_is_left_that_it_would_refuse(db):
    now = timezone.now()
    for hours in (5, 6):
        Restoration.objects.create(at=now - timedelta(hours=hours))
    assert dict(clear_accounts(now=now))["restorations"] == 1


def test_every_deletion_is_written_down_however_it_was_done():
    users = UserFactory.create_batch(3)
    delete_user(user=users[0])
    User.objects.filter(pk=users[1].pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [users[2].pk])
    assert set(Deletion.objects.values_list("user_id", "joined_at")) == {(user.pk, user.joined_at) for user in users}
    assert journal.write_journal(now=timezone.now()) == 3
    assert not Deletion.objects.exists()
    assert set(journal.read_journal()) == {(user.pk, user.joined_at) for user in users}


def test_a_deletion_that_is_rolled_back_is_none():
    user = UserFactory()
    with transaction.atomic():
        delete_user(user=user)
        transaction.set_rollback(True)
    assert not Deletion.objects.exists()


def test_a_day_on_which_nobody_goes_has_its_journal_too(folder):
    call_command("backup")
    [file] = backups.journals()
    assert file.name.startswith(f"deletions-{timezone.now():%Y%m%d}")
    assert list(journal.read_journal()) == []
    written = file.stat().st_mtime_ns
    journal.write_journal(now=timezone.now())
    assert file.stat().st_mtime_ns == written


def test_lines_are_on_the_disk_before_the_rows_are_gone(monkeypatch):
    synced, sync = [], os.fsync

    def sync_and_tell(opened):
        sync(opened)
        synced.append((os.fstat(opened).st_size, Deletion.objects.count()))

    delete_user(user=UserFactory())
    monkeypatch.setattr(os, "fsync", sync_and_tell)
    journal.write_journal(now=timezone.now())
    [file] = backups.journals()
    assert synced == [(file.stat().st_size, 1)]
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_they_cannot_be_written_the_rows_stay():
    delete_user(user=UserFactory())
    now = timezone.now()
    backups.journal_of(now).mkdir()
    with pytest.raises(OSError, match="directory"):
        journal.write_journal(now=now)
    assert Deletion.objects.count() == 1


def test_the_journals_of_all_days_are_read_and_more_than_a_batch_is_moved(monkeypatch):
    users = UserFactory.create_batch(6)
    User.objects.filter(pk=users[0].pk).delete()
    journal.write_journal(now=timezone.now() - 3 * DAY)
    for user in users[1:]:
        delete_user(user=user)
    monkeypatch.setattr(journal, "MOST", 2)
    call_command("backup", stdout=StringIO())
    assert not Deletion.objects.exists()
    assert set(journal.read_journal()) == {(user.pk, user.joined_at) for user in users}


def test_a_line_that_was_cut_off_spoils_no_other(folder):
    user = UserFactory()
    backups.journal_of(timezone.now()).write_text("\n5 2026-11-")
    User.objects.filter(pk=user.pk).delete()
    journal.write_journal(now=timezone.now())
    assert list(journal.read_journal()) == [(user.pk, user.joined_at)]


def test_whoever_has_the_number_of_somebody_deleted_stays():
    user = UserFactory()
    User.objects.filter(pk=user.pk).delete()
    journal.write_journal(now=timezone.now())
    again = UserFactory(pk=user.pk)
    assert journal.delete_again() == 0
    assert User.objects.get() == again


def test_the_background_moves_deletions_within_a_second_where_a_folder_is_named(settings):
    (work,) = [work for work in accounts_work() if work.name == "journal of deletions"]
    assert work.seconds < 1
    delete_user(user=UserFactory())
    folder, settings.BACKUP_DIR = settings.BACKUP_DIR, ""
    assert work.step() is False
    assert Deletion.objects.count() == 1
    settings.BACKUP_DIR = folder
    assert work.step() is False
    assert len(list(journal.read_journal())) == 1


def test_a_dump_is_its_owners_alone_and_shows_no_password(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "hush")
    assert "hush" not in backups.address()
    file = backups.dump(timezone.now())
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_that_failed_leaves_no_dump_and_says_why(folder, monkeypatch):
    monkeypatch.setattr(backups, "address", lambda: "dbname=nowhere host=/nowhere")
    with pytest.raises(CommandError, match="pg_dump: error: connection to server"):
        call_command("backup")
    assert list(folder.iterdir()) == backups.journals()
    assert not HourlyCounts.objects.exists()


WRITES_NONSENSE = """#!/bin/sh
for argument; do case "$argument" in --file=*) echo nonsense > "${argument#--file=}" ;; esac; done
"""


def test_one_that_cannot_be_read_again_is_none(folder, monkeypatch, tmp_path):
    broken, program = tmp_path / "pg_dump", backups.program
    broken.write_text(WRITES_NONSENSE)
    broken.chmod(0o755)
    monkeypatch.setattr(backups, "program", lambda name: str(broken) if name == "pg_dump" else program(name))
    with pytest.raises(CommandError, match="pg_restore: error"):
        call_command("backup")
    assert list(folder.iterdir()) == backups.journals()
    assert not HourlyCounts.objects.exists()


@pytest.mark.parametrize("named", ["", "/nowhere"])
def test_without_a_folder_it_says_so(settings, named):
    settings.BACKUP_DIR = named
    with pytest.raises(CommandError, match="BACKUP_DIR"):
        call_command("backup")


def test_it_keeps_four_weeks_and_a_journal_for_each_of_them(folder):
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    kept = ["tokpik-20261030T120001Z.dump", "deletions-20261030T000000Z.log", "notes.txt", "tokpik-1.dump"]
    for name in [
        *kept,
        "tokpik-20261030T120000Z.dump",
        "tokpik-20260101T000000Z.dump.part",
        "deletions-20261029T000000Z.log",
    ]:
        (folder / name).write_text("")
    assert dict(backups.clear_expired(now=now)) == {"back-ups": 2, "journals of deletions": 1}
    assert {file.name for file in folder.iterdir()} == set(kept)


def test_the_command_dumps_writes_the_journal_and_clears(folder):
    (folder / "tokpik-20260101T000000Z.dump").write_text("")
    delete_user(user=UserFactory())
    out = StringIO()
    call_command("backup", stdout=out)
    assert "back-ups: 1 deleted" in out.getvalue()
    assert sorted(file.suffix for file in folder.iterdir()) == [".dump", ".log"]


def test_when_the_last_one_was_made_is_in_the_metrics():
    (before,) = backups.figures()
    backups.dump(datetime(2026, 11, 27, 12, 34, tzinfo=UTC))
    (after,) = backups.figures()
    assert (before.samples[0].value, after.samples[0].value) == (0, datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp())


@committed
def test_daily_it_goes_on_until_told_to_stop(folder, settings, monkeypatch):
    monkeypatch.setenv("BACKUP_DIR", settings.BACKUP_DIR)
    with start("manage.py", "backup", "--daily") as process:
        line = process.stdout.readline()
        assert ".dump: " in line
        process.terminate()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said


DAILY = """
import django
django.setup()
from django.core.management import call_command
from tokpik.management.commands import backup
backup.AGAIN_SECONDS = 0.2
call_command("backup", "--daily")
"""


@committed
def test_daily_what_fails_is_told_and_tried_again(folder):
    later = folder / "later"
    with start("-c", DAILY, environment={"BACKUP_DIR": str(later)}) as process:
        watch = Timer(SECONDS, process.kill)
        watch.start()
        while "BACKUP_DIR names no folder" not in (line := process.stdout.readline()):
            assert line, "it has ended"
        later.mkdir()
        while ".dump: " not in (line := process.stdout.readline()):
            assert line, "it has ended"
        process.terminate()
        assert process.wait(SECONDS) == 0
        watch.cancel()

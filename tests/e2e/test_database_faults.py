"""A database that cuts its connections, is full, slow, gone and back again, under traffic (figures: Holding)."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep

import psycopg
import pytest

from tests.e2e.conftest import ROOT, SECONDS, serving
from tests.e2e.traffic import FOLDER, INTERESTS, POLICIES, RELATED, ask_until, people, traffic
from tokpik.local import servers
from tokpik.local.checkout import Checkout

# Within five seconds it is the same folder again: however quick the service is, nobody has too many.
SAME_FOLDER = (*FOLDER, {"scrapName": "같은 폴더"})
EVERYTHING = (RELATED, INTERESTS, SAME_FOLDER, POLICIES)
# Of an answer while the database is away; and how long after its return all is well.
ANSWERED_WITHIN, WELL_WITHIN = 3.0, 2.0
# What the machine may add to a promise of seconds.
SPARE = 3.0


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A PostgreSQL to be stopped and started, and a Valkey beside it."""
    root = tmp_path_factory.mktemp("own")
    root.chmod(0o700)
    checkout = Checkout(root)
    servers.start(checkout)
    yield checkout
    servers.stop(checkout)


def url_of(own, role):
    return own.database_url().replace("tokpik:", f"{role}:")


@pytest.fixture(scope="module")
def server(own, environment, tmp_path_factory):
    variables = environment | {"DATABASE_URL": own.database_url(), "REDIS_URL": own.redis_url()}
    for command in (["migrate", "-v0"], ["seed"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=variables, check=True, timeout=SECONDS)
    with psycopg.connect(own.database_url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE web LOGIN IN ROLE tokpik")
    with serving(
        variables | {"DATABASE_URL": url_of(own, "web")}, tmp_path_factory.mktemp("server") / "log"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def crowd(server, kakao):
    with people(server, kakao, 6, first=870_000) as made:
        yield made


@pytest.fixture
def sql(own):
    with psycopg.connect(own.database_url(), autocommit=True) as connection:
        yield connection.execute


@pytest.fixture(autouse=True)
def _well(request, crowd):
    """Each test begins with a service that answers."""
    for person in crowd:
        for call in EVERYTHING:
            ask_until(person, call, lambda seen: seen.status == 200, SECONDS)


@pytest.fixture(autouse=True)
def _no_crash(server):
    before = len(server.log.read_text())
    yield
    assert "Traceback" not in server.log.read_text()[before:]


def refused_properly(seen):
    """503, with word of when to try again, and soon enough."""
    assert (seen.status, seen.body["code"]) == (503, "upstream_unavailable"), seen
    assert int(seen.retry_after) >= 1
    assert seen.ended - seen.began <= ANSWERED_WITHIN + SPARE, seen


def wait_for(condition):
    deadline = monotonic() + SECONDS
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


def test_after_its_connections_were_cut_no_request_fails(crowd, sql):
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'web'"
    spans = []
    with traffic(crowd, *EVERYTHING) as seen:
        for _ in range(5):
            reached = len(seen) + 40
            wait_for(lambda: len(seen) >= reached)  # noqa: B023
            began = monotonic()
            assert sql(cut).fetchone()[0] > 0
            spans.append((began, monotonic()))
    assert len(spans) == 5
    hit = [one for one in seen if any(one.began <= end and one.ended >= start for start, end in spans)]
    for one in seen:
        if one not in hit:
            assert one.status == 200, one
        elif one.status != 200:
            refused_properly(one)


def test_a_restart_fails_nobody_who_asks_afterwards(crowd, own):
    with traffic(crowd, *EVERYTHING) as seen:
        servers.PostgreSQL(own).stop()
        servers.PostgreSQL(own).start(sleep)
        back = monotonic()
        wait_for(lambda: monotonic() > back + WELL_WITHIN + 1)
    assert {one.status for one in seen if one.began > back + WELL_WITHIN} == {200}
    for one in seen:
        if one.status != 200:
            refused_properly(one)


def test_without_it_hits_go_on_for_ten_seconds_then_all_is_503_until_it_is_back(crowd, own):
    with ExitStack() as stack:
        stack.callback(servers.PostgreSQL(own).start, sleep)
        servers.PostgreSQL(own).stop()
        gone = monotonic()
        with traffic(crowd[:3], RELATED) as hits, traffic(crowd[3:], INTERESTS, SAME_FOLDER) as others:
            wait_for(lambda: monotonic() > gone + 14)
            servers.PostgreSQL(own).start(sleep)
            back = monotonic()
            wait_for(lambda: monotonic() > back + WELL_WITHIN + 1)
    early = [one for one in hits if one.began > gone and one.ended < gone + 9]
    late = [one for one in hits if gone + 11 < one.began and one.ended < gone + 14]
    assert len(early) > 20
    assert {one.status for one in early} == {200}
    assert late
    for one in [*late, *(one for one in [*hits, *others] if one.status != 200)]:
        refused_properly(one)
    assert [one for one in others if gone < one.began and one.ended < gone + 14 and one.status == 200] == []
    assert {one.status for one in [*hits, *others] if one.began > back + WELL_WITHIN} == {200}


def test_a_database_that_lets_nobody_in_is_503_within_three_seconds(crowd, sql):
    """As when all its places are taken."""
    sql("ALTER ROLE web CONNECTION LIMIT 0")
    try:
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'web'")
        full = monotonic()
        with traffic(crowd, INTERESTS, SAME_FOLDER) as seen:
            wait_for(lambda: monotonic() > full + 4)
    finally:
        sql("ALTER ROLE web CONNECTION LIMIT -1")
    back = monotonic()
    assert len(seen) >= len(crowd)
    for one in seen:
        refused_properly(one)
    with traffic(crowd, *EVERYTHING) as seen:
        wait_for(lambda: monotonic() > back + WELL_WITHIN + 1)
    assert {one.status for one in seen if one.began > back + WELL_WITHIN} == {200}


@contextmanager
def slow_to_insert(sql, seconds):
    sql(
        "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS"
        f" 'BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END'"
    )
    sql("CREATE TRIGGER slow BEFORE INSERT ON scraps_scrap FOR EACH ROW EXECUTE FUNCTION be_slow()")
    try:
        yield
    finally:
        sql("DROP FUNCTION be_slow CASCADE")


def test_a_lock_is_waited_for_two_seconds(crowd, own):
    with psycopg.connect(own.database_url()) as holder:
        holder.execute("SELECT FROM accounts_user FOR UPDATE")
        with traffic(crowd[1:], RELATED) as others:
            waited = crowd[0].ask(*FOLDER)
    refused_properly(waited)
    assert waited.ended - waited.began >= 1.9
    assert {one.status for one in others} == {200}
    assert crowd[0].ask(*FOLDER).status == 200


def test_with_more_writers_waiting_than_there_are_threads_all_is_well_right_afterwards(server, kakao, own):
    with people(server, kakao, 12, first=871_000) as many:
        with psycopg.connect(own.database_url()) as holder:
            holder.execute("SELECT FROM accounts_user FOR UPDATE")
            with traffic(many, FOLDER) as seen:
                began = monotonic()
                wait_for(lambda: monotonic() > began + 3)
        back = monotonic()
        with traffic(many, *EVERYTHING) as well:
            wait_for(lambda: monotonic() > back + WELL_WITHIN)
    assert len(seen) >= len(many)
    assert {one.status for one in seen} == {503}
    assert {one.status for one in well} == {200}


def test_a_statement_takes_five_seconds_at_most(crowd, sql):
    with slow_to_insert(sql, 30), traffic(crowd[1:], RELATED) as others:
        slow = crowd[0].ask(*FOLDER)
    assert (slow.status, slow.body["code"]) == (503, "upstream_unavailable")
    assert int(slow.retry_after) >= 1
    assert 4.9 <= slow.ended - slow.began <= 5 + ANSWERED_WITHIN
    assert {one.status for one in others} == {200}


def test_a_transaction_idles_for_ten_seconds_at_most(crowd, server, sql):
    """A worker that stops in the middle of one lets go of its locks, and what it was doing is a 503 when it wakes."""
    with slow_to_insert(sql, 1), traffic(crowd[:1], FOLDER) as seen:
        sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        wait_for(lambda: sql(sleeping).fetchone())
        [(backend,)] = sql(sleeping).fetchall()
        reached = len(seen)
        workers = server.workers()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        began = monotonic()
        wait_for(lambda: not sql("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone())
        took = monotonic() - began
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        wait_for(lambda: len(seen) > reached + 1)
    assert 9 < took < 15
    assert seen[reached].status == 503
    assert seen[reached + 1].status == 200

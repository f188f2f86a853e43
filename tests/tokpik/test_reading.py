"""A worker's reading: what each process knows of the database, at most a second old."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts import revocations, tokens
from accounts.models import Revocation, Session
from accounts.tokens import mark
from tests.accounts.racing import in_a_connection_of_its_own, race
from tests.factories import UserFactory
from tests.processes import start
from tokpik import reading
from tokpik.errors import UpstreamUnavailable
from tokpik.reading import Reading

SECONDS = 60


class Clock:
    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    """The reading's clock stands still, unless it is moved."""
    made = Clock()
    monkeypatch.setattr(reading, "time", made)
    return made


@pytest.fixture
def real_reading(monkeypatch):
    """This process's, which takes itself as it would in a worker, but for the thread: that does nothing."""
    made = Reading()
    made.keep_reading = lambda: None
    monkeypatch.setattr(reading, "current", made)
    monkeypatch.setattr(revocations, "ended", {})
    return made


@pytest.fixture
def selects(real_reading, monkeypatch):
    """Counts how often the database was asked; `fail`, and it is not to be had; `took`, so many seconds it took."""
    made = SimpleNamespace(count=0, fail=False, took=0.0, most_at_once=0)
    select, lock, running = real_reading.select, Lock(), []

    def counted(since):
        with lock:
            made.count += 1
            running.append(since)
            made.most_at_once = max(made.most_at_once, len(running))
        try:
            if made.fail:
                raise OperationalError("gone")
            answer = select(since)
            if made.took:
                reading.time.now += made.took
            return answer
        finally:
            running.pop()

    monkeypatch.setattr(real_reading, "select", counted)
    return made


def session(**fields):
    now = timezone.now()
    return Session.objects.create(user=UserFactory(), created_at=now, last_used_at=now, **fields).pk


def end(sid):
    """In the database only, as another process would."""
    Session.objects.filter(pk=sid).update(revoked_at=timezone.now())


def refused(answer):
    return answer.status_code == 401 and answer.json()["code"] == "session_revoked"


# --- What is read --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["update", "delete"])
def test_a_revocation_held_open_across_two_readings_is_not_missed(real_reading, how):
    """It has an early id and an early time by then: others committed after it, and were read."""
    late, others = session(), [session() for _ in range(3)]
    real_reading.take()
    wrote, may_commit = Event(), Event()

    def end_slowly():
        with transaction.atomic():
            rows = Session.objects.filter(pk=late)
            rows.update(revoked_at=timezone.now()) if how == "update" else rows.delete()
            wrote.set()
            assert may_commit.wait(SECONDS)

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(in_a_connection_of_its_own, end_slowly)
        assert wrote.wait(SECONDS)
        for sid in others:
            end(sid)
            real_reading.take()
            assert revocations.has_ended(sid)
            assert not revocations.has_ended(late)
        may_commit.set()
        ending.result(SECONDS)
    real_reading.take()
    assert revocations.has_ended(late)


@pytest.mark.django_db(transaction=True)
def test_nor_is_one_made_in_a_savepoint_of_a_transaction_that_began_early(real_reading):
    late, other = session(), session()
    began, read, wrote = Event(), Event(), Event()

    def end_late():
        with transaction.atomic():
            UserFactory()
            began.set()
            assert read.wait(SECONDS)
            with transaction.atomic():
                end(late)
            wrote.set()

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(in_a_connection_of_its_own, end_late)
        assert began.wait(SECONDS)
        for _ in range(2):
            end(other)
            real_reading.take()
        read.set()
        ending.result(SECONDS)
    real_reading.take()
    assert revocations.has_ended(late)


@pytest.mark.django_db(transaction=True)
def test_only_what_may_be_new_is_read_again(real_reading):
    taken = []
    sql = revocations.part().sql
    real_reading.parts = [reading.Part(sql, lambda value, everything: taken.append((value, everything)))]
    sids = [session() for _ in range(3)]
    end(sids[0])
    real_reading.take()
    end(sids[1])
    real_reading.take()
    real_reading.take()
    everything = [flag for _, flag in taken]
    assert everything == [True, False, False]
    assert mark(sids[0]) in taken[0][0]
    assert mark(sids[1]) in taken[1][0]
    # Other tests' transactions may hold the snapshot back; without any, nothing is read twice.
    assert set(taken[2][0] or ()) <= {*map(mark, sids[:2])}


@pytest.mark.django_db
def test_it_takes_one_statement(real_reading, django_assert_num_queries):
    with django_assert_num_queries(1):
        real_reading.take()
    with django_assert_num_queries(1):
        real_reading.take()


@pytest.mark.django_db(transaction=True)
def test_after_a_restart_of_the_server_all_is_read_again(real_reading):
    """A restored server's transaction numbers may have gone back."""
    real_reading.take()
    sid = session()
    end(sid)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_revocation SET xid = '3' WHERE sid = %s", [mark(sid)])
    real_reading.take()
    assert not revocations.has_ended(sid)
    real_reading.server_started -= timedelta(seconds=1)
    real_reading.take()
    assert revocations.has_ended(sid)
    assert real_reading.server_started is not None


@pytest.mark.django_db(transaction=True)
def test_numbers_that_went_back_are_followed(real_reading):
    real_reading.take()
    now = real_reading.since
    real_reading.since = str(int(now) + 1_000_000)
    real_reading.server_started -= timedelta(seconds=1)
    real_reading.take()
    assert int(real_reading.since) < int(now) + 1_000_000
    sid = session()
    end(sid)
    real_reading.take()
    assert revocations.has_ended(sid)


@pytest.mark.django_db
def test_now_and_then_all_is_read_again_and_what_is_old_is_forgotten(real_reading, clock, monkeypatch):
    monkeypatch.setattr(revocations, "time", clock)
    old, young = session(), session()
    for sid in (old, young):
        end(sid)
    real_reading.take()
    Revocation.objects.filter(sid=mark(old)).update(at=timezone.now() - timedelta(hours=6))
    clock.now += reading.EVERYTHING_SECONDS - 1
    real_reading.take()
    assert revocations.has_ended(old)
    clock.now += 2
    real_reading.take()
    assert not revocations.has_ended(old)
    assert revocations.has_ended(young)


# --- What this process noted itself --------------------------------------------------------------------------------


def test_what_was_noted_a_moment_ago_survives_a_full_reading(clock, monkeypatch):
    """Its snapshot may be older than the note."""
    monkeypatch.setattr(revocations, "time", clock)
    monkeypatch.setattr(revocations, "ended", {})
    mine, other = uuid4(), uuid4()
    revocations.note([mine])
    revocations.take([mark(other)], True)
    assert revocations.has_ended(mine)
    assert revocations.has_ended(other)
    clock.now += revocations.AFTERGLOW_SECONDS + 1
    revocations.take(None, False)
    assert revocations.has_ended(mine)
    revocations.take([mark(other)], True)
    assert not revocations.has_ended(mine)
    assert revocations.has_ended(other)


@pytest.mark.django_db(transaction=True)
def test_a_session_ended_here_is_refused_with_the_next_request_although_nothing_was_read_since(real_reading, sign_in):
    client = sign_in()
    assert client.get("/users/tags").status_code == 200
    client.post("/logout", {"refreshToken": client.pair.refresh}, format="json")
    real_reading.taken_at = reading.time.monotonic()
    assert refused(client.get("/users/tags"))


# --- How old it may be ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_its_age_counts_from_before_it_was_sent(real_reading, selects, clock):
    selects.took = 0.7
    real_reading.take()
    assert real_reading.age() == pytest.approx(0.7)


@pytest.mark.django_db
def test_a_fresh_one_is_not_taken_again_and_one_older_than_a_second_is(real_reading, selects, clock):
    real_reading.ensure()
    assert selects.count == 1
    clock.now += 1.0
    real_reading.ensure()
    assert selects.count == 1
    clock.now += 0.01
    real_reading.ensure()
    assert selects.count == 2
    assert real_reading.age() == 0


@pytest.mark.django_db
def test_a_request_knows_what_ended_more_than_a_second_ago(real_reading, clock, sign_in):
    client = sign_in()
    assert client.get("/users/tags").status_code == 200
    end(tokens.session_named_by(client.pair.access))
    clock.now += 1.01
    assert refused(client.get("/users/tags"))


@pytest.mark.django_db
def test_a_request_with_a_fresh_one_asks_nothing_more(real_reading, selects, clock, sign_in, django_assert_num_queries):
    client = sign_in()
    real_reading.ensure()
    with django_assert_num_queries(1):
        assert client.get("/users/scraps/count").status_code == 200
    assert selects.count == 1


@pytest.mark.django_db
def test_a_try_that_failed_is_remembered_for_a_second(real_reading, selects, clock):
    real_reading.ensure()
    clock.now += 5
    selects.fail = True
    for _ in range(10):
        real_reading.ensure()
    assert selects.count == 2
    clock.now += 1.01
    for _ in range(10):
        real_reading.ensure()
    assert selects.count == 3


@pytest.mark.django_db
def test_while_the_database_is_away_the_last_one_counts_for_ten_seconds_then_503(real_reading, selects, clock, sign_in):
    client, gone = sign_in(), sign_in()
    end(tokens.session_named_by(gone.pair.access))
    assert client.get("/users/tags").status_code == 200
    selects.fail = True
    for age in (2.0, 9.9):
        clock.now = real_reading.taken_at + age
        assert client.get("/users/tags").status_code == 200
        assert refused(gone.get("/users/tags"))
    clock.now = real_reading.taken_at + 10.1
    for one in (client, gone):
        answer = one.get("/users/tags")
        assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
        assert int(answer["Retry-After"]) >= 1
    # A cached list cannot be told to be current; what asks for no reading is not touched by it.
    assert client.get("/topic-tags").status_code == 503
    assert client.get("/livez").status_code == 200
    client.credentials()
    assert client.get("/users/tags").status_code == 401
    selects.fail = False
    clock.now += 1.01
    assert refused(gone.get("/users/tags"))


@pytest.mark.django_db
def test_without_any_there_is_no_answer(real_reading, selects, clock):
    selects.fail = True
    with pytest.raises(UpstreamUnavailable):
        real_reading.ensure()


@pytest.mark.parametrize(("age", "answers"), [(5.0, True), (11.0, False), (float("inf"), False)])
def test_a_request_waits_for_anothers_turn_only_so_long(real_reading, monkeypatch, age, answers):
    """Also the first one, while the thread hangs at a database that does not answer."""
    monkeypatch.setattr(reading, "TURN_SECONDS", 0.05)
    real_reading.taken_at = reading.time.monotonic() - age
    # The turn ends before the pool, which waits for its thread.
    with ThreadPoolExecutor(1) as pool, real_reading.turn:
        error = pool.submit(real_reading.ensure).exception(SECONDS)
    assert isinstance(error, UpstreamUnavailable) is not answers
    assert answers == (error is None)


@pytest.mark.django_db(transaction=True)
def test_one_at_a_time_takes_it_and_the_others_use_it(real_reading, selects):
    race(*[real_reading.ensure] * 16)
    assert (selects.count, selects.most_at_once) == (1, 1)
    real_reading.taken_at -= 5
    race(*[real_reading.ensure] * 16)
    assert (selects.count, selects.most_at_once) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_so_is_a_failure(real_reading, selects):
    selects.fail = True
    real_reading.taken_at = reading.time.monotonic() - 5
    race(*[real_reading.ensure] * 16)
    assert selects.count == 1


# --- The thread ----------------------------------------------------------------------------------------------------


class Enough(BaseException):
    """Ends the thread's loop in a test."""


@pytest.mark.django_db(transaction=True)
def test_the_thread_takes_it_often_and_goes_on_with_another_connection_after_a_failure(
    real_reading, selects, clock, monkeypatch
):
    turns = []

    def sleep(seconds):
        clock.now += seconds
        turns.append((real_reading.age(), connection.connection is not None))
        selects.fail = len(turns) in (2, 3)
        if len(turns) == 6:
            raise Enough

    monkeypatch.setattr(clock, "sleep", sleep)
    with pytest.raises(Enough):
        Reading.keep_reading(real_reading)
    ages = [round(age, 3) for age, _ in turns]
    # The third and the fourth try failed.
    assert ages == [0.3, 0.3, 0.6, 0.9, 0.3, 0.3]
    assert [held for _, held in turns] == [True, True, False, False, True, True]
    assert reading.INTERVAL_SECONDS < reading.FRESH_SECONDS


@pytest.mark.django_db(transaction=True)
def test_it_is_started_once_on_first_use(real_reading):
    started = []
    real_reading.keep_reading = lambda: started.append(1)
    race(*[real_reading.ensure] * 8)
    real_reading.thread.join(SECONDS)
    assert started == [1]
    assert real_reading.thread.daemon


FORKED = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from tokpik import reading
assert reading.current.thread is None
from django.db import connection
if os.fork() == 0:
    reading.current.ensure()
    first = reading.current.taken_at
    # Nobody asks: the thread alone takes it.
    deadline = time.monotonic() + 60
    while reading.current.taken_at == first and time.monotonic() < deadline:
        time.sleep(0.01)
    works = reading.current.thread.is_alive() and reading.current.taken_at > first
    os._exit(0 if works else 1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_first_used_after_a_fork_it_works_by_itself(real_reading):
    with start("-c", FORKED) as process:
        said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said

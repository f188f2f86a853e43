"""manage.py run_background: work beside the web server, each kind in a loop of its own"""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import KakaoUnlink, Revocation
from tests.processes import start
from tokpik import background
from tokpik.background import Work
from tokpik.management.commands import run_background

SECONDS = 60


@contextmanager
def running(*kinds):
    """In a thread; stopped at the block's end, which waits for it."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(background.run, kinds, stop)
        try:
            yield stop, done
        finally:
            stop.set()
            done.result(SECONDS)


def counting(many):
    """A step that finds nothing to do, and an event that is set after so many."""
    reached, seen = threading.Event(), []

    def step():
        seen.append(threading.current_thread())
        if len(seen) >= many:
            reached.set()
        return False

    return step, reached, seen


def test_each_kind_works_in_a_thread_of_its_own():
    one, other = counting(3), counting(3)
    with running(Work("one", one[0], 0.001), Work("other", other[0], 0.001)):
        assert one[1].wait(SECONDS)
        assert other[1].wait(SECONDS)
    threads = [set(seen) for _, _, seen in (one, other)]
    assert [len(each) for each in threads] == [1, 1]
    assert threads[0] != threads[1]
    assert {thread.name for each in threads for thread in each} == {"one", "other"}


def test_one_that_hangs_delays_no_other():
    hangs, release = threading.Event(), threading.Event()

    def hang():
        hangs.set()
        return release.wait(SECONDS) and False

    step, reached, _ = counting(20)
    with running(Work("hangs", hang, 0.001), Work("works", step, 0.001)):
        assert hangs.wait(SECONDS)
        assert reached.wait(SECONDS)
        release.set()


def test_one_that_fails_is_tried_again_and_delays_no_other(caplog, monkeypatch):
    monkeypatch.setattr(background, "FAILURE_SECONDS_MOST", 0.002)
    fails, reached_again, tried = counting(5)

    def fail():
        fails()
        raise RuntimeError("no good")

    step, reached, _ = counting(5)
    with running(Work("bad", fail, 0.001), Work("good", step, 0.001)):
        assert reached_again.wait(SECONDS)
        assert reached.wait(SECONDS)
    assert len(tried) >= 5
    assert "bad failed" in caplog.text
    assert "good failed" not in caplog.text


class Stop:
    """Notes the pauses; stops after so many."""

    def __init__(self, after):
        self.after, self.pauses = after, []

    def is_set(self):
        return len(self.pauses) >= self.after

    def wait(self, seconds):
        self.pauses.append(seconds)


def test_the_pause_after_failures_grows_a_little_and_ends_with_a_success(monkeypatch):
    assert background.FAILURE_SECONDS_MOST <= 5
    monkeypatch.setattr(background, "FAILURE_SECONDS_MOST", 60)
    outcomes = iter([*[RuntimeError("no good")] * 8, False, RuntimeError("again"), False])

    def step():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    stop = Stop(11)
    background.keep_working(Work("work", step, 1.0), stop)
    assert stop.pauses == [2, 4, 8, 16, 32, 60, 60, 60, 1, 2, 1]


def test_while_there_may_be_more_it_does_not_pause():
    outcomes = iter([True, True, True, False])
    stop = Stop(1)
    background.keep_working(Work("work", lambda: next(outcomes), 7.0), stop)
    assert stop.pauses == [7.0]
    assert list(outcomes) == []


def test_new_rows_are_looked_for_at_least_once_a_second():
    rare = ("clean-up", "corrections", "publishing", "counts", "ranks")
    assert all(work.seconds < 1 for work in run_background.all_work() if not work.name.startswith(rare))


def test_stopping_finishes_the_steps_in_hand_and_begins_no_other():
    begun, release, finished = threading.Event(), threading.Event(), []

    def step():
        begun.set()
        assert release.wait(SECONDS)
        finished.append(1)
        return True

    with running(Work("slow", step)) as (stop, done):
        assert begun.wait(SECONDS)
        stop.set()
        assert not done.done()
        release.set()
        done.result(SECONDS)
    assert finished == [1]


def test_once_does_what_is_due_and_ends(monkeypatch):
    due, others = iter([True, True, False]), iter([False])
    kinds = [Work("one", lambda: next(due)), Work("other", lambda: next(others))]
    monkeypatch.setattr(run_background, "all_work", lambda: kinds)
    call_command("run_background", once=True)
    assert [list(due), list(others)] == [[], []]


def test_once_a_failure_is_told(monkeypatch):
    def fail():
        raise RuntimeError("no good")

    monkeypatch.setattr(run_background, "all_work", lambda: [Work("bad", fail)])
    with pytest.raises(RuntimeError, match="no good"):
        call_command("run_background", once=True)


def wait_for(condition, process):
    deadline = monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert monotonic() < deadline
        sleep(0.01)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_works_until_it_is_told_to_stop(number):
    """No Kakao answers where the suite's settings point: an unlink is tried and put off."""
    Revocation.objects.create(sid=uuid4(), at=timezone.now() - timedelta(days=1))
    with start("manage.py", "run_background") as process:
        try:
            wait_for(lambda: not Revocation.objects.exists(), process)
            KakaoUnlink.objects.create(kakao_id=7001)
            wait_for(KakaoUnlink.objects.filter(tries=1, leased_until=None).exists, process)
            process.send_signal(number)
            said, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said


@pytest.mark.django_db(transaction=True)
def test_once_as_a_command():
    KakaoUnlink.objects.create(kakao_id=7001)
    with start("manage.py", "run_background", "--once") as process:
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert KakaoUnlink.objects.get().tries == 1

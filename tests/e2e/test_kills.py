"""Processes that are killed at work, and a Kakao that never answers: who is served, and that nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest

from tests.e2e.conftest import ROOT, SECONDS, answer, serving
from tests.e2e.traffic import FOLDER, INTERESTS, JSON, RELATED, TAGS, Person, ask_until, people, traffic
from tests.kakao import TOKEN, UNLINK

LOGINS = 30
SERVED_WITHIN = 2.0


@pytest.fixture(scope="module")
def server(environment, service, tmp_path_factory):
    """One of its own, since its workers are killed."""
    with serving(environment, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture
def rows(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield lambda *sql: connection.execute(*sql).fetchall()


def wait_for(condition):
    deadline = monotonic() + SECONDS
    while not condition():
        assert monotonic() < deadline
        sleep(0.02)


def test_what_a_killed_worker_had_acknowledged_is_there(server, kakao, rows):
    with people(server, kakao, 6, first=872_000) as crowd:
        with traffic(crowd, FOLDER, RELATED) as seen:
            for _ in range(3):
                reached = len(seen) + 60
                wait_for(lambda: len(seen) >= reached)  # noqa: B023
                victim = server.workers()[0]
                os.kill(victim, signal.SIGKILL)
                wait_for(lambda: len(workers := server.workers()) == 2 and victim not in workers)  # noqa: B023
            reached = len(seen) + 60
            wait_for(lambda: len(seen) >= reached)
        for person in crowd:
            ask_until(person, RELATED, lambda one: one.status == 200, SECONDS)
    acknowledged = {one.body["scrapId"] for one in seen if one.path == FOLDER[1] and one.status == 200}
    kept = {id for (id,) in rows("SELECT id FROM scraps_scrap WHERE id = ANY (%s)", [list(acknowledged)])}
    assert acknowledged
    assert acknowledged == kept
    # A connection to a worker that is killed breaks; nobody is told anything wrong. A full quota is no fault.
    assert {one.status for one in seen} <= {200, 0, 409}
    assert 0 < len([one for one in seen if one.status == 0]) <= 3 * 2 * len(crowd)


def test_thirty_logins_at_a_kakao_that_never_answers_keep_nobody_waiting(server, kakao):
    answers = []

    def log_in():
        with closing(server.connect()) as connection:
            body = json.dumps({"code": "never"})
            answers.append(answer(connection, "POST", "/login/kakao", headers=JSON, body=body))

    crowd = [Person(server, kakao, 873_000 + number) for number in range(4)]
    with kakao.hanging(TOKEN):
        threads = [Thread(target=log_in) for _ in range(LOGINS)]
        for thread in threads:
            thread.start()
        with traffic(crowd, RELATED, INTERESTS, TAGS) as seen:
            for thread in threads:
                thread.join()
    for person in crowd:
        person.connection.close()
    assert len(seen) > 50
    assert {one.status for one in seen} == {200}
    assert max(one.ended - one.began for one in seen) < SERVED_WITHIN
    assert [(status, json.loads(body)["code"]) for status, _, body in answers] == [
        (503, "upstream_unavailable")
    ] * LOGINS
    assert all(int(headers["Retry-After"]) >= 1 for _, headers, _ in answers)
    Person(server, kakao, 873_900).connection.close()


@contextmanager
def background(environment):
    process = subprocess.Popen([sys.executable, "manage.py", "run_background"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_what_a_killed_background_command_had_in_hand_is_done_by_the_next(server, kakao, rows, environment):
    kakao_id = 874_000
    person = Person(server, kakao, kakao_id)
    kakao.linked.add(kakao_id)
    assert person.ask("DELETE", "/users").status == 200
    person.connection.close()
    with kakao.hanging(UNLINK), background(environment):
        wait_for(lambda: any(call.form.get("target_id") == str(kakao_id) for call in kakao.calls_of(UNLINK)))
    assert kakao_id in kakao.linked
    with background(environment):
        wait_for(lambda: not rows("SELECT 1 FROM accounts_kakaounlink WHERE kakao_id = %s", [kakao_id]))
    assert kakao_id not in kakao.linked

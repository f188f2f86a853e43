"""What is seen of requests by two processes in production: one sum of counts, one line a failure, and no secrets."""

import json
import os
import re
import shutil
import signal
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from time import monotonic, sleep

import psycopg
import pytest

from tests.e2e.conftest import SECONDS, answer, serving
from tests.kakao import TOKEN

TOKEN_OF_METRICS = "metrics-" * 5
JSON = {"Content-Type": "application/json"}
E_MAIL = "sumin@example.com"
PHONE = "phone-of-sumin"
IN_QUERY = "in-the-query"
GIVEN = "GivenByWhoeverSends-1"
CONNECTIONS, EACH = 12, 5


@contextmanager
def production(environment, folder):
    """A server that writes its temporary files, and its log, into this folder."""
    own = {"PROFILE": "production", "THROTTLE": "on", "METRICS_TOKEN": TOKEN_OF_METRICS, "TMPDIR": str(folder)}
    with serving(environment | own, folder / "log") as server:
        yield server


@pytest.fixture(scope="module")
def server(environment, service, tmp_path_factory):
    """On the database of `service`."""
    with production(environment, tmp_path_factory.mktemp("production")) as server:
        yield server


def call(server, method, path, body=None, token="", **headers):
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    sent = None if body is None else json.dumps(body)
    with closing(server.connect()) as connection:
        return answer(connection, method, f"{path}?{IN_QUERY}=1", body=sent, headers={**JSON, **headers})


def written(server):
    return [json.loads(line) for line in server.log.read_text("utf-8").splitlines()]


def count(server, route, method="GET", status=200):
    _, _, body = call(server, "GET", "/metrics", token=TOKEN_OF_METRICS)
    found = re.findall(
        rf'http_requests_total{{method="{method}",route="{route}",status="{status}"}} (\S+)', body.decode()
    )
    return sum(map(float, found))


def figures(server, series):
    _, _, body = call(server, "GET", "/metrics", token=TOKEN_OF_METRICS)
    return [float(value) for value in re.findall(rf"^{re.escape(series)} (\S+)$", body.decode(), re.MULTILINE)]


def wait_for(condition):
    deadline = monotonic() + SECONDS
    while not condition():
        assert monotonic() < deadline
        sleep(0.05)


def workers(folder):
    """The ids of the processes that have counted requests."""
    files = [file for file in folder.glob("tokpik-metrics-*/counter_*.db") if b"topic-tags" in file.read_bytes()]
    return {int(re.sub(r"\D", "", file.name)) for file in files}


def ask_often(server):
    """Over many connections at a time: a worker takes what it can, and all of them get some."""
    with ExitStack() as stack:
        for connection in [stack.enter_context(closing(server.connect())) for _ in range(CONNECTIONS)]:
            for _ in range(EACH):
                assert answer(connection, "GET", "/topic-tags")[0] == 200


def ask_until_two_have_counted(server, folder, dead=frozenset()):
    """How many requests it took."""
    deadline, asked = monotonic() + SECONDS, 0
    while len(workers(folder) - dead) < 2:
        ask_often(server)
        asked += CONNECTIONS * EACH
        assert monotonic() < deadline
        sleep(0.01)
    return asked


def test_counts_are_summed_and_survive_the_worker_that_counted(environment, service, tmp_path):
    with production(environment, tmp_path) as server:
        asked = ask_until_two_have_counted(server, tmp_path)
        first = workers(tmp_path)
        assert [count(server, "topic-tags") for _ in range(10)] == [asked] * 10
        # What the database says is said once; what each process has is summed: a connection of the reading's at least.
        assert figures(server, "reminders_due") == [0]
        assert figures(server, "database_up") == [1]
        wait_for(lambda: figures(server, 'db_pool_connections{state="open"}')[0] >= 2)
        for worker in first:
            os.kill(worker, signal.SIGKILL)
        asked += ask_until_two_have_counted(server, tmp_path, dead=first)
        assert [count(server, "topic-tags") for _ in range(10)] == [asked] * 10
        # But not what they had at the moment, such as connections.
        assert not [dead for dead in first if list(tmp_path.glob(f"tokpik-metrics-*/gauge_live*_{dead}.db"))]
    assert not list(tmp_path.glob("tokpik-metrics-*"))


def test_a_swept_temporary_folder_stops_neither_the_page_nor_a_new_worker(environment, service, tmp_path):
    with production(environment, tmp_path) as server:
        ask_until_two_have_counted(server, tmp_path)
        [folder] = tmp_path.glob("tokpik-metrics-*")
        first = workers(tmp_path)
        shutil.rmtree(folder)
        assert call(server, "GET", "/metrics", token=TOKEN_OF_METRICS)[0] == 200
        shutil.rmtree(folder)
        for worker in first:
            os.kill(worker, signal.SIGKILL)
        asked = ask_until_two_have_counted(server, tmp_path)
        assert count(server, "topic-tags") == asked
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_new_run_begins_at_nothing(environment, service, tmp_path):
    for _ in range(2):
        with production(environment, tmp_path) as server:
            ask_often(server)
            assert count(server, "topic-tags") == CONNECTIONS * EACH


def test_every_answer_has_an_id_of_its_own(server):
    with closing(server.connect()) as connection:
        paths = ["/topic-tags", "/nowhere", "/users", "/livez", "/admin/login/", "/metrics"] * 20
        ids = [answer(connection, "GET", path, headers={"X-Request-Id": GIVEN})[1]["X-Request-Id"] for path in paths]
    assert len(set(ids)) == len(paths)
    assert GIVEN not in ids


@pytest.fixture
def broken(database_url):
    """A database that lacks a table, which is a crash of ours."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE scraps_scrap RENAME TO mislaid")
        yield
        connection.execute("ALTER TABLE mislaid RENAME TO scraps_scrap")


def sign_in(server, kakao):
    account = {"email": E_MAIL, "is_email_valid": True, "is_email_verified": True}
    code = kakao.grant({"id": 515_001, "kakao_account": account})
    status, _, body = call(server, "POST", "/login/kakao", {"code": code})
    assert status == 200
    pair = json.loads(body)
    return pair["accessToken"], pair["refreshToken"], code


def test_a_failure_is_one_line_with_the_answers_id(server, kakao, broken):
    access, _, _ = sign_in(server, kakao)
    failures = [call(server, "GET", "/users/scraps", token=access) for _ in range(5)]
    assert {status for status, _, _ in failures} == {500}
    ids = Counter(headers["X-Request-Id"] for _, headers, _ in failures)
    lines = [line for line in written(server) if line.get("request_id") in ids]
    assert Counter(line["request_id"] for line in lines) == ids
    for line in lines:
        assert (line["method"], line["route"], line["status"]) == ("GET", "users/scraps", 500)
        assert 'relation "scraps_scrap" does not exist' in line["exception"]
    assert count(server, "users/scraps", status=500) >= 5


def test_nothing_that_was_sent_is_in_the_log(server, kakao, request):
    access, refresh, code = sign_in(server, kakao)
    for method, path, body in [
        ("PUT", "/users/notification-token", {"notificationToken": PHONE}),
        ("GET", "/users/profiles", None),
        ("POST", "/users/scraps", {"scrapName": PHONE}),
        ("POST", "/topics", {"includeFilterCondition": True, "talkSituations": [PHONE]}),
        ("POST", "/topics", {"includeFilterCondition": PHONE}),
        ("GET", "/users/scraps/999999999/topics", None),
        ("GET", f"/{PHONE}", None),
        ("POST", "/refresh", {"refreshToken": refresh + "x"}),
        ("POST", "/webhooks/kakao/unlink", {"user_id": PHONE}),
    ]:
        assert call(server, method, path, body, token=access)[0] < 500
    with server.send(f"GET /{PHONE}?{IN_QUERY}\r\n\r\n".encode()) as opened:
        assert opened.recv(65536).startswith(b"HTTP/1.1 4")
    assert call(server, "GET", "/topic-tags", Host=f"{PHONE}.example")[0] == 400
    kakao.cut.add(TOKEN)
    try:
        assert call(server, "POST", "/login/kakao", {"code": "never-used-code"}, token=access)[0] == 503
    finally:
        kakao.cut.remove(TOKEN)
    request.getfixturevalue("broken")
    assert call(server, "POST", "/users/scraps", {"scrapName": PHONE}, token=access)[0] == 500
    assert call(server, "DELETE", "/users", token=access)[0] == 500

    log = server.log.read_text("utf-8")
    failed = [line["route"] for line in written(server) if line["event"] == "Failed request"]
    assert {"login/kakao", "users/scraps", "users"} <= set(failed)
    secrets = [
        access,
        refresh,
        access[-20:],
        refresh[-20:],
        code,
        "never-used-code",
        E_MAIL,
        PHONE,
        IN_QUERY,
        "999999999",
    ]
    assert not [secret for secret in (*secrets, TOKEN_OF_METRICS, "s3cret-", "Bearer") if secret in log]


def test_an_ordinary_run_leaves_no_line_but_the_servers_own(environment, service, kakao, tmp_path):
    with production(environment, tmp_path) as server:
        # Kakao is asked, too.
        sign_in(server, kakao)
        for path in ("/topic-tags", "/nowhere", "/users", "/livez", "/readyz", "/schema"):
            assert call(server, "GET", path)[0] < 500
    assert {line["logger"] for line in written(server)} <= {"gunicorn.error", "py.warnings"}

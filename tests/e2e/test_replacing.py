"""The web server is replaced while people use it: behind the proxy nobody notices."""

import http.client
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from tests.e2e.conftest import GUNICORN, ROOT, SECONDS, answer
from tests.e2e.proxy import caddy, connect, free_port

PEOPLE = 6
READS, WRITES = (
    [("GET", "/topic-tags", None), ("GET", "/policies", None)],
    [("POST", "/logout", b'{"refreshToken": "x"}')],
)


@contextmanager
def web(environment, port, log):
    """A server that closes its port when it ends, as a container does."""
    variables = environment | {"PORT": str(port), "TRUSTED_PROXY_HOPS": "1", "ALLOWED_HOSTS": "localhost"}
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, *GUNICORN], cwd=ROOT, env=variables, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


def ready(port):
    deadline = monotonic() + SECONDS
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
                if answer(connection, "GET", "/livez")[0] == 200:
                    return
        except OSError:
            assert monotonic() < deadline
            sleep(0.05)


class Crowd:
    """People who ask one thing after the other, over connections that they keep."""

    def __init__(self, port, asked):
        self.port, self.asked, self.stop, self.seen = port, asked, Event(), []
        self.threads = [Thread(target=self.ask) for _ in range(PEOPLE)]

    def ask(self):
        with closing(connect(self.port)) as connection:
            while not self.stop.is_set():
                for method, path, body in self.asked:
                    headers = {"Content-Type": "application/json"} if body else {}
                    status, _, said = answer(connection, method, path, body=body, headers=headers)
                    self.seen.append((status, said))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self.threads:
            thread.join(SECONDS)

    def goes_on(self, count):
        """Until so many more were answered."""
        until, deadline = len(self.seen) + count, monotonic() + SECONDS
        while len(self.seen) < until:
            assert monotonic() < deadline, self.seen[-3:]
            sleep(0.02)


@pytest.fixture
def port(service):
    """Of a service whose database is there."""
    return free_port()


def test_no_read_is_lost_when_the_container_is_replaced(environment, port, tmp_path):
    """The one before ends first, as compose does it; those who ask meanwhile wait at the proxy. (A write that had just
    been handed over is not sent twice: docs/operations.md.)"""
    log = tmp_path / "log"
    with caddy(port, tmp_path, patience="60s") as proxy, Crowd(proxy, READS) as crowd:
        for _ in range(2):
            with web(environment, port, log):
                ready(port)
                crowd.goes_on(100)
        with web(environment, port, log):
            crowd.goes_on(100)
            crowd.stop.set()
            for thread in crowd.threads:
                thread.join(SECONDS)
    assert {status for status, _ in crowd.seen} == {200}


def test_no_request_is_lost_when_its_workers_are(environment, port, tmp_path):
    """gunicorn's own reload."""
    with caddy(port, tmp_path) as proxy, web(environment, port, tmp_path / "log") as server:
        ready(port)
        with Crowd(proxy, READS + WRITES) as crowd:
            crowd.goes_on(100)
            server.send_signal(signal.SIGHUP)
            crowd.goes_on(400)
        assert {status for status, _ in crowd.seen} == {200}

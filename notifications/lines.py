"""Connections to other services that are kept, and that another thread can cut.

`http.client` and not httpx2: a push costs 0.3 ms of CPU instead of 1.0 (docs/decisions/0020).
"""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from select import POLLIN, poll
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECT_SECONDS = 2.0
PACKET_SECONDS = 5.0
# A connection that was idle for so long is not trusted any more.
IDLE_SECONDS = 60.0
ANSWER_LONGEST = 64 * 1024
# What a call may raise that has no answer.
NO_ANSWER = (OSError, HTTPException, ValueError)


class Response(NamedTuple):
    status: int
    headers: Any
    data: bytes


class Line:
    """A connection to the server of this URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            self.connection: HTTPConnection = HTTPSConnection(
                host, parts.port, timeout=CONNECT_SECONDS, context=trusted()
            )
        else:
            self.connection = HTTPConnection(host, parts.port, timeout=CONNECT_SECONDS)
        self.used_at = float("-inf")

    def make_ready(self) -> None:
        """Connects, anew where the other side has hung up: a push that is lost on a dead line would be late."""
        if self.connection.sock is not None and self.is_stale():
            self.close()
        if self.connection.sock is None:
            self.connection.connect()
            assert self.connection.sock is not None
            self.connection.sock.settimeout(PACKET_SECONDS)

    def is_stale(self) -> bool:
        waiting = poll()
        waiting.register(self.connection.sock, POLLIN)
        return monotonic() - self.used_at > IDLE_SECONDS or bool(waiting.poll(0))

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """Raises one of `NO_ANSWER` where none came, or only a part of one."""
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        data = response.read(ANSWER_LONGEST)
        if not response.isclosed():  # it broke off, or is more than we care to read
            self.close()
            if len(data) < ANSWER_LONGEST:
                raise IncompleteRead(data)
        self.used_at = monotonic()
        return Response(response.status, response.headers, data)

    def close(self) -> None:
        self.connection.close()

    def cut(self) -> None:
        """From another thread: whoever waits on this line stops waiting. Past TLS, which is not made for that."""
        if sock := self.connection.sock:  # read once: its own thread may close it at any moment
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


@cache
def trusted() -> ssl.SSLContext:
    return ssl.create_default_context()

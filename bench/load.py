"""Load on loopback: one thread, plain sockets, connections that are kept. What it costs itself counts for nothing."""

import selectors
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

ORIGIN = "http://localhost:3000"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """How long each answer took (ms), how many were no 200, and how long it all took."""

    latencies: Sequence[float]
    failed: int
    seconds: float

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p95(self) -> float:
        return sorted(self.latencies)[int(len(self.latencies) * 0.95)]


def request(path: str, *, token: str, body: bytes = b"") -> bytes:
    """A request as the client's browser sends it, CORS included; with a body a POST."""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        f"Origin: {ORIGIN}",
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Connection:
    port: int
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    open: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.open = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        self.open.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, raw: bytes, due: float) -> None:
        self.due = due
        self.open.sendall(raw)

    def receive(self) -> int | None:
        """The status, once the whole answer is here."""
        piece = self.open.recv(65536)
        if not piece:
            raise ConnectionError("The server closed the connection instead of answering.")
        self.received += piece
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank or len(body) < length_in(head):
            return None
        self.received.clear()
        return int(head[9:12])


def length_in(head: bytes | bytearray) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0])


def run(port: int, requests: Sequence[bytes], *, connections: int = 8, rate: float | None = None) -> Outcome:
    """Sends all of `requests`, each as soon as a connection is free; with a `rate` (a second) none before its time.

    Where the server falls behind the rate, the wait for a connection counts as latency.
    """
    load = Load(port, requests, connections, rate)
    try:
        return load.run()
    finally:
        load.close()


class Load:
    def __init__(self, port: int, requests: Sequence[bytes], connections: int, rate: float | None) -> None:
        self.requests = requests
        self.rate = rate
        self.sent = self.failed = 0
        self.latencies: list[float] = []
        self.idle = [Connection(port) for _ in range(min(connections, len(requests)))]
        self.selector = selectors.DefaultSelector()
        for connection in self.idle:
            self.selector.register(connection.open, selectors.EVENT_READ, connection)
        self.began = time.perf_counter()

    def run(self) -> Outcome:
        while len(self.latencies) + self.failed < len(self.requests):
            self.send_due()
            ready = self.selector.select(self.until_next())
            for key, _ in ready:
                self.receive(key.data)
        return Outcome(self.latencies, self.failed, self.now())

    def now(self) -> float:
        return time.perf_counter() - self.began

    def due(self) -> float:
        """When the next request may be sent."""
        return self.sent / self.rate if self.rate else self.now()

    def send_due(self) -> None:
        while self.idle and self.sent < len(self.requests) and (due := self.due()) <= self.now():
            # The one that was idle longest: all are used, and none is closed for idleness.
            self.idle.pop(0).send(self.requests[self.sent], due)
            self.sent += 1

    def until_next(self) -> float:
        if self.idle and self.sent < len(self.requests):
            return max(0.0, self.due() - self.now())
        return PATIENCE_SECONDS

    def receive(self, connection: Connection) -> None:
        status = connection.receive()
        if status is None:
            return
        if status == 200:
            self.latencies.append((self.now() - connection.due) * 1000)
        else:
            self.failed += 1
        self.idle.append(connection)

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.data.open.close()
        self.selector.close()

"""Pushes by FCM HTTP v1 over kept connections.

`http.client` and not httpx2: a push costs 0.3 ms of CPU instead of 1.0 (docs/decisions/0020).
"""

import socket
import ssl
from collections import deque
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from select import POLLIN, poll
from time import monotonic
from urllib.parse import urlsplit

import orjson

from notifications.credential import Busy, Credential, Refused, Unavailable
from notifications.parcels import Parcel
from notifications.verdicts import Answer, Verdict, judge

CONNECT_SECONDS = 2.0
PACKET_SECONDS = 5.0
# A connection that was idle for so long is not trusted any more.
IDLE_SECONDS = 60.0
ANSWER_LONGEST = 64 * 1024


class Line:
    """A connection that is kept."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.used_at = float("-inf")

    def make_ready(self) -> None:
        """Connects, anew where the other side has hung up: a push that is lost on a dead line would be late."""
        if self.connection.sock is not None and self.is_stale():
            self.connection.close()
        if self.connection.sock is None:
            self.connection.connect()
            assert self.connection.sock is not None
            self.connection.sock.settimeout(PACKET_SECONDS)

    def is_stale(self) -> bool:
        waiting = poll()
        waiting.register(self.connection.sock, POLLIN)
        return monotonic() - self.used_at > IDLE_SECONDS or bool(waiting.poll(0))

    def cut(self) -> None:
        """From another thread: whoever waits on this line stops waiting. Past TLS, which is not made for that."""
        if self.connection.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.connection.sock, socket.SHUT_RDWR)


class Fcm:
    """The gateway to FCM; `deliver` is called by many threads."""

    def __init__(self, *, credential: Credential, url: str) -> None:
        self.credential = credential
        parts = urlsplit(url)
        self.host, self.port, self.encrypted = parts.hostname or "", parts.port, parts.scheme == "https"
        self.tls = ssl.create_default_context()
        self.path = f"{parts.path}/v1/projects/{credential.project}/messages:send"
        # The one used last first, so that few are open when little is to be sent.
        self.lines: deque[Line] = deque()

    def deliver(self, parcel: Parcel) -> Answer:
        """Raises `Refused` when nothing can be sent any more."""
        try:
            token = self.credential.token(seconds=parcel.send_before - monotonic())
        except Busy:
            return Answer(Verdict.NOT_SENT)
        except Unavailable as error:
            return Answer(Verdict.AGAIN, why=str(error))
        answer = self.send(parcel, token)
        if answer.verdict is Verdict.SENT:
            self.credential.accepted()
        elif answer.verdict is Verdict.UNAUTHENTICATED:
            self.credential.rejected(token)
        elif answer.verdict is Verdict.FORBIDDEN:
            raise Refused(f"FCM does not allow this credential to push ({answer.why}).")
        return answer

    def close(self) -> None:
        while self.lines:
            self.lines.pop().connection.close()
        self.credential.transport.client.close()

    def send(self, parcel: Parcel, token: str) -> Answer:
        line = self.line()
        parcel.cut = line.cut
        try:
            line.make_ready()
            answer = self.exchange(line, parcel, token) if parcel.may_leave() else Answer(Verdict.NOT_SENT)
        except (OSError, HTTPException, ValueError) as error:
            line.connection.close()
            return Answer(Verdict.AGAIN, why=type(error).__name__)
        finally:
            parcel.cut = None
        line.used_at = monotonic()
        if parcel.settled:  # given up meanwhile, and this line is being cut
            line.connection.close()
        else:
            self.lines.append(line)
        return answer

    def exchange(self, line: Line, parcel: Parcel, token: str) -> Answer:
        body = orjson.dumps(parcel.message)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        line.connection.request("POST", self.path, body, headers)
        response = line.connection.getresponse()
        answer = judge(response.status, response.headers, response.read(ANSWER_LONGEST))
        if not response.isclosed():  # more than we care to read
            line.connection.close()
        return answer

    def line(self) -> Line:
        with suppress(IndexError):
            return self.lines.pop()
        if self.encrypted:
            return Line(HTTPSConnection(self.host, self.port, timeout=CONNECT_SECONDS, context=self.tls))
        return Line(HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS))

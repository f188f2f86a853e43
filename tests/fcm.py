"""A stand-in for FCM and for Google's token endpoint: a real HTTP server on loopback that can misbehave.

with FakeFcm() as fcm:
    fcm.credentials(folder)  # a service account's file that it accepts
    fcm.answers["phone"] = refusal(404, "UNREGISTERED")
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qs

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = "tokpik-test"
SECONDS_HUNG_MOST = 60.0
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


@dataclass(frozen=True)
class Reply:
    """An answer; after `seconds`. `cut` closes the connection instead, `torn` in the middle of the answer, `drip` sends
    a byte at a time for ever."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"name": f"projects/{PROJECT}/messages/1"})
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False
    torn: bool = False
    drip: bool = False

    def bytes(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} X", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(status: int, code: str = "", *, field: str = "", general: str = "", **reply: Any) -> Reply:
    """As FCM says it: `code` among the details, `field` as a violation, `general` as the error's own status."""
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": FCM_ERROR, "errorCode": code})
    if field:
        details.append({"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": "bad"}]})
    error = {"code": status, "message": "no", "status": general or code, "details": details}
    return Reply(status, {"error": error}, **reply)


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*pem).decode()


@dataclass
class FakeFcm:
    """`answers` replaces the answer to a phone, `reply` to all others; `judge`, if set, decides before both.

    `pushes` are the messages as they came, with their targets; `counts` how often each (target, tag) came.
    """

    project: str = PROJECT
    reply: Reply = field(default_factory=Reply)
    answers: dict[str, Reply] = field(default_factory=dict)
    judge: Callable[[dict[str, Any]], Reply | None] = lambda message: None
    pushes: list[dict[str, Any]] = field(default_factory=list)
    counts: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    connections: int = 0
    # The token endpoint: what it was asked, what it answers instead, and the tokens that FCM accepts.
    grants: list[dict[str, list[str]]] = field(default_factory=list)
    grant_reply: Reply | None = None
    accepted: set[str] = field(default_factory=set)
    received: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        started = Event()
        self.thread = Thread(target=self.serve, args=(started,), daemon=True)
        self.thread.start()
        assert started.wait(SECONDS_HUNG_MOST)
        return self

    def __exit__(self, *error: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        for transport in self.transports:
            transport.abort()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def serve(self, started: Event) -> None:
        self.transports: set[Any] = set()
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=500)
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set()
        self.loop.run_forever()
        server.close()

    def credentials(self, folder: Path, **changed: Any) -> str:
        """The file of a service account whose tokens this server gives out."""
        account = {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": "1",
            "private_key": private_key(),
            "client_email": f"push@{self.project}.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/token",
            **changed,
        }
        file = folder / "service-account.json"
        file.write_text(json.dumps(account))
        return str(file)

    def answer(self, path: str, headers: bytes, body: bytes) -> Reply:
        if path == "/token":
            return self.grant(body)
        self.paths.append(path)
        bearer = headers.partition(b"authorization: bearer ")[2].partition(b"\r\n")[0].decode()
        if bearer not in self.accepted:
            return refusal(401, general="UNAUTHENTICATED")
        return self.push(orjson.loads(body)["message"])

    def push(self, message: dict[str, Any]) -> Reply:
        self.pushes.append(message)
        self.times.append(time.monotonic())
        self.counts[message["token"], message["webpush"]["notification"]["tag"]] += 1
        self.received.set()
        return self.judge(message) or self.answers.get(message["token"]) or self.reply

    def grant(self, body: bytes) -> Reply:
        self.grants.append(parse_qs(body.decode()))
        if self.grant_reply:
            return self.grant_reply
        token = f"token-{len(self.grants)}"
        self.accepted.add(token)
        return Reply(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def tags(self) -> "Counter[str]":
        return Counter(message["webpush"]["notification"]["tag"] for message in self.pushes)


class Connection(asyncio.Protocol):
    def __init__(self, fcm: FakeFcm) -> None:
        self.fcm, self.received = fcm, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.fcm.connections += 1
        self.fcm.transports.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.fcm.transports.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, rest = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        path = head.split(b" ", 2)[1].decode()
        headers = head.lower() + b"\r\n"
        length = int(headers.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self.received = rest[length:]
        reply = self.fcm.answer(path, headers, rest[:length])
        asyncio.get_running_loop().call_later(reply.seconds, self.send, reply)

    def send(self, reply: Reply) -> None:
        if reply.cut:
            self.transport.abort()
        elif reply.drip:
            self.drip()
        elif reply.torn:
            self.transport.write(reply.bytes()[:-9])
            self.transport.close()
        elif not self.transport.is_closing():
            self.transport.write(reply.bytes())

    def drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 200 OK\r\nX: " if not self.received else b"x")
            self.received = b"dripping"
            asyncio.get_running_loop().call_later(0.1, self.drip)

"""A stand-in for Kakao: a real HTTP server on loopback that hands out codes, exchanges each once, and can misbehave."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN, ME, UNLINK = "/oauth/token", "/v2/user/me", "/v1/user/unlink"
SECONDS_HUNG_MOST = 20


@dataclass(frozen=True)
class Call:
    """One request that was received."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeKakao:
    """`with FakeKakao() as kakao:`, then `kakao.url` is both its addresses.

    `answers[path]` replaces an answer by a status and a body; what is in `cut` closes the connection without one;
    what is in `hung` waits for `release`, at most 20 seconds. `meanwhile` is called while a request is being answered.
    Whoever shows the `admin_key` may ask who is `linked`, and unlink them.
    """

    admin_key: str = "admin"
    linked: set[int] = field(default_factory=set)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    hung: set[str] = field(default_factory=set)
    release: Event = field(default_factory=Event)
    meanwhile: Callable[[str], None] = lambda path: None
    calls: list[Call] = field(default_factory=list)
    numbers: Any = field(default_factory=count)

    def grant(self, me: dict[str, Any] | int) -> str:
        """An authorisation code, good for one exchange, of somebody with this id or this whole answer."""
        code = f"code-{next(self.numbers)}"
        self.people[code] = {"id": me} if isinstance(me, int) else me
        return code

    def calls_of(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def exchange(self, form: dict[str, str]) -> tuple[int, Any]:
        me = self.people.pop(form.get("code", ""), None)
        if me is None:
            return 400, {"error": "invalid_grant", "error_description": "not found", "error_code": "KOE320"}
        token = f"kakao-token-{next(self.numbers)}"
        self.tokens[f"Bearer {token}"] = me
        return 200, {"token_type": "bearer", "access_token": token, "expires_in": 21599}

    def tell_me(self, headers: dict[str, str]) -> tuple[int, Any]:
        me = self.tokens.get(headers.get("authorization", ""))
        return (200, me) if me is not None else (401, {"msg": "this access token does not exist", "code": -401})

    def of_target(self, call: Call, *, unlink: bool) -> tuple[int, Any]:
        """What the admin key may do to somebody by their id."""
        if call.headers.get("authorization") != f"KakaoAK {self.admin_key}":
            return 401, {"msg": "wrong admin key", "code": -401}
        sent = call.form or call.query
        if sent.get("target_id_type") != "user_id":
            return 400, {"msg": "target_id_type is wrong", "code": -2}
        kakao_id = int(sent["target_id"])
        if kakao_id not in self.linked:
            return 400, {"msg": "NotRegisteredUserException", "code": -101}
        self.linked -= {kakao_id} if unlink else set()
        return 200, {"id": kakao_id}

    def answer(self, call: Call) -> tuple[int, Any]:
        if call.path in self.answers:
            return self.answers[call.path]
        match call.method, call.path:
            case "POST", "/oauth/token":
                return self.exchange(call.form)
            case "POST", "/v1/user/unlink":
                return self.of_target(call, unlink=True)
            case "GET", "/v2/user/me" if call.headers.get("authorization", "").startswith("KakaoAK"):
                return self.of_target(call, unlink=False)
            case "GET", "/v2/user/me":
                return self.tell_me(call.headers)
        return 404, {"msg": "no such call", "code": -1}

    def __enter__(self) -> Self:
        self.server = KakaoServer(("127.0.0.1", 0), type("Handler", (KakaoHandler,), {"kakao": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    @contextmanager
    def hanging(self, path: str) -> Iterator[None]:
        """Within the block nobody who calls this path is answered; those who still wait are, at its end."""
        self.release = Event()
        self.hung.add(path)
        try:
            yield
        finally:
            self.hung.clear()
            self.release.set()
            self.release = Event()

    def __exit__(self, *error: object) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


class KakaoServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *request: Any) -> None:
        """Who asked has gone without waiting for the answer."""


class KakaoHandler(BaseHTTPRequestHandler):
    kakao: FakeKakao
    protocol_version = "HTTP/1.1"
    timeout = SECONDS_HUNG_MOST

    def handle_call(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        address = urlsplit(self.path)
        call = Call(self.command, address.path, headers, form, dict(parse_qsl(address.query)))
        self.kakao.calls.append(call)
        self.kakao.meanwhile(call.path)
        if call.path in self.kakao.hung:
            self.kakao.release.wait(SECONDS_HUNG_MOST)
        if call.path in self.kakao.cut:
            self.close_connection = True
            return
        self.reply(*self.kakao.answer(call))

    do_GET = do_POST = handle_call

    def reply(self, status: int, body: Any) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("Set-Cookie", "kakao_session=somebody; Path=/")
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *args: Any) -> None:
        """Says nothing."""

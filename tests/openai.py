"""A stand-in for a server of the Chat Completions dialect: a real HTTP server on loopback that can misbehave.

with FakeOpenAI() as model:
    model.answers.append(topics("첫 월급으로 산 것", "지금은 어디에 있을까"))
    model.answers.append(Reply(429, headers={"Retry-After": "30"}))
"""

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Lock, Thread
from typing import Any, Self

SECONDS_HUNG_MOST = 60


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `cut` closes the connection in the middle of it, `hang` waits for the server's `release`."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


def completion(content: Any, **message: Any) -> dict[str, Any]:
    """What a server answers when the model has written `content`."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000}
    return {"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], "usage": usage}


@dataclass
class Call:
    """One request that was received: its body, and what the user message holds."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.body["messages"][-1]["content"])

    @property
    def schema(self) -> dict[str, Any]:
        return self.body["response_format"]["json_schema"]["schema"]

    def fields(self, name: str = "topics") -> dict[str, Any]:
        """Of one item, as the schema has it."""
        return self.schema["properties"][name]["items"]["properties"]


@dataclass
class FakeOpenAI:
    """`answers` are given in turn, each once; what else is asked is answered well, by `write`.

    `meanwhile` is called while a call is being answered.
    """

    answers: "deque[Reply | Callable[[Call], Any] | Any]" = field(default_factory=deque)
    always: Any = None
    meanwhile: Callable[[], None] = lambda: None
    calls: list[Call] = field(default_factory=list)
    received: Event = field(default_factory=Event)
    release: Event = field(default_factory=Event)
    numbers: Any = field(default_factory=lambda: count(1))
    lock: Any = field(default_factory=Lock)

    def answer(self, call: Call) -> Reply:
        with self.lock:
            answer = self.answers.popleft() if self.answers else self.always
        if callable(answer):
            answer = answer(call)
        if answer is None:
            answer = self.write(call)
        return answer if isinstance(answer, Reply) else Reply(body=completion(answer))

    def write(self, call: Call) -> dict[str, Any]:
        """What a good model writes: of each list the first value, and no two titles alike."""
        if "items" in call.schema["properties"]:
            return {"items": [detail(f"{number}번째로 이어 가는 방법") for number in range(1, 6)]}
        return {"topics": [self.topic(call) for _ in range(call.data["개수"])]}

    def topic(self, call: Call, **changed: Any) -> dict[str, Any]:
        fields = call.fields()
        chosen = {name: kind["enum"][0] for name, kind in fields.items() if "enum" in kind}
        return {**chosen, "title": self.title(), "subtitle": "오늘 저녁에 꺼내 볼 이야기 한 줄", **changed}

    def title(self) -> str:
        """Hangul without end, and hardly two syllables alike."""
        with self.lock:
            number = next(self.numbers)
        return "".join(chr(0xAC00 + (number * 7919 + place * 1543) % 11172) for place in range(12))

    def __enter__(self) -> Self:
        self.server = ModelServer(("127.0.0.1", 0), type("Handler", (ModelHandler,), {"fake": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Within the block nobody is answered; those who still wait have what they asked for written, at its end."""
        self.release = Event()
        self.always = Reply(hang=True)
        try:
            yield
        finally:
            self.always = None
            self.release.set()

    def __exit__(self, *error: object) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


def detail(title: str, content: str = "") -> dict[str, str]:
    return {"title": title, "content": content or f"“{title}”라고 물어보고 대답을 들어 보세요. " * 6}


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def handle_error(self, *request: Any) -> None:
        """Who asked has gone without waiting for the answer."""


class ModelHandler(BaseHTTPRequestHandler):
    fake: FakeOpenAI
    protocol_version = "HTTP/1.1"
    timeout = SECONDS_HUNG_MOST

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert self.path == "/v1/chat/completions"
        call = Call(json.loads(raw), {name.lower(): value for name, value in self.headers.items()})
        self.fake.calls.append(call)
        self.fake.received.set()
        self.fake.meanwhile()
        reply = self.fake.answer(call)
        if reply.hang:
            self.fake.release.wait(SECONDS_HUNG_MOST)
            reply = Reply(body=completion(self.fake.write(call)))
        self.send(reply)

    def send(self, reply: Reply) -> None:
        sent = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent) + reply.cut))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)
        self.close_connection = self.close_connection or reply.cut

    def log_message(self, *args: Any) -> None:
        """Says nothing."""

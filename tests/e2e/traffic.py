"""People who go on using a service while something happens to it."""

import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Any

from tests.e2e.conftest import Service, answer
from tests.kakao import FakeKakao

JSON = {"Content-Type": "application/json"}
RELATED, POLICIES, INTERESTS = ("GET", "/topics/1/related"), ("GET", "/policies"), ("GET", "/users/tags")
TAGS, FOLDER = ("GET", "/topic-tags"), ("POST", "/users/scraps")


@dataclass(frozen=True)
class Seen:
    """One request: when it began and ended, and what came back; status 0 where the connection broke."""

    path: str
    began: float
    ended: float
    status: int
    retry_after: str | None = None
    body: Any = None


class Person:
    """Somebody signed in, over a connection that is kept as long as it lasts."""

    def __init__(self, service: Service, kakao: FakeKakao, kakao_id: int) -> None:
        self.service = service
        self.connection = service.connect()
        self.headers = dict(JSON)
        self.headers["Authorization"] = f"Bearer {self.login(kakao, kakao_id)}"
        self.numbers = iter(range(1_000_000))

    def login(self, kakao: FakeKakao, kakao_id: int) -> str:
        body = json.dumps({"code": kakao.grant(kakao_id)})
        status, _, said = answer(self.connection, "POST", "/login/kakao", body=body, headers=JSON)
        assert status == 200, said
        return str(json.loads(said)["accessToken"])

    def ask(self, method: str, path: str, sent: object = None) -> Seen:
        """A POST of nothing else makes a folder."""
        if method == "POST":
            sent = sent or {"scrapName": f"폴더 {next(self.numbers)}"}
        body = json.dumps(sent) if sent else None
        began = monotonic()
        try:
            status, headers, said = answer(self.connection, method, path, headers=self.headers, body=body)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return Seen(path, began, monotonic(), 0)
        return Seen(path, began, monotonic(), status, headers["Retry-After"], json.loads(said) if said else None)


@contextmanager
def people(service: Service, kakao: FakeKakao, count: int, first: int) -> Iterator[list[Person]]:
    with ExitStack() as stack:
        made = [Person(service, kakao, first + number) for number in range(count)]
        for person in made:
            stack.callback(person.connection.close)
        yield made


@contextmanager
def traffic(crowd: Sequence[Person], *calls: tuple[Any, ...]) -> Iterator[list[Seen]]:
    """Each person makes these calls in turn, again and again, while the block runs; what they saw grows meanwhile."""
    seen: list[Seen] = []
    done = Event()

    def keep_asking(person: Person) -> None:
        while not done.is_set():
            for call in calls:
                seen.append(person.ask(*call))

    threads = [Thread(target=keep_asking, args=(person,)) for person in crowd]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join()


def ask_until(person: Person, call: tuple[Any, ...], is_so: Callable[[Seen], bool], seconds: float) -> Seen:
    """Asks again and again; the first answer of which `is_so` holds."""
    until = monotonic() + seconds
    while not is_so(seen := person.ask(*call)):
        assert monotonic() < until, seen
    return seen

"""What a request asks of the database and of Redis, counted in this process: statements, and round trips."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.connection import AbstractConnection


@dataclass
class Count:
    """`statements` with BEGIN and COMMIT; a pipeline is one round trip."""

    statements: list[str] = field(default_factory=list)
    round_trips: int = 0


@contextmanager
def counting() -> Iterator[Count]:
    """What this thread asks within; what the worker's reading asks meanwhile is another thread's."""
    count, thread, send = Count(), threading.get_ident(), AbstractConnection.send_packed_command

    def counted(self: Any, *arguments: Any, **options: Any) -> None:
        count.round_trips += threading.get_ident() == thread
        send(self, *arguments, **options)

    with patch.object(AbstractConnection, "send_packed_command", counted), CaptureQueriesContext(connection) as queries:
        yield count
    count.statements = [query["sql"] for query in queries.captured_queries]


def client(token: str = "") -> Client:
    """The whole service in this process, middleware included."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return Client(SERVER_NAME="127.0.0.1", headers=headers)


def counted(call: Callable[[], Any], *, warm: int = 1) -> Count:
    """Of a call that answers 200; made `warm` times before, so that connections stand and caches are filled."""
    for _ in range(warm):
        assert_ok(call())
    with counting() as count:
        assert_ok(call())
    return count


def assert_ok(answer: Any) -> None:
    assert answer.status_code == 200, answer.content

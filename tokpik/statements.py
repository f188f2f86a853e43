"""How many statements a request sends: counted where they are sent, so one that sends none pays nothing."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

sent: ContextVar[int] = ContextVar("statements sent", default=0)


def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    sent.set(sent.get() + 1)
    return execute(sql, params, many, context)


def count_those_of(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Once for each thread's connection. First in the row: whoever adds a wrapper for a while takes the last away."""
    if count not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, count)


connection_created.connect(count_those_of)

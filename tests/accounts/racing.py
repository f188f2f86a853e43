"""Calls that start at the same moment, each in a thread with a database connection of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from time import monotonic
from typing import Any

from django.db import connection

SECONDS = 60


def race(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned, in their order. Raises what one of them raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(SECONDS)
        return in_a_connection_of_its_own(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(SECONDS) for future in [pool.submit(run, call) for call in calls]]


def in_a_connection_of_its_own(call: Callable[[], Any]) -> Any:
    try:
        return call()
    finally:
        connection.close()


@contextmanager
def behind_my_locks(call: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Starts `call` in a thread; the block begins when it waits for a lock that this thread's transaction holds.

    Read its result after that transaction.
    """
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(in_a_connection_of_its_own, call)
        deadline = monotonic() + SECONDS
        while not someone_waits_for_me():
            assert not future.done(), f"it did not wait: {future.result()}"
            assert monotonic() < deadline
        yield future


def someone_waits_for_me() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])

"""Calls to other services: how many threads may wait for one, and how long one call may take as a whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from threading import BoundedSemaphore
from typing import TypeVar

T = TypeVar("T")


class NotBegun(Exception):
    """The call did not begin in time, and never will."""


class Places:
    """So many threads may wait for something at once; one more waits for its turn, the others are told at once."""

    def __init__(self, count: int) -> None:
        self.places = BoundedSemaphore(count)
        self.queue = BoundedSemaphore(1)

    def take(self, seconds: float) -> bool:
        """Whether a place was got; whoever has one gives it back with `release`."""
        if self.places.acquire(blocking=False):
            return True
        if not self.queue.acquire(blocking=False):
            return False
        try:
            return self.places.acquire(timeout=seconds)
        finally:
            self.queue.release()

    def release(self) -> None:
        self.places.release()


def bounded(pool: ThreadPoolExecutor, seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns, or raises, within so many seconds: a client's own time-out is per packet.

    Raises `NotBegun`, or `TookTooLong` for a call that is under way and goes on, with nobody waiting for it.
    """
    asked = pool.submit(call)
    try:
        return asked.result(seconds)
    except TookTooLong:
        # One that still stands in the queue must not be sent later, when nobody waits for its outcome any more.
        if asked.cancel():
            raise NotBegun from None
        raise

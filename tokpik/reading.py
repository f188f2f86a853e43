"""A worker's reading: what each process knows of the database, at most a second old (docs/decisions/0008).

Requests ask it instead of the database or the cache: which sessions have ended. A daemon thread takes it in one
statement every 0.3 s over a connection that it keeps; a request that finds none, or one older than a second, takes it
itself. While the database cannot be reached the last reading counts for ten seconds, then requests get 503.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from tokpik import pool
from tokpik.errors import UpstreamUnavailable

logger = logging.getLogger(__name__)
INTERVAL_SECONDS = 0.3
FRESH_SECONDS = 1.0
LAST_RESORT_SECONDS = 10.0
# Now and then all is read again, so that what no longer matters is forgotten.
EVERYTHING_SECONDS = 3600.0
# How long a request waits for another that is taking the reading.
TURN_SECONDS = 2.5


@dataclass(frozen=True)
class Part:
    """What an app reads: a sub-query that gives one value, and what to do with that value.

    `sql` may use `%(since)s`, the transaction id from which on rows may be new; `take` is told whether the value is
    everything (after a start) or only what is new.
    """

    sql: str
    take: Callable[[Any, bool], None]


class Reading:
    """One process's; shared by its threads."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.starting = threading.Lock()
        self.taken_at = float("-inf")
        self.failed_at = float("-inf")
        self.since = "0"
        self.everything_at = float("-inf")
        self.server_started: Any = None
        self.thread: threading.Thread | None = None

    @cached_property
    def parts(self) -> list[Part]:
        return [import_string(path)() for path in settings.READING_PARTS]

    def ensure(self) -> None:
        """Returns once the reading is good enough to answer by; raises `UpstreamUnavailable` when none is to be had."""
        if self.age() <= FRESH_SECONDS:
            return
        self.start()
        self.take_in_turn()
        if self.age() > LAST_RESORT_SECONDS:
            raise UpstreamUnavailable

    def age(self) -> float:
        return time.monotonic() - self.taken_at

    def start(self) -> None:
        """On first use, so never before a fork: threads do not survive one."""
        with self.starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self.keep_reading, name="reading", daemon=True)
                self.thread.start()

    def take_in_turn(self) -> None:
        """One request at a time; a try that failed is remembered for a second, so that none queues for a lost cause."""
        if not self.turn.acquire(timeout=TURN_SECONDS):
            return
        try:
            if self.age() > FRESH_SECONDS and time.monotonic() - self.failed_at > FRESH_SECONDS:
                self.try_to_take()
        finally:
            self.turn.release()

    def try_to_take(self) -> None:
        try:
            self.take()
        except Error as error:
            self.failed_at = time.monotonic()
            logger.warning("The database could not be read: %s", type(error).__name__)

    def take(self) -> None:
        """One statement, one snapshot. Its age counts from before it is sent.

        Rows are told apart by the transaction that wrote them, not by id or time: one committed late has an early id
        and an early time, but not a transaction that was over when the snapshot before was taken. When the server has
        started anew all is read again: its numbers may have gone back.
        """
        began = time.monotonic()
        everything = began - self.everything_at > EVERYTHING_SECONDS
        xmin, server_started, *values = self.select("0" if everything else self.since)
        if server_started != self.server_started and not everything:
            everything = True
            xmin, server_started, *values = self.select("0")
        for part, value in zip(self.parts, values, strict=True):
            part.take(value, everything)
        self.since, self.server_started, self.taken_at = xmin, server_started, began
        if everything:
            self.everything_at = began

    def select(self, since: str) -> tuple[Any, ...]:
        columns = "".join(f", ({part.sql})" for part in self.parts)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT pg_snapshot_xmin(pg_current_snapshot())::text, pg_postmaster_start_time(){columns}",
                {"since": since},
            )
            return cursor.fetchone()

    def keep_reading(self) -> None:
        while True:
            with self.turn:
                self.try_to_take()
            if self.failed_at > self.taken_at:
                connection.close()
            pool.note()
            time.sleep(INTERVAL_SECONDS)


current = Reading()

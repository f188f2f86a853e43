"""Counts for people to look at, hour by hour: kept in each process, and added to one row an hour every ten seconds.

What a process has counted since is lost when it is killed, or while the database is away for long.
"""

import atexit
import json
import logging
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import Error, connection
from django.utils import timezone

logger = logging.getLogger(__name__)
INTERVAL_SECONDS = 10.0
ADD = """
INSERT INTO tokpik_hourlycounts AS known (hour, counts) VALUES (%s, %s)
ON CONFLICT (hour) DO UPDATE SET counts = (
    SELECT jsonb_object_agg(name, number)
    FROM (
        SELECT name, sum(number::numeric) AS number
        FROM (
            SELECT * FROM jsonb_each_text(known.counts) UNION ALL SELECT * FROM jsonb_each_text(excluded.counts)
        ) AS of_both (name, number)
        GROUP BY name
    ) AS sums
)
"""

TODAY = """
SELECT name, sum(number::numeric) FROM tokpik_hourlycounts, jsonb_each_text(counts) AS counted (name, number)
WHERE hour >= date_trunc('day', now(), 'UTC') AND starts_with(name, %s) GROUP BY name ORDER BY name
"""


def today(prefix: str) -> dict[str, float]:
    """What all processes have counted since midnight UTC, of the names that begin so.

    A counter for Prometheus: it only grows, and starts anew at midnight as it would with a process.
    """
    with connection.cursor() as cursor:
        cursor.execute(TODAY, [prefix])
        return {name: float(number) for name, number in cursor.fetchall()}


def add(counts: Mapping[str, float], now: datetime) -> None:
    """To the row of this hour, at once."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, [now.replace(minute=0, second=0, microsecond=0), json.dumps(counts)])


class Tally:
    """One process's counts since they were last added to the database; shared by its threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.thread: threading.Thread | None = None

    def add(self, counts: Mapping[str, float]) -> None:
        with self.lock:
            for name, number in counts.items():
                self.counts[name] += number  # type: ignore[assignment]
            if self.thread is None:
                self.start()

    def start(self) -> None:
        """With the first count, so never before a fork: threads do not survive one."""
        self.thread = threading.Thread(target=self.keep_storing, name="counting", daemon=True)
        self.thread.start()
        atexit.register(self.try_to_store)

    def keep_storing(self) -> None:
        pause = threading.Event()
        while not pause.wait(INTERVAL_SECONDS):
            self.try_to_store()
            connection.close()

    def try_to_store(self) -> None:
        try:
            self.store(timezone.now())
        except Error as error:
            logger.warning("Counts could not be stored: %s", type(error).__name__)

    def store(self, now: datetime) -> None:
        """Adds what was counted to the row of this hour; what cannot be added is kept for the next try."""
        with self.lock:
            counts, self.counts = self.counts, Counter()
        if not counts:
            return
        try:
            add(counts, now)
        except Error:
            with self.lock:
                self.counts += counts
            raise


tally = Tally()

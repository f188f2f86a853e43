"""What is seen of a process's pool of database connections; noted with each of its readings (`tokpik.reading`)."""

from django.db import connection
from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("db_pool_connections", "Connections of the pools.", ["state"], multiprocess_mode="livesum")
OPEN, IDLE = CONNECTIONS.labels("open"), CONNECTIONS.labels("idle")
WAITING = Gauge("db_pool_waiting", "Threads that wait for a connection now.", multiprocess_mode="livesum")
WAITS = Counter("db_pool_waits", "Times that a thread had to wait for a connection.")
WAIT_SECONDS = Counter("db_pool_wait_seconds", "How long threads waited for a connection, in all.")
TIMEOUTS = Counter("db_pool_timeouts", "Times that a thread got no connection in time.")


def note() -> None:
    pool = connection.pool  # type: ignore[attr-defined]
    if pool is None:
        return
    # What has grown since the last time; how many there are is no matter of time.
    stats = pool.pop_stats()
    OPEN.set(stats["pool_size"])
    IDLE.set(stats["pool_available"])
    WAITING.set(stats["requests_waiting"])
    WAITS.inc(stats.get("requests_queued", 0))
    WAIT_SECONDS.inc(stats.get("requests_wait_ms", 0) / 1000)
    TIMEOUTS.inc(stats.get("requests_errors", 0))

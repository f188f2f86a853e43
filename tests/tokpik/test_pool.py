"""What is seen of a pool of connections"""

import pytest
from prometheus_client import REGISTRY
from psycopg_pool import ConnectionPool, PoolTimeout

from tests.processes import environment_of_this_database
from tokpik import pool


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.fixture
def connections(db, monkeypatch):
    """A pool of one connection, as that of this process."""
    with ConnectionPool(environment_of_this_database()["DATABASE_URL"], min_size=1, max_size=1, timeout=60) as made:
        made.wait()
        monkeypatch.setattr("tokpik.pool.connection", type("Connection", (), {"pool": made}))
        yield made


def test_connections_in_use_and_waits_are_noted(connections):
    pool.note()
    assert (value("db_pool_connections", state="open"), value("db_pool_connections", state="idle")) == (1, 1)
    before = [value(name) for name in ("db_pool_waits_total", "db_pool_timeouts_total", "db_pool_wait_seconds_total")]
    with connections.connection():
        with pytest.raises(PoolTimeout), connections.connection(timeout=0.05):
            pass
        pool.note()
        assert (value("db_pool_connections", state="open"), value("db_pool_connections", state="idle")) == (1, 0)
    pool.note()
    waits, timeouts, seconds = (
        value(name) - was
        for name, was in zip(
            ("db_pool_waits_total", "db_pool_timeouts_total", "db_pool_wait_seconds_total"), before, strict=True
        )
    )
    assert (waits, timeouts) == (1, 1)
    assert seconds >= 0.05


def test_without_a_pool_nothing_is_noted(monkeypatch):
    monkeypatch.setattr("tokpik.pool.connection", type("Connection", (), {"pool": None}))
    pool.note()

"""Fixtures that all tests share."""

import json
import logging
from collections.abc import Callable, Iterator
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import begin_session
from tests.factories import UserFactory
from tokpik import cache, counting, logs, reading

SignIn = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest) -> None:
    """An empty cache for each test that uses the database, whatever a run before this one left."""
    if {"db", "transactional_db"} & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        get_redis_connection("default").flushdb()


@pytest.fixture(autouse=True)
def _by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outlives a test: no breaker that an earlier one opened, no thread that stores counts."""
    monkeypatch.setattr(cache, "breaker", cache.Breaker())
    monkeypatch.setattr(counting, "tally", counting.Tally())
    monkeypatch.setattr(counting.Tally, "start", lambda tally: None)


@pytest.fixture(autouse=True)
def _reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's reading, taken anew for each request on the test's own connection (no other sees what the test wrote).

    It does not count among a request's statements, since in earnest a thread takes it; tests of that name
    `real_reading`.
    """

    def take_uncounted() -> None:
        connection.force_debug_cursor, counting = False, connection.force_debug_cursor
        try:
            reading.current.take()
        finally:
            connection.force_debug_cursor = counting

    if "real_reading" not in request.fixturenames:
        monkeypatch.setattr(reading.current, "ensure", take_uncounted)


@pytest.fixture
def cache_at(settings: Any) -> Callable[..., None]:
    """Puts the cache elsewhere."""

    def put(location: str, **options: Any) -> None:
        cache = settings.CACHES["default"]
        settings.CACHES = {"default": cache | {"LOCATION": location, "OPTIONS": cache["OPTIONS"] | options}}

    return put


@pytest.fixture
def sign_in(db: Any) -> SignIn:
    """A client that is signed in as a user, over a session of its own."""

    def client_of(user: User | None = None) -> APIClient:
        user = user or UserFactory()
        with transaction.atomic():
            pair = begin_session(user=user, device="", now=timezone.now())
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
        client.user, client.pair = user, pair  # type: ignore[attr-defined]
        return client

    return client_of


@pytest.fixture
def roles(db: Any) -> None:
    """The console's, as the migration makes them: a test with real transactions empties every table at its end."""
    import_module("tokpik.migrations.0003_roles").make_roles(apps, None)


@pytest.fixture
def client(sign_in: SignIn) -> APIClient:
    """Signed in as somebody."""
    return sign_in()


@pytest.fixture
def nobody(db: Any) -> APIClient:
    """A client without a token."""
    return APIClient()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What production has written to its log since the test began."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter(readable=False))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)

"""Fixtures that all tests share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import begin_session
from tests.factories import UserFactory
from tokpik import reading

SignIn = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """An empty cache for each test that uses the database."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        get_redis_connection("default").flushdb()


@pytest.fixture(autouse=True)
def _reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's reading, fresh for each test; it is not taken again by itself (tests of it say otherwise).

    A test in which a session ends in the database calls `reading.current.take()` where that is to be known.
    """
    if "real_reading" in request.fixturenames:
        return
    monkeypatch.setattr(reading.current, "ensure", lambda: None)
    database = next((name for name in ("transactional_db", "db") if name in request.fixturenames), None)
    if database:
        request.getfixturevalue(database)
        reading.current.take()


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
def client(sign_in: SignIn) -> APIClient:
    """Signed in as somebody."""
    return sign_in()


@pytest.fixture
def nobody(db: Any) -> APIClient:
    """A client without a token."""
    return APIClient()

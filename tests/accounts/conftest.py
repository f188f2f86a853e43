"""Kakao on loopback, and what the database holds."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps

from accounts.kakao import gate
from tests.kakao import FakeKakao

Rows = dict[str, int]


@pytest.fixture
def kakao(settings: Any) -> Iterator[FakeKakao]:
    """The Kakao that logins of this test ask."""
    with FakeKakao() as fake:
        settings.KAKAO_AUTH_URL = settings.KAKAO_API_URL = fake.url
        gate.cache_clear()
        yield fake
        fake.release.set()
        gate().pool.shutdown()
        gate().client.close()
        gate.cache_clear()


@pytest.fixture
def rows() -> Any:
    """Counts the rows of every table of every app, those of many-to-many relations too; empty ones are left out."""

    def count() -> Rows:
        counted = {
            model._meta.label: model._base_manager.count()
            for model in apps.get_models(include_auto_created=True)
            # All histories at once are no table, and a proxy has none of its own.
            if model._meta.managed and not model._meta.proxy
        }
        # Revocations name no user and outlive the session.
        return {label: number for label, number in counted.items() if number and label != "accounts.Revocation"}

    return count

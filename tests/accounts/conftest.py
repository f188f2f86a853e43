"""Kakao on loopback, and what the database holds."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.kakao import gate
from tests.kakao import FakeKakao
from tests.tables import tables

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
        counted = {model._meta.label: model._base_manager.count() for model in tables()}
        # These name nobody, and outlive the session and the user.
        outlive = {"accounts.Revocation", "accounts.Deletion"}
        return {label: number for label, number in counted.items() if number and label not in outlive}

    return count

"""Folders with topics in them."""

from collections.abc import Callable
from typing import Any

import pytest

from scraps.models import Scrap, ScrapTopic
from tests.factories import ScrapFactory, ScrapTopicFactory

# Somebody's ids that cannot be: the same answer as for one that is nobody's.
NO_IDS = ["0", "NaN", "-1", "1.5", "+1", " 1", "٣", "１", "1e3", "null", "9223372036854775807", "9223372036854775808"]
NO_IDS += ["1" * 40, "%00", "%FF"]
NOT_FOUND = {"message": "요청하신 것을 찾을 수 없습니다.", "code": "not_found"}
BAD_NAMES: list[Any] = [None, "", " ", "\t\n", "\u3000", "\0", "a\0b", "글" * 101, 3.5, 5, True, [], ["a"], {}]

Fill = Callable[..., list[ScrapTopic]]


@pytest.fixture
def scrap(client: Any) -> Scrap:
    """A folder of the one who is signed in."""
    return ScrapFactory(user=client.user)


@pytest.fixture
def fill() -> Fill:
    """Puts so many fresh topics into a folder."""

    def put(scrap: Scrap, count: int, **topic: Any) -> list[ScrapTopic]:
        return [ScrapTopicFactory(scrap=scrap, **topic) for _ in range(count)]

    return put

"""A model on loopback, and the background that asks it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection
from django_redis import get_redis_connection

from tests.factories import PlaceTagFactory, SituationFactory, TopicTagFactory
from tests.openai import FakeOpenAI
from tokpik import background
from topics.background import work
from topics.generation.model import runner
from topics.generation.waiting import places

SECONDS = 60
SEARCH = {"includeFilterCondition": True, "talkPurposes": ["친목"], "talkSituations": ["친구"]}
TYPED = {**SEARCH, "talkSituations": ["고양이 카페 단골끼리"]}


@pytest.fixture
def model(settings: Any) -> Iterator[FakeOpenAI]:
    """The model that is asked; with the tags that there are. Answers wait for it as long as they have to."""
    with FakeOpenAI() as fake:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "sk-test", fake.url
        settings.GENERATION_BUDGET = SECONDS
        runner.cache_clear()
        places.cache_clear()
        yield fake
        fake.release.set()
        pool, client = runner()
        pool.shutdown()
        client.close()
        runner.cache_clear()
        places.cache_clear()


@pytest.fixture
def tags(db: Any) -> None:
    SituationFactory(text="")
    for content in ("사랑과 연애", "인간관계"):
        TopicTagFactory(content=content)
    for content in ("집", "카페"):
        PlaceTagFactory(content=content)


@contextmanager
def background_running() -> Iterator[None]:
    """`run_background`'s writers, in threads; at the block's end they finish what they have in hand."""
    stop = Event()
    kinds = [background.Work(each.name, each.step, 0.02) for each in work() if each.name.startswith("writing")]
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(background.run, kinds, stop)
        try:
            yield
        finally:
            stop.set()
            done.result(SECONDS)


@pytest.fixture
def writers(model: FakeOpenAI, tags: None, transactional_db: None) -> Iterator[FakeOpenAI]:
    with background_running():
        yield model
        model.release.set()


@pytest.fixture
def search() -> Callable[..., list[dict[str, Any]]]:
    def send(client: Any, body: dict[str, Any] = SEARCH) -> list[dict[str, Any]]:
        try:
            answer = client.post("/topics", body, format="json")
        finally:
            connection.close()
        assert answer.status_code == 200, answer.content
        return answer.json()["topics"]

    return send


def wait_until(condition: Callable[[], bool]) -> None:
    """Until other threads, or processes, have brought it about."""
    deadline = monotonic() + SECONDS
    while not condition():
        connection.close()
        assert monotonic() < deadline
        sleep(0.02)


def forget() -> None:
    """What was shown, and the choice of the last equal call."""
    get_redis_connection("default").flushdb()

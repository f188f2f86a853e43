"""A model that never answers, and many who search for what the catalogue lacks: nobody else waits for it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from tests.e2e.conftest import SECONDS, serving
from tests.e2e.test_kills import SERVED_WITHIN, background, wait_for
from tests.e2e.traffic import INTERESTS, RELATED, TAGS, ask_until, people, traffic
from tests.openai import FakeOpenAI, Reply

SEARCHERS, READERS = 24, 4
BUDGET_SECONDS = 4.0
WRITTEN = "SELECT title FROM topics_topic WHERE source = 'generated'"


@pytest.fixture(scope="module")
def model():
    with FakeOpenAI(always=Reply(hang=True)) as fake:
        yield fake


@pytest.fixture(scope="module")
def with_model(environment, model):
    budget = str(int(BUDGET_SECONDS))
    return environment | {"OPENAI_API_KEY": "made-up", "OPENAI_BASE_URL": model.url, "GENERATION_BUDGET": budget}


@pytest.fixture(scope="module")
def server(with_model, service, tmp_path_factory):
    with serving(with_model, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


def search(number):
    """For something odd, of each searcher something else."""
    filters = {"talkSituations": [f"{number}번째 화성 이주 면접"], "talkPurposes": [f"{number}번째 지구를 떠나기"]}
    return "POST", "/topics", {"includeFilterCondition": True, "talkPartnerGender": False, **filters}


def test_it_keeps_nobody_waiting_and_what_was_asked_for_is_written_when_it_is_back(
    server, with_model, model, kakao, database_url
):
    with ExitStack() as stack:
        stack.enter_context(background(with_model))
        [earlier] = stack.enter_context(people(server, kakao, 1, first=874_000))
        assert earlier.ask(*search(SEARCHERS)).status == 200
        wait_for(model.received.is_set)
        # From here on the background command is at work. The others come now: a connection that idles is closed.
        searchers = stack.enter_context(people(server, kakao, SEARCHERS, first=875_000))
        readers = stack.enter_context(people(server, kakao, READERS, first=876_000))
        with traffic(readers, RELATED, INTERESTS, TAGS) as seen, ThreadPoolExecutor(SEARCHERS) as threads:
            asked = [threads.submit(one.ask, *search(number)) for number, one in enumerate(searchers)]
            found = [each.result() for each in asked]
        assert model.received.is_set()
        assert not model.release.is_set()
        assert len(seen) > 50
        assert {one.status for one in seen} == {200}
        assert max(one.ended - one.began for one in seen) < SERVED_WITHIN
        # Whoever searched has what there is; few of them waited, and none for longer than is set.
        assert {one.status for one in found} == {200}
        assert all(one.body["topics"] for one in found)
        took = sorted(one.ended - one.began for one in found)
        assert took[SEARCHERS // 2] < BUDGET_SECONDS / 2
        assert took[-1] < BUDGET_SECONDS + SERVED_WITHIN

        model.always = None
        model.release.set()
        with psycopg.connect(database_url, autocommit=True) as database:
            wait_for(lambda: database.execute(WRITTEN).fetchone())
            # Of a connection that idled meanwhile the server may have had enough.
            again = [
                ask_until(one, search(number), lambda seen: seen.status == 200, SECONDS)
                for number, one in enumerate([*searchers, earlier])
            ]
            written = {title for (title,) in database.execute(WRITTEN).fetchall()}
        assert written & {topic["title"] for one in again for topic in one.body["topics"]}

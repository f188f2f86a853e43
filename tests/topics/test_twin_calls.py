"""POST /topics: equal calls at the same moment, and what was shown before (`topics.recent`)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.conf import settings as project
from django.db import connection
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from tests.factories import TopicFactory
from topics import recent

UNFILTERED = {"includeFilterCondition": False, "talkPartnerGender": False}
NOW = 1_800_000_000.0


def choose(client, body=UNFILTERED):
    answer = client.post("/topics", body, format="json")
    assert answer.status_code == 200, answer.content
    return [card["topicId"] for card in answer.json()["topics"]]


@pytest.fixture
def clock(monkeypatch):
    """The time that `topics.recent` reads: `clock.now` may be moved."""
    frozen = SimpleNamespace(now=NOW)
    monkeypatch.setattr(recent, "time", SimpleNamespace(time=lambda: frozen.now))
    return frozen


@pytest.fixture
def dead_cache(settings):
    """A cache that nobody serves."""
    settings.CACHES = {"default": {**project.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}


@pytest.mark.django_db(transaction=True)
def test_calls_at_the_same_moment_get_the_same_choice(client):
    TopicFactory.create_batch(60)
    together = Barrier(2, timeout=30)

    def call(age):
        mine = APIClient()
        mine.credentials(HTTP_AUTHORIZATION=f"Bearer {client.pair.access}")
        try:
            together.wait()
            return choose(mine, {"includeFilterCondition": True, "talkPartnerAgeLowerBound": age})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        pairs = [[threads.submit(call, age) for _ in range(2)] for age in range(25)]
        answers = [[call.result() for call in pair] for pair in pairs]
    assert all(first == second for first, second in answers)
    assert len({tuple(first) for first, _ in answers}) == 25


def test_an_equal_call_gets_the_same_choice_less_what_was_hidden_meanwhile(client):
    topics = {topic.pk: topic for topic in TopicFactory.create_batch(40)}
    first = choose(client)
    topics[first[3]].hide()
    assert choose(client) == [*first[:3], *first[4:]]


def test_another_search_and_another_user_get_their_own_choice(client, sign_in):
    TopicFactory.create_batch(60)
    first = choose(client)
    # The thirty that the first search did not show.
    assert len({*first, *choose(client, {"includeFilterCondition": True})}) == 60
    assert choose(sign_in()) != first


def test_after_two_seconds_a_call_chooses_anew_and_prefers_what_was_not_shown(client):
    TopicFactory.create_batch(60)
    first = choose(client)
    [key] = get_redis_connection("default").keys("choose:*")
    assert 0 < get_redis_connection("default").pttl(key) <= 2000
    get_redis_connection("default").delete(key)
    second = choose(client)
    assert len(set(first) | set(second)) == 60


def test_the_equal_call_does_not_count_as_shown_again(clock, db):
    first = recent.recall(1, "a search")
    clock.now += 0.5
    recent.remember(first, [1, 2])
    clock.now += 1
    twin = recent.recall(1, "a search")
    assert (twin.chosen, twin.seed, twin.shown, twin.is_first) == ([1, 2], first.seed, [], False)
    recent.remember(twin, [1, 2])
    assert get_redis_connection("default").zscore("shown:1", "1") == NOW + 0.5


@pytest.mark.parametrize(("waited", "milliseconds"), [(0.5, 1500), (4, 300)])
def test_a_choice_that_was_waited_for_is_there_for_the_equal_call_that_waited_too(clock, db, waited, milliseconds):
    first, twin = recent.recall(1, "a search"), recent.recall(1, "a search")
    assert recent.choice_of_first(first) is None
    get_redis_connection("default").delete(first.keys[0])  # two seconds are over
    clock.now += waited
    assert recent.choice_of_first(twin) is None
    recent.remember(first, [1, 2])
    assert recent.choice_of_first(twin) == [1, 2]
    assert milliseconds - 250 < get_redis_connection("default").pttl(first.keys[0]) <= milliseconds


def test_what_another_search_was_shown_meanwhile_does_not_part_equal_calls(clock, db):
    recent.remember(recent.recall(1, "earlier"), [5])
    clock.now += 1
    first = recent.recall(1, "a search")
    clock.now += 0.001
    recent.remember(recent.recall(1, "another search"), [6, 7])
    clock.now += 0.001
    twin = recent.recall(1, "a search")
    assert (first.shown, first.seed) == (twin.shown, twin.seed) == ([5], first.seed)


def test_the_last_three_hundred_of_an_hour_count_as_shown(clock, db):
    recent.remember(recent.recall(1, "old"), range(1, 11))
    clock.now += 1800
    for call in range(11):
        clock.now += 1
        recent.remember(recent.recall(1, f"search {call}"), range(1000 + 30 * call, 1030 + 30 * call))
    assert set(recent.recall(1, "last").shown) == set(range(1030, 1330))
    assert recent.recall(2, "last").shown == []


def test_after_an_hour_nothing_counts_as_shown(clock, db):
    recent.remember(recent.recall(1, "a search"), [1])
    assert 0 < get_redis_connection("default").ttl("shown:1") <= 3600
    clock.now += 3599
    assert recent.recall(1, "another").shown == [1]
    clock.now += 2
    assert recent.recall(1, "third").shown == []


def test_without_the_cache_it_still_answers_and_equal_calls_alike(client, clock, dead_cache):
    TopicFactory.create_batch(60)
    first = choose(client)
    assert len(first) == 30
    assert choose(client) == first
    clock.now += 4
    assert choose(client) != first


@pytest.mark.parametrize("name", ["choose", "shown"])
def test_an_entry_that_cannot_be_read_does_no_harm(client, name):
    TopicFactory.create_batch(12)
    choose(client)
    cache = get_redis_connection("default")
    [key] = cache.keys(f"{name}:*")
    cache.set(key, "neither JSON nor a sorted set")
    assert len(choose(client)) == 12

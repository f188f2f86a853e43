"""GET /users/scraps/count, GET /users/scraps/topics/count"""

import pytest

from tests.factories import ScrapFactory, ScrapTopicFactory, TopicFactory
from topics.models import Topic

SCRAPS, ENTRIES = "/users/scraps/count", "/users/scraps/topics/count"


def counts(client):
    return client.get(SCRAPS).json(), client.get(ENTRIES).json()


def test_they_count_the_folders_and_the_entries_of_all_of_them(client):
    assert counts(client) == ({"count": 0}, {"count": 0})
    topic = TopicFactory()
    for _ in range(2):
        scrap = ScrapTopicFactory(scrap__user=client.user, topic=topic).scrap
    ScrapTopicFactory(scrap=scrap)
    ScrapFactory(user=client.user)
    assert counts(client) == ({"count": 3}, {"count": 3})


def test_they_count_nobody_elses(client):
    ScrapTopicFactory()
    assert counts(client) == ({"count": 0}, {"count": 0})


def test_a_hidden_topic_is_not_counted_and_comes_back(client, scrap, fill):
    topic = fill(scrap, 2)[0].topic
    topic.hide()
    assert counts(client) == ({"count": 1}, {"count": 1})
    topic.publish()
    assert counts(client) == ({"count": 1}, {"count": 2})


@pytest.mark.parametrize(("mine", "count"), [(True, 1), (False, 0)])
def test_a_draft_counts_for_whom_it_was_written(client, scrap, mine, count):
    topic = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user if mine else None)
    ScrapTopicFactory(scrap=scrap, topic=topic)
    assert client.get(ENTRIES).json() == {"count": count}


@pytest.mark.parametrize("path", [SCRAPS, ENTRIES])
def test_they_need_a_token(nobody, path):
    assert nobody.get(path).status_code == 401


@pytest.mark.parametrize("path", [SCRAPS, ENTRIES])
def test_each_takes_one_statement(client, scrap, fill, django_assert_num_queries, path):
    fill(scrap, 5)
    with django_assert_num_queries(1):
        client.get(path)

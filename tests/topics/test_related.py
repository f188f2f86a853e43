"""GET /topics/{id}/related"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import ScrapTopicFactory, TopicFactory, UserFactory
from tests.topics.catalogues import catalogues, rows, stored, vocabulary
from tests.topics.rules import Asker, is_visible, related
from topics.models import Topic


def related_ids(client, topic_id):
    answer = client.get(f"/topics/{topic_id}/related")
    assert answer.status_code == 200, answer.content
    return [topic["topicId"] for topic in answer.json()["talkTopics"]]


@pytest.fixture
def setting(client):
    return client, vocabulary(), [client.user.pk, UserFactory().pk]


@settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(base=rows, catalogue=catalogues(), one_pair=st.booleans())
def test_every_list_is_the_one_that_the_contract_describes(setting, base, catalogue, one_pair):
    client, tags, users = setting
    if one_pair:
        tags = {name: pks[:1] * 3 for name, pks in tags.items()}
    with stored([base, *catalogue], tags, users) as topics:
        for topic in [topics[0], *topics[1::5]]:
            if is_visible(topic, Asker(users[0])):
                assert related_ids(client, topic.id) == related(topics, topic)


def test_it_answers_what_the_client_shows(client):
    base, scraped, newest = TopicFactory.create_batch(3)
    ScrapTopicFactory(scrap__user=client.user, topic=scraped)
    ScrapTopicFactory(topic=newest)
    answer = client.get(f"/topics/{base.pk}/related")
    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {
        "talkTopics": [
            {"topicId": newest.pk, "type": "사랑과 연애", "title": newest.title, "scraped": False},
            {"topicId": scraped.pk, "type": "사랑과 연애", "title": scraped.title, "scraped": True},
        ]
    }


def test_at_most_ten_the_greatest_ids_first(client):
    topics = [TopicFactory(text=text) for text in ["친구", "", "오랜 친구"] * 5]
    greatest_first = sorted((topic.pk for topic in topics[1:]), reverse=True)
    assert related_ids(client, topics[0].pk) == greatest_first[:10]


@pytest.mark.parametrize(
    ("base", "other"),
    [("%", "친구"), ("_", "친구"), ("친_", "친구"), ("1\\", "1:1"), ("\\", "친구"), ("a%b", "a and b"), ("친구", "친")],
)
def test_a_situation_has_no_wildcards(client, base, other):
    base, _ = TopicFactory(text=base), TopicFactory(text=other)
    assert related_ids(client, base.pk) == []


@pytest.mark.parametrize(
    ("base", "other"),
    [("%", "100% 진심"), ("_", "a_b"), ("\\", "a\\b"), ("SCHOOL", "old School"), ("STRASSE", "große Straße")],
)
def test_a_situation_is_contained_whatever_its_case_and_letters(client, base, other):
    base, other = TopicFactory(text=base), TopicFactory(text=other)
    assert related_ids(client, base.pk) == [other.pk]


def test_a_drafts_related_topics_are_published_and_it_is_in_nobodys_list(client):
    published = TopicFactory()
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    TopicFactory(status=Topic.Status.HIDDEN)
    assert related_ids(client, draft.pk) == [published.pk]
    assert related_ids(client, published.pk) == []


def test_a_hidden_topic_and_somebody_elses_draft_are_not_there(client):
    for topic in (
        TopicFactory(status=Topic.Status.HIDDEN, made_for=client.user),
        TopicFactory(status=Topic.Status.DRAFT),
        TopicFactory(status=Topic.Status.DRAFT, made_for=UserFactory()),
    ):
        answer = client.get(f"/topics/{topic.pk}/related")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_needs_a_token(nobody):
    answer = nobody.get(f"/topics/{TopicFactory().pk}/related")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "bad", ["NaN", "-1", "0", "1.5", "٣", "９", "9223372036854775807", "9223372036854775808", "1" * 40]
)
def test_a_malformed_or_unknown_id_is_not_found(client, nobody, bad):
    assert client.get(f"/topics/{bad}/related").json()["code"] == "not_found"
    assert nobody.get(f"/topics/{bad}/related").status_code == 401


@pytest.mark.parametrize("count", [5, 12])
@pytest.mark.parametrize("text", ["", "친구"])
def test_it_takes_two_statements_then_none(client, django_assert_num_queries, text, count):
    topics = TopicFactory.create_batch(count + 1, text=text)
    ScrapTopicFactory(scrap__user=client.user, topic=topics[0])
    for statements in (2, 0):
        with django_assert_num_queries(statements):
            assert len(related_ids(client, topics[-1].pk)) == min(count, 10)

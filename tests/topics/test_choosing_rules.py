"""POST /topics against the contract's words (`tests.topics.rules`), over random catalogues and searches."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import TopicFactory, UserFactory
from tests.topics.catalogues import UNSEEN, ages, catalogues, one_situation, one_word, stored, vocabulary
from tests.topics.rules import Asker, expected_ranks, rank
from topics import choosing
from topics.models import GeneratedItem, GenerationRequest, Topic
from topics.serializers import SearchBody, as_search

# Of a rank: the step, shown before, written for an equal search, and whether situation, purpose and mood are named.
EXACT = 6


@st.composite
def searches(draw):
    body = {"includeFilterCondition": draw(st.sampled_from([True, True, True, False]))}
    optional = {
        "talkPurposes": st.lists(one_word | st.sampled_from(UNSEEN), max_size=3),
        "talkSituations": st.lists(one_situation | st.sampled_from(UNSEEN), max_size=3),
        "talkMoods": st.lists(one_word | st.sampled_from(UNSEEN), max_size=3),
        "talkPartnerGender": st.sampled_from([True, False, None]),
        "talkPartnerAgeLowerBound": ages,
        "talkPartnerAgeUpperBound": ages,
    }
    for name, values in optional.items():
        if draw(st.sampled_from([True, True, False])):
            body[name] = draw(values)
    lower, upper = body.get("talkPartnerAgeLowerBound"), body.get("talkPartnerAgeUpperBound")
    if lower is not None and upper is not None and lower > upper:
        body["talkPartnerAgeLowerBound"], body["talkPartnerAgeUpperBound"] = upper, lower
    return body


def meaning(body):
    """Calls of one meaning are equal calls, which get one choice: absent, null and empty say the same."""
    if not body["includeFilterCondition"]:
        return {}
    return {name: value for name, value in body.items() if value or (value == 0 and value is not False)}


interests = st.frozensets(st.integers(0, 2), max_size=2)


@pytest.fixture
def ask(client):
    """Sends a search; returns the ids of the answer."""

    def send(body):
        answer = client.post("/topics", body, format="json")
        assert answer.status_code == 200, answer.content
        return [card["topicId"] for card in answer.json()["topics"]]

    return send


def check(rows, body, asker, ids, shown):
    """The answer is a right one: nothing better was left out, and the order holds."""
    by_id = {row.id: row for row in rows}
    assert len(set(ids)) == len(ids)
    assert [rank(by_id[id], body, asker, shown) for id in ids] == expected_ranks(rows, body, asker, shown)


def check_sampled(rows, body, asker, ids, shown):
    """As `check`, but a sample decides between those that differ in gender, ages and own tags alone."""
    by_id = {row.id: row for row in rows}
    assert len(set(ids)) == len(ids)
    expected = expected_ranks(rows, body, asker, shown, most=choosing.MOST, enough=choosing.ENOUGH)
    assert [rank(by_id[id], body, asker, shown)[:EXACT] for id in ids] == [key[:EXACT] for key in expected]


@pytest.fixture
def setting(client, ask):
    return client, ask, vocabulary(), [client.user.pk, UserFactory().pk]


def prove(setting, check, catalogue, body, before, topics, places):
    client, ask, tags, users = setting
    asker = Asker(
        client.user.pk, frozenset(tags["topic"][tag] for tag in topics), frozenset(tags["place"][tag] for tag in places)
    )
    client.user.topic_tags.set(asker.topic_tags)
    client.user.place_tags.set(asker.place_tags)
    with stored(catalogue, tags, users) as rows:
        write_for(client.user, body, rows)
        shown = set()
        for earlier in before:
            if meaning(earlier) != meaning(body):
                shown |= set(ask(earlier))
        check(rows, body, asker, ask(body), shown)


def write_for(user, body, rows):
    """The drafts among the rows that were written for a search equal to this one."""
    asked = SearchBody(data=body)
    asked.is_valid(raise_exception=True)
    request = GenerationRequest.objects.create(why="search", user=user, key=as_search(asked.validated_data).key)
    kept = [row.id for row in rows if row.for_equal]
    GeneratedItem.objects.bulk_create(GeneratedItem(request=request, outcome="kept", topic_id=id) for id in kept)


def given_anything(examples):
    chances = settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    searched = {"body": searches(), "before": st.lists(searches(), max_size=2)}
    return lambda test: chances(given(catalogue=catalogues(), **searched, topics=interests, places=interests)(test))


@given_anything(examples=250)
def test_every_answer_is_one_that_the_contract_allows(setting, **example):
    prove(setting, check, **example)


@given_anything(examples=100)
def test_a_sample_of_a_large_catalogue_decides_between_what_ranks_nearly_alike(large, **example):
    prove(large, check_sampled, **example)


@pytest.fixture
def large(setting, monkeypatch):
    """Catalogues count as large, and as three times the sample; few topics are enough."""
    size = 90
    TopicFactory.create_batch(size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE topics_topic")
    Topic.objects.all().delete()
    for name, value in {"SMALL_CATALOGUE": 1, "SAMPLE_TOPICS": size // 3, "MOST": 4, "ENOUGH": 3}.items():
        monkeypatch.setattr(choosing, name, value)
    return setting


def test_in_a_large_catalogue_what_matches_rarely_is_never_missed(client, large, monkeypatch):
    common = TopicFactory.create_batch(200, text="친구")
    rare = TopicFactory.create_batch(3, text="오랜 친구", tag="인간관계")
    monkeypatch.setattr(choosing, "MOST", 30)
    body = {"includeFilterCondition": True, "talkSituations": ["친구", "오랜 친구"]}
    client.user.topic_tags.set([common[0].topic_tag])
    ids = {card["topicId"] for card in client.post("/topics", body, format="json").json()["topics"]}
    assert len(ids) == 30
    only = {**body, "talkSituations": ["오랜 친구"]}
    cards = client.post("/topics", only, format="json").json()["topics"]
    assert {card["topicId"] for card in cards} == {topic.pk for topic in rare}


def test_in_a_large_catalogue_a_sample_is_ranked_and_not_the_whole(client, large, monkeypatch):
    best = []
    for _ in range(30):  # apart from one another: neighbours are sampled together
        TopicFactory.create_batch(9)
        best.append(TopicFactory(tag="인간관계"))
    monkeypatch.setattr(choosing, "MOST", 30)
    client.user.topic_tags.set([best[0].topic_tag])
    body = {"includeFilterCondition": True}
    ids = [card["topicId"] for card in client.post("/topics", body, format="json").json()["topics"]]
    favourites = [id in {topic.pk for topic in best} for id in ids]
    assert len(ids) == 30
    assert favourites == sorted(favourites, reverse=True)
    assert 0 < sum(favourites) < 30

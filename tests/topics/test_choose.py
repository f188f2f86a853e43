"""POST /topics: the call itself. What it chooses is proved in test_choosing_rules.py."""

from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_redis import get_redis_connection

from tests.factories import ScrapTopicFactory, SituationFactory, TopicFactory, TopicTagFactory, UserFactory
from topics.models import Topic

AS_THE_CLIENT_SENDS_IT = {
    "includeFilterCondition": True,
    "talkPurposes": ["친목"],
    "talkSituations": ["1 : 1"],
    "talkMoods": ["편안한"],
    "talkPartnerGender": True,
    "talkPartnerAgeLowerBound": 20,
    "talkPartnerAgeUpperBound": None,
}
ANYTHING = {"includeFilterCondition": True}


def choose(client, body=ANYTHING):
    answer = client.post("/topics", body, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()["topics"]


def ids(cards):
    return [card["topicId"] for card in cards]


def test_it_answers_cards(client):
    topic = ScrapTopicFactory(scrap__user=client.user, topic__title="첫 데이트", topic__place="카페").topic
    ScrapTopicFactory(topic=TopicFactory())
    answer = client.post("/topics", AS_THE_CLIENT_SENDS_IT, format="json")
    assert answer["Cache-Control"] == "no-store"
    cards = {card["topicId"]: card for card in answer.json()["topics"]}
    assert cards.pop(topic.pk) == {
        "topicId": topic.pk,
        "title": "첫 데이트",
        "subtitle": "냉장고와 책장이 먼저 말해 버린 것들",
        "topicTag": "사랑과 연애",
        "placeTag": "카페",
        "scraped": True,
    }
    assert [card["scraped"] for card in cards.values()] == [False]


def test_an_empty_catalogue_is_an_empty_list(client):
    assert choose(client) == choose(client, AS_THE_CLIENT_SENDS_IT) == []


def test_thirty_at_most_meet_every_condition(client):
    TopicFactory.create_batch(33)
    assert len(choose(client)) == 30


def test_from_ten_matches_on_nothing_is_added_and_below_it_ends_at_ten(client):
    matching = {topic.pk for topic in TopicFactory.create_batch(9, text="친구", purposes=["친목"])}
    TopicFactory.create_batch(9, text="상사", purposes=["친목"])
    body = {**ANYTHING, "talkSituations": ["친구"], "talkPurposes": ["친목"]}
    nine = ids(choose(client, body))
    assert len(nine) == 10
    assert set(nine[:9]) == matching
    matching.add(TopicFactory(text="친구", purposes=["친목"]).pk)
    assert set(ids(choose(client, {**body, "talkPartnerGender": True}))) == matching


@pytest.mark.parametrize("body", [{"talkPurposes": ["친목"]}, {"talkSituations": ["친구"]}, {"talkMoods": ["편안한"]}])
def test_a_topic_that_leaves_a_field_empty_suits_any_filter(client, body):
    topics = TopicFactory.create_batch(10)
    TopicFactory(text="상사", purposes=["일상"], moods=["유익한"])
    assert set(ids(choose(client, {**ANYTHING, **body}))) == {topic.pk for topic in topics}


@pytest.mark.parametrize(
    ("written", "asked"),
    [("Tea", "tEA"), ("École", "ÉCOLE"), ("Straße", "STRASSE"), ("σας", "ΣΑΣ"), ("' | 'v", "' | 'V")],
)
@pytest.mark.parametrize("field", ["talkPurposes", "talkSituations", "talkMoods"])
def test_values_are_equal_but_for_case(client, field, written, asked):
    TopicFactory.create_batch(12, text="친구", purposes=["일상"], moods=["유익한"])
    named = {
        "talkPurposes": {"purposes": [written]},
        "talkSituations": {"text": written},
        "talkMoods": {"moods": [written]},
    }
    topics = TopicFactory.create_batch(10, **named[field])
    assert set(ids(choose(client, {**ANYTHING, field: [asked]}))) == {topic.pk for topic in topics}


def test_the_gender_is_never_given_up(client):
    TopicFactory(partner_gender="female")
    men, anyone = TopicFactory(partner_gender="male"), TopicFactory()
    body = {**ANYTHING, "talkPartnerGender": True, "talkPurposes": ["아무도 쓰지 않는 목적"]}
    assert ids(choose(client, body)) == [men.pk, anyone.pk]


def test_ages_alone_are_given_up_first_then_mood_alone_and_the_situation_last(client):
    meeting = {
        "s": {"text": "친구"},
        "p": {"purposes": ["친목"]},
        "m": {"moods": ["편안한"]},
        "a": {"partner_age_lower": 20},
    }
    failing = {
        "s": {"text": "상사"},
        "p": {"purposes": ["일상"]},
        "m": {"moods": ["유익한"]},
        "a": {"partner_age_lower": 50},
    }
    topics = {}
    for kept in map("".join, product(*[(name, "") for name in "spma"])):
        fields = [(meeting if name in kept else failing)[name] for name in "spma"]
        topics[TopicFactory(**{name: value for part in fields for name, value in part.items()}).pk] = kept
    body = {
        **ANYTHING,
        "talkSituations": ["친구"],
        "talkPurposes": ["친목"],
        "talkMoods": ["편안한"],
        "talkPartnerAgeLowerBound": 30,
    }
    steps = ["spma", "spm", "spa", "sma", "pma", "sp", "sm", "sa", "pm", "pa"]
    assert [topics[id] for id in ids(choose(client, body))] == steps
    Topic.objects.filter(pk__in=[pk for pk, kept in topics.items() if kept in steps]).delete()
    get_redis_connection("default").flushdb()
    assert [topics[id] for id in ids(choose(client, body))] == ["ma", "s", "p", "m", "a", ""]


@pytest.mark.parametrize("gender", [False, None])
def test_false_and_null_do_not_narrow_the_choice(client, gender):
    topics = [TopicFactory(partner_gender=partner) for partner in ("male", "female", None)]
    cards = choose(client, {**ANYTHING, "talkPartnerGender": gender})
    assert set(ids(cards)) == {topic.pk for topic in topics}


def test_a_draft_is_for_whom_it_was_written_and_a_hidden_topic_for_nobody(client, sign_in):
    mine = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    TopicFactory(status=Topic.Status.DRAFT, made_for=UserFactory())
    TopicFactory(status=Topic.Status.DRAFT)
    TopicFactory(status=Topic.Status.HIDDEN, made_for=client.user)
    published = TopicFactory()
    assert set(ids(choose(client))) == {mine.pk, published.pk}
    assert ids(choose(sign_in())) == [published.pk]


def test_without_the_filters_the_interests_are_the_conditions_and_the_place_is_given_up_first(client):
    place = TopicFactory(tag="인간관계", place="카페")
    topic = TopicFactory(tag="사랑과 연애", place="집")
    both = TopicFactory(tag="사랑과 연애", place="카페")
    neither = TopicFactory(tag="인간관계", place="집")
    client.user.topic_tags.set([both.topic_tag])
    client.user.place_tags.set([both.place_tag])
    body = {"includeFilterCondition": False, "talkPurposes": ["친목"], "talkPartnerGender": True}
    assert ids(choose(client, body)) == [both.pk, topic.pk, place.pk, neither.pk]


def test_equal_ranks_come_in_random_order(client):
    TopicFactory.create_batch(9)
    orders = {tuple(ids(choose(client, {**ANYTHING, "talkPartnerAgeLowerBound": age}))) for age in range(5)}
    assert len(orders) > 1


def test_it_needs_a_token(nobody):
    answer = nobody.post("/topics", ANYTHING, format="json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_other_methods_and_media_types_are_refused(client):
    assert client.get("/topics").json()["code"] == "method_not_allowed"
    answer = client.post("/topics", "a=b", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def statements(client, body):
    with CaptureQueriesContext(connection) as queries:
        cards = choose(client, body)
    return [query["sql"] for query in queries], cards


def test_it_takes_three_statements_and_a_fourth_where_conditions_are_given_up(client):
    """The search's terms, the choice (twice when conditions are given up), the cards."""
    TopicFactory.create_batch(10, purposes=["친목"])
    enough, cards = statements(client, {**ANYTHING, "talkPurposes": ["친목"]})
    assert (len(enough), len(cards)) == (3, 10)
    TopicFactory(purposes=["일상"])
    given_up, cards = statements(client, AS_THE_CLIENT_SENDS_IT | {"talkPurposes": ["일상"]})
    assert (len(given_up), len(cards)) == (4, 10)


def test_a_search_as_long_as_it_may_be_is_answered(client):
    TopicFactory(purposes=["가" * 50], moods=["\\" * 50], text="'" * 50)
    body = {
        **AS_THE_CLIENT_SENDS_IT,
        "talkPurposes": [f"{number:02}" + "가" * 48 for number in range(50)],
        "talkSituations": [f"{number:02}" + "'" * 48 for number in range(50)],
        "talkMoods": [f"{number:02}" + "\\" * 48 for number in range(50)],
    }
    assert len(choose(client, body)) == 1
    assert len(choose(client, {**body, "talkPartnerAgeUpperBound": 30})) == 1


WRITES = {
    "save": lambda topic, change: save(topic, change),
    "save(update_fields)": lambda topic, change: save(topic, change, update_fields=list(change)),
    "update": lambda topic, change: Topic.objects.filter(pk=topic.pk).update(**change),
    "bulk_update": lambda topic, change: Topic.objects.bulk_update([altered(topic, change)], list(change)),
    "bulk_create": lambda topic, change: recreate(topic, change),
    "raw SQL": lambda topic, change: write_by_hand(topic, change),
}


def altered(topic, change):
    for name, value in change.items():
        setattr(topic, name, value)
    return topic


def save(topic, change, **options):
    altered(topic, change).save(**options)


def recreate(topic, change):
    Topic.objects.filter(pk=topic.pk).delete()
    Topic.objects.bulk_create([altered(topic, change)])


def write_by_hand(topic, change):
    [(name, value)] = change.items()
    column = Topic._meta.get_field(name).column
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE topics_topic SET {column} = %s WHERE id = %s", [getattr(value, "pk", value), topic.pk])


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize(
    ("before", "change", "search"),
    [
        ({"purposes": ["일상"]}, {"purposes": ["면접", "친목"]}, {"talkPurposes": ["친목"]}),
        ({"moods": ["유익한"]}, {"moods": []}, {"talkMoods": ["편안한"]}),
        ({"text": "상사"}, {"situation": "친구"}, {"talkSituations": ["친구"]}),
        ({"partner_age_lower": 30}, {"partner_age_lower": 20}, {"talkPartnerAgeLowerBound": 24}),
        ({"partner_gender": "female"}, {"partner_gender": "male"}, {"talkPartnerGender": True}),
        ({"status": "hidden"}, {"status": "published"}, {}),
        ({"tag": "인간관계"}, {"topic_tag": "사랑과 연애"}, {"includeFilterCondition": False}),
    ],
    ids=lambda value: next(iter(value), "nothing"),
)
def test_a_topic_is_chosen_by_its_fields_however_they_were_written(client, write, before, change, search):
    named = {
        "situation": lambda text: SituationFactory(text=text),
        "topic_tag": lambda text: TopicTagFactory(content=text),
    }
    change = {name: named.get(name, lambda value: value)(value) for name, value in change.items()}
    client.user.topic_tags.add(TopicTagFactory(content="사랑과 연애"))
    TopicFactory.create_batch(10)
    topic = TopicFactory(**before)
    body = {**ANYTHING, "talkPartnerAgeUpperBound": None, **search}
    assert topic.pk not in ids(choose(client, body))
    write(topic, change)
    # Not the answer that the same call just got.
    get_redis_connection("default").flushdb()
    assert topic.pk in ids(choose(client, body))

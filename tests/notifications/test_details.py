"""GET /users/notifications/{id}/details"""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from tests.factories import NotificationFactory, TopicFactory, TopicTagFactory
from tests.scraps.conftest import NO_IDS, NOT_FOUND
from topics.models import Topic


def details(client, reminder):
    answer = client.get(f"/users/notifications/{reminder.pk}/details")
    assert answer.status_code == 200, answer.content
    return answer.json()


def shown(client, reminder):
    slots = details(client, reminder)["notificationTalkTopics"]
    return [(slot["noticeTime"], slot["talkTopicTitle"]) for slot in slots]


@pytest.fixture
def topics(db):
    tags = ("사랑과 연애", "유머와 웃음", "인간관계")
    return [TopicFactory(title=title, tag=tag) for title, tag in zip("ABC", tags, strict=True)]


def test_it_shows_each_slot_with_the_topic_whose_turn_it_is(client):
    tag = TopicTagFactory(pk=4, content="유머와 웃음")
    topics = [TopicFactory(title="A", topic_tag=tag), TopicFactory(title="B", topic_tag=tag)]
    reminder = NotificationFactory(user=client.user, topics=topics)
    assert details(client, reminder) == {
        "notificationName": "소개팅 20분마다",
        "notificationStartTime": "19:00",
        "notificationEndTime": "20:00",
        "notificationIntervalMinutes": 20,
        "notificationTalkTopics": [
            {
                "talkTopicTitle": title,
                "talkTopicTypeId": 3,
                "talkTopicTypeContent": "유머와 웃음",
                "noticeTime": clock,
            }
            for title, clock in (("A", "19:00"), ("B", "19:20"), ("A", "19:40"))
        ],
    }


def test_a_hidden_topic_leaves_its_turns_to_the_next_and_takes_them_back(client, topics):
    reminder = NotificationFactory(user=client.user, topics=topics, end=time(20, 20))
    clocks = ["19:00", "19:20", "19:40", "20:00"]
    topics[1].hide()
    assert shown(client, reminder) == list(zip(clocks, "ACCA", strict=True))
    topics[1].publish()
    assert shown(client, reminder) == list(zip(clocks, "ABCA", strict=True))


def test_the_turns_stay_where_they_were_when_a_topic_is_deleted(client, topics):
    reminder = NotificationFactory(user=client.user, topics=topics, end=time(20, 20))
    Topic.objects.filter(pk=topics[0].pk).delete()
    assert [title for _, title in shown(client, reminder)] == ["B", "B", "C", "B"]


def test_past_slots_are_listed_as_coming_ones_are(client, topics):
    yesterday = timezone.localdate() - timedelta(days=1)
    for day in (yesterday, timezone.localdate()):
        reminder = NotificationFactory(user=client.user, topics=topics, date=day, start=time(0), end=time(1))
        assert shown(client, reminder) == [("00:00", "A"), ("00:20", "B"), ("00:40", "C")]


def test_where_nothing_can_be_shown_there_is_no_slot(client, topics):
    reminder = NotificationFactory(user=client.user, topics=topics)
    Topic.objects.all().delete()
    assert shown(client, reminder) == []


def test_a_draft_is_shown_to_whom_it_was_written_for(client, topics):
    reminder = NotificationFactory(user=client.user, topics=topics[:2])
    Topic.objects.filter(pk=topics[0].pk).update(status=Topic.Status.DRAFT, made_for=client.user)
    Topic.objects.filter(pk=topics[1].pk).update(status=Topic.Status.DRAFT)
    assert [title for _, title in shown(client, reminder)] == ["A", "A", "A"]


def test_a_whole_day_of_minutes_takes_two_statements(client, topics, django_assert_num_queries):
    reminder = NotificationFactory(user=client.user, topics=topics, start=time(0), end=time(23, 59), interval_minutes=1)
    with django_assert_num_queries(2):
        slots = shown(client, reminder)
    assert len(slots) == 1439
    assert (slots[0][0], slots[-1][0]) == ("00:00", "23:58")


def test_a_strangers_is_as_good_as_none(client):
    foreign = NotificationFactory()
    for id in (foreign.pk, foreign.pk + 10**6, "abc", *NO_IDS):
        answer = client.get(f"/users/notifications/{id}/details")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_it_needs_a_token(nobody):
    for id in (NotificationFactory().pk, "abc"):
        assert nobody.get(f"/users/notifications/{id}/details").status_code == 401

"""GET /users/notifications"""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from notifications.models import Notification
from tests.factories import NotificationFactory, TopicFactory
from topics.models import Topic

DAY = timedelta(days=1)
TODAY = timezone.localdate


def page(client, query=""):
    answer = client.get(f"/users/notifications{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(found):
    return [each["notificationId"] for each in found["contents"]]


def frame(found):
    return {name: found[name] for name in ("nextCursorId", "first", "last")}


def many(client, count, **fields):
    reminder = NotificationFactory(user=client.user, **fields)
    rows = [{**vars(reminder)} for _ in range(count - 1)]
    for row in rows:
        row.pop("_state")
        row.pop("id")
    return [reminder, *Notification.objects.bulk_create(Notification(**row) for row in rows)]


def kind(topic):
    return {"topicTypeId": topic.topic_tag_id, "topicTypeContent": topic.topic_tag.content}


def test_somebody_without_any_has_an_empty_list(client):
    assert page(client) == {"contents": [], "nextCursorId": None, "first": True, "last": True}


def test_it_shows_what_was_sent_and_the_first_four_types(client):
    tags = ("사랑과 연애", "인간관계", "사랑과 연애", "유머와 웃음", "자기 계발")
    topics = [TopicFactory(tag=tag) for tag in tags]
    reminder = NotificationFactory(user=client.user, topics=topics, start=time(9, 5), end=time(10), name="주말")
    assert page(client) == {
        "contents": [
            {
                "notificationId": reminder.pk,
                "noticeDate": "2090-03-14",
                "notificationStartTime": "09:05",
                "notificationEndTime": "10:00",
                "notificationInterval": 20,
                "notificationName": "주말",
                "notificationTopicTotal": 5,
                "notificationTalkTopicTypes": [kind(topic) for topic in topics[:4]],
            }
        ],
        "nextCursorId": None,
        "first": True,
        "last": True,
    }


def test_hidden_and_deleted_topics_are_left_out_and_come_back(client):
    topics = [TopicFactory(tag=tag) for tag in ("사랑과 연애", "인간관계", "유머와 웃음")]
    NotificationFactory(user=client.user, topics=topics)
    topics[0].hide()
    Topic.objects.filter(pk=topics[1].pk).delete()
    (shown,) = page(client)["contents"]
    assert (shown["notificationTopicTotal"], shown["notificationTalkTopicTypes"]) == (1, [kind(topics[2])])
    topics[0].publish()
    (shown,) = page(client)["contents"]
    assert [each["topicTypeId"] for each in shown["notificationTalkTopicTypes"]] == [
        topics[0].topic_tag_id,
        topics[2].topic_tag_id,
    ]


def test_one_without_any_topic_left_is_shown_all_the_same(client):
    reminder = NotificationFactory(user=client.user)
    Topic.objects.all().delete()
    (shown,) = page(client)["contents"]
    assert (shown["notificationId"], shown["notificationTopicTotal"]) == (reminder.pk, 0)


@pytest.mark.parametrize(("days", "shown"), [(-31, 0), (-30, 1), (-1, 1), (0, 1), (300, 1)])
def test_past_ones_are_shown_for_thirty_days(client, days, shown):
    reminder = NotificationFactory(user=client.user, date=TODAY() + days * DAY)
    assert len(page(client)["contents"]) == shown
    assert client.get(f"/users/notifications/{reminder.pk}/details").status_code == (200 if shown else 404)


def test_it_hides_other_peoples(client, sign_in):
    NotificationFactory(user=client.user)
    assert ids(page(sign_in())) == []


def test_a_page_is_two_hundred_unless_a_size_is_named(client):
    made = [reminder.pk for reminder in many(client, 201)]
    found = page(client)
    assert ids(found) == made[:200]
    assert frame(found) == {"nextCursorId": made[199], "first": True, "last": False}
    found = page(client, f"?nextCursorId={made[199]}")
    assert ids(found) == made[200:]
    assert frame(found) == {"nextCursorId": None, "first": False, "last": True}
    found = page(client, "?nextCursorId=0")
    assert ids(found) == made
    assert frame(found) == {"nextCursorId": None, "first": True, "last": True}


def test_page_by_page_each_comes_once(client):
    made = [reminder.pk for reminder in many(client, 7)]
    seen, found, query = [], {"last": False}, ""
    while not found["last"]:
        found = page(client, f"?size=3{query}")
        seen += ids(found)
        query = f"&nextCursorId={found['nextCursorId']}"
    assert seen == made


@pytest.mark.parametrize("query", ["?size=0", "?size=201", "?size=x", "?nextCursorId=x", "?size=&nextCursorId=0"])
def test_a_bad_size_or_cursor_is_refused(client, query):
    answer = client.get(f"/users/notifications{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert page(client, "?size=200")["last"] is True


def test_it_needs_a_token(nobody):
    assert nobody.get("/users/notifications").status_code == 401


@pytest.mark.parametrize("count", [5, 500])
@pytest.mark.parametrize("query", ["", "?nextCursorId=0", "?size=5"])
def test_it_takes_two_statements_over_few_and_many_rows(client, django_assert_num_queries, count, query):
    many(client, count)
    with django_assert_num_queries(2):
        found = page(client, query)
    assert len(ids(found)) == (count if query.endswith("=0") else min(count, 5 if query else 200))

"""A user who is deleted while their call is under way: never a 5xx, and no row is left (contract, Authorisation)."""

import json

import pytest
from django.utils import timezone

from accounts import services
from accounts.authentication import AccessTokenAuthentication
from accounts.models import Session, User
from notifications.models import Notification
from scraps.models import Scrap, ScrapTopic
from tests.factories import (
    NotificationFactory,
    PlaceTagFactory,
    ScrapFactory,
    ScrapTopicFactory,
    TopicFactory,
    TopicTagFactory,
)
from tests.tables import tables
from tests.tokpik.routes import CALLS_WITH_TOKEN, filled, name
from topics.models import Topic

# Choosing is a read, for all that it is a POST.
READS = [(route, method) for route, method in CALLS_WITH_TOKEN if method == "GET" or route.template == "/topics"]
WRITES = [call for call in CALLS_WITH_TOKEN if call not in READS]


@pytest.fixture
def call(client, monkeypatch):
    """Deletes the user as soon as their token was found good."""
    entry = ScrapTopicFactory(scrap=ScrapFactory(user=client.user), topic=TopicFactory())
    tags = {"topicTagIds": [TopicTagFactory().pk], "placeTagIds": [PlaceTagFactory().pk]}
    body = {"scrapName": "주말", "scrapTitle": "주말", "birth": "1996-03-14", "gender": True, **tags}
    body |= {"includeFilterCondition": False, "notificationToken": "phone"}
    reminder = NotificationFactory(scrap=entry.scrap, topics=[entry.topic])
    body |= {"notificationName": "알림", "scrapId": entry.scrap_id, "notificationTalkTopicIds": [entry.topic_id]}
    body |= {"noticeDate": timezone.localdate().isoformat(), "notificationIntervalMinutes": 20}
    body |= {"notificationStartTime": "00:00", "notificationEndTime": "23:59"}
    session = Session.objects.get(user=client.user)
    good = AccessTokenAuthentication.living_user

    def good_a_moment_ago(self, *token):
        user = good(self, *token)
        services.delete_user(user=User.objects.get(pk=user.pk))
        return user

    def send(route, method):
        topic_id = entry.pk if method == "DELETE" else entry.topic_id
        ids = {"scrap_id": entry.scrap_id, "topic_id": topic_id, "notification_id": reminder.pk}
        path = filled(route.template, session_id=session.pk, **ids)
        monkeypatch.setattr(AccessTokenAuthentication, "living_user", good_a_moment_ago)
        return client.generic(method, path, *([] if method == "GET" else [json.dumps(body), "application/json"]))

    return send


def rows_of_users():
    """Every row that refers to a user, directly or over a folder."""
    models = [model for model in tables() if any(field.related_model is User for field in model._meta.fields)]
    assert Scrap in models
    rows = {model: model._default_manager.count() for model in {User, ScrapTopic, Notification, *models}}
    return {model: count for model, count in rows.items() if count and model is not Topic}


@pytest.mark.parametrize(("route", "method"), WRITES, ids=name)
def test_a_write_finds_its_session_revoked(call, route, method):
    answer = call(route, method)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert rows_of_users() == {}


@pytest.mark.parametrize(("route", "method"), READS, ids=name)
def test_a_read_finds_an_empty_account(call, route, method):
    answer = call(route, method)
    theirs = "scrap_id" in route.template or "notification_id" in route.template
    assert answer.status_code in ((404, 401) if theirs else (200, 401))

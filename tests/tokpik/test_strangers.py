"""Nothing of somebody else's can be seen, told apart from what is not there, or changed: every call of the urlconf.

Complete by construction: a new route, parameter or body fails here until it says how to name a stranger's.
"""

import json
import re

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import (
    NotificationFactory,
    PhoneFactory,
    ScrapFactory,
    ScrapTopicFactory,
    TopicFactory,
    UserFactory,
)
from tests.tokpik.routes import CALLS_WITH_TOKEN, NOBODYS, filled, name
from topics.models import Topic

pytestmark = pytest.mark.django_db
MARK = "낯선 사람의"
WITH_IDS = [(route, method) for route, method in CALLS_WITH_TOKEN if "{" in route.template]
WITHOUT_IDS = [(route, method) for route, method in CALLS_WITH_TOKEN if "{" not in route.template]


@pytest.fixture
def stranger():
    """Somebody who has one of everything, each marked."""
    user = UserFactory(email="stranger@example.com", photo_url="https://example.com/stranger.jpg")
    user.phone = PhoneFactory(user=user, device=f"{MARK} 전화")
    user.draft = TopicFactory(title=f"{MARK} 초안", status=Topic.Status.DRAFT, made_for=user)
    scrap = ScrapFactory(user=user, name=f"{MARK} 폴더")
    user.entry = ScrapTopicFactory(scrap=scrap, topic=user.draft)
    user.reminder = NotificationFactory(scrap=scrap, name=f"{MARK} 알림", topic_ids=[user.draft.pk])
    return user


def named(stranger, template, method):
    """The stranger's own ids, by the name of the path's parameter."""
    entry = stranger.entry.pk if (method, template.count("{")) == ("DELETE", 2) else stranger.draft.pk
    return {
        "session_id": stranger.phone.pk,
        "scrap_id": stranger.entry.scrap_id,
        "topic_id": entry,
        "notification_id": stranger.reminder.pk,
    }


PROFILE = {"birth": "1996-03-14", "gender": True}
# The body of each call that takes one, with the stranger's ids wherever it names any.
BODIES = {
    ("POST", "/users/profiles"): lambda stranger: PROFILE,
    ("PATCH", "/users/tags"): lambda stranger: {"topicTagIds": [stranger.draft.topic_tag_id]},
    ("PATCH", "/users/place-tags"): lambda stranger: {"placeTagIds": [stranger.draft.place_tag_id]},
    ("PUT", "/users/notification-token"): lambda stranger: {"notificationToken": "my-own-phone"},
    ("POST", "/topics"): lambda stranger: {"includeFilterCondition": False},
    ("POST", "/users/scraps"): lambda stranger: {"scrapName": "내 폴더"},
    ("PATCH", "/users/scraps/{scrap_id}/titles"): lambda stranger: {"scrapTitle": "내 폴더"},
    ("POST", "/users/notifications"): lambda stranger: {
        "notificationName": "내 알림",
        "scrapId": stranger.entry.scrap_id,
        "notificationTalkTopicIds": [stranger.draft.pk],
        "noticeDate": timezone.localdate().isoformat(),
        "notificationStartTime": "19:00",
        "notificationEndTime": "21:00",
        "notificationIntervalMinutes": 20,
    },
}
REFUSED_BODIES = {("POST", "/users/notifications"): {"scrapId"}}


def body_of(stranger, route, method):
    return BODIES[method, route.template](stranger) if route.body_of(method) else None


def send(client, method, path, body=None):
    return client.generic(method, path, json.dumps(body) if body else b"", "application/json" if body else "")


def rows_of(user):
    """Every row that hangs on somebody, as it is now."""
    found = {("accounts.user", user.pk): serializers.serialize("python", [type(user).objects.get(pk=user.pk)])}
    for model in apps.get_models():
        for path in paths_to_user(model):
            for row in model._default_manager.filter(**{path: user.pk}):
                found[model._meta.label_lower, row.pk] = serializers.serialize("python", [row])
    return found


def paths_to_user(model, depth=3):
    """The chains of foreign keys that lead from a model to its user."""
    for field in model._meta.fields:
        if field.is_relation and field.related_model is not model:
            if field.related_model._meta.label == "accounts.User":
                yield field.name
            elif depth:
                yield from (f"{field.name}__{rest}" for rest in paths_to_user(field.related_model, depth - 1))


def test_every_kind_of_row_that_hangs_on_a_user_is_watched(stranger):
    assert {label for label, _ in rows_of(stranger)} >= {
        "accounts.user",
        "accounts.session",
        "topics.topic",
        "scraps.scrap",
        "scraps.scraptopic",
        "notifications.notification",
    }


@pytest.mark.parametrize(("route", "method"), WITH_IDS, ids=name)
def test_a_strangers_ids_are_those_of_nobody(client, stranger, route, method):
    before, body = rows_of(stranger), body_of(stranger, route, method)
    path = filled(route.template, **named(stranger, route.template, method))
    theirs, nobodys = (send(client, method, each, body) for each in (path, filled(route.template)))
    assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
    assert theirs.status_code == 404
    assert rows_of(stranger) == before


@pytest.mark.parametrize(("route", "method"), WITHOUT_IDS, ids=name)
def test_other_calls_show_and_change_nothing_of_a_strangers(client, stranger, route, method):
    before, body = rows_of(stranger), body_of(stranger, route, method)
    answer = send(client, method, route.path, body)
    refused = REFUSED_BODIES.get((method, route.template))
    if refused:
        assert (answer.status_code, set(answer.json()["message"])) == (400, refused)
    else:
        assert answer.status_code == 200, answer.content
    said = answer.content.decode()
    assert MARK not in said
    assert "stranger" not in said
    assert str(stranger.phone.pk) not in said
    assert rows_of(stranger) == before


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_hangs_on_two_ids_needs_both_to_be_ones_own(client, stranger, method):
    mine = ScrapTopicFactory(scrap=ScrapFactory(user=client.user))
    ids = named(stranger, "{}{}", method)
    before = rows_of(stranger), rows_of(client.user)
    for scrap, topic in ((mine.scrap_id, ids["topic_id"]), (ids["scrap_id"], mine.pk)):
        theirs = send(client, method, f"/users/scraps/{scrap}/topics/{topic}")
        nobodys = send(client, method, f"/users/scraps/{NOBODYS[0]}/topics/{NOBODYS[0]}")
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
        assert theirs.status_code == 404
    assert (rows_of(stranger), rows_of(client.user)) == before


@pytest.mark.parametrize("ids", ["foreign", "unknown"])
def test_a_reminder_takes_no_topic_of_a_strangers_and_does_not_say_that_there_is_one(client, stranger, ids):
    mine = ScrapTopicFactory(scrap=ScrapFactory(user=client.user))
    topic = stranger.draft.pk if ids == "foreign" else NOBODYS[0]
    body = BODIES["POST", "/users/notifications"](stranger)
    body |= {"scrapId": mine.scrap_id, "notificationTalkTopicIds": [mine.topic_id, topic]}
    answer = send(client, "POST", "/users/notifications", body)
    sentence = "이 스크랩에 없는 주제가 들어 있습니다."
    assert (answer.status_code, answer.json()["message"]) == (400, {"notificationTalkTopicIds": sentence})


def test_the_console_does_not_tell_who_is_staff():
    """A wrong password, somebody deactivated, somebody who is no staff, and nobody at all: the same page."""
    User.objects.create_staff(username="staff", password="the right one")
    User.objects.create_staff(username="former", password="the right one", is_active=False)
    tries = [
        ("staff", "a wrong one"),
        ("former", "the right one"),
        ("former", "a wrong one"),
        ("nobody", "a wrong one"),
    ]
    pages = set()
    for username, password in tries:
        answer = Client().post("/admin/login/", {"username": username, "password": password})
        page = answer.content.decode().replace(username, "somebody")
        pages.add((answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)))
    assert len(pages) == 1

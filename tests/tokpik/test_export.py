"""GET /users/export"""

import json
import tracemalloc
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_redis import get_redis_connection
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import Session, User
from notifications.models import Notification, Push
from scraps.models import Scrap, ScrapTopic
from tests.accounts.test_deletion import own_something
from tests.e2e.test_main_job import strict
from tests.factories import (
    NotificationFactory,
    PhoneFactory,
    ScrapFactory,
    ScrapTopicFactory,
    TopicFactory,
)
from tests.tables import tables
from tokpik.export import sections
from topics.models import CallBudget, GenerationRequest, ModelCall, Topic

# Each table that refers to a user, and where the export shows its rows.
SHOWN = {
    Session: "sessions",
    OutstandingToken: "refreshTokens",
    User.topic_tags.through: "topicTags",
    User.place_tags.through: "placeTags",
    Scrap: "scraps",
    Topic: "writtenTopics",
    GenerationRequest: "generationRequests",
    GenerationRequest.readers.through: "generationRequests",
    ModelCall: "modelCalls",
    CallBudget: "modelCallsByDay",
    # These refer to one over a folder.
    ScrapTopic: "scrapTopics",
    Notification: "notifications",
    Push: "pushes",
}
# What is of staff, who have no way to the API.
OF_STAFF = {LogEntry, User.groups.through, User.user_permissions.through, StaticDevice, TOTPDevice}


def exported(client):
    answer = client.get("/users/export")
    assert answer.status_code == 200, answer.getvalue()
    return json.loads(answer.getvalue())


def own_everything(client):
    TopicFactory()
    own_something(client)
    PhoneFactory(user=client.user, push_target=f"phone-of-{client.user.pk}")
    reminder = NotificationFactory(user=client.user, name="소개팅")
    now = timezone.now()
    reminder.pushes.create(slot=0, session_id=Session.objects.first().pk, outcome="sent", due_at=now, done_at=now)
    reminder.pushes.create(slot=1, outcome="missed", reason="no_phone", due_at=now, done_at=now)
    User.objects.filter(pk=client.user.pk).update(
        birth="1996-03-14", gender="female", photo_url="https://example.com/p.jpg", consented_at=now
    )
    client.post("/topics", {"includeFilterCondition": False}, format="json")
    request = GenerationRequest.objects.create(why="search", user=client.user, search={"purposes": ["내가 쓴 말"]})
    request.items.create(title="제목", text="부제", outcome="kept")
    ModelCall.objects.create(
        user=client.user, request=request, why="search", model="model", day=now.date(), began_at=now, outcome="written"
    )
    CallBudget.objects.create(user=client.user, day=now.date(), calls=1)


def referring(model):
    """Whether rows of this table name a user, directly or over a folder or a reminder."""
    related = {field.related_model for field in model._meta.get_fields() if field.many_to_one or field.one_to_one}
    concrete = {field.related_model for field in model._meta.concrete_fields}
    return bool(related & concrete & {User, Scrap, Notification})


def test_every_table_that_refers_to_a_user_is_in_it_or_of_staff():
    assert {model for model in tables() if referring(model)} == set(SHOWN) | OF_STAFF
    assert set(SHOWN.values()) | {"account", "shownTopics"} == {section.name for section in sections()}


def test_it_has_what_each_table_holds_of_the_user_and_nothing_of_others(sign_in):
    other, client = sign_in(), sign_in()
    own_everything(other)
    own_everything(client)
    found = exported(client)
    held = {
        "account": 1,
        "topicTags": 1,
        "placeTags": 1,
        "sessions": 2,
        "refreshTokens": 2,
        "writtenTopics": 1,
        "generationRequests": 1,
        "modelCalls": 1,
        "modelCallsByDay": 1,
        "scraps": 3,
        "scrapTopics": 2,
        "notifications": 1,
        "pushes": 2,
    }
    assert {name: len(rows) for name, rows in found.items() if name != "shownTopics"} == held
    assert found["shownTopics"]
    theirs = Scrap.objects.filter(user=other.user).values_list("pk", flat=True)
    assert not {scrap["scrapId"] for scrap in found["scraps"]} & set(theirs)
    assert {session["notificationToken"] for session in found["sessions"]} == {"", f"phone-of-{client.user.pk}"}


def test_what_no_call_shows_any_more_is_in_it_all_the_same(client, sign_in):
    """It is stored still: what is over, and what staff hid."""
    topics = [TopicFactory(status=status, made_for=client.user) for status in Topic.Status]
    entry = ScrapTopicFactory(scrap=ScrapFactory(user=client.user), topic=topics[-1])
    past = NotificationFactory(scrap=entry.scrap, date=timezone.localdate() - timedelta(days=40))
    sign_in(client.user).post("/logout")
    found = exported(client)
    assert [topic["status"] for topic in found["writtenTopics"]] == ["draft", "published", "hidden"]
    assert [row["topicId"] for row in found["scrapTopics"]] == [entry.topic_id]
    assert [row["notificationId"] for row in found["notifications"]] == [past.pk]
    assert [session["endedWhy"] for session in found["sessions"]] == ["", "로그아웃"]


def test_values_are_as_the_contract_writes_them(client):
    own_everything(client)
    found = exported(client)
    (account,) = found["account"]
    assert account == {
        "userId": client.user.pk,
        "kakaoId": client.user.kakao_id,
        "email": client.user.email,
        "profilePhotoUrl": "https://example.com/p.jpg",
        "birth": "1996-03-14",
        "gender": "female",
        "joinedAt": timezone.localtime(client.user.joined_at).isoformat(),
        "consentedAt": account["consentedAt"],
    }
    assert account["joinedAt"].endswith("+09:00")
    (reminder,) = found["notifications"]
    assert (reminder["noticeDate"], reminder["notificationStartTime"]) == ("2090-03-14", "19:00")
    assert [(push["outcome"], push["reason"]) for push in found["pushes"]] == [("보냄", ""), ("놓침", "받을 기기 없음")]
    (written,) = found["writtenTopics"]
    assert (written["status"], len(written["details"])) == ("draft", 1)
    assert [token["used"] for token in found["refreshTokens"]] == [True, False]


def test_it_is_as_the_schema_says_and_no_more(client):
    own_everything(client)
    schema = client.get("/schema").json()
    described = schema["paths"]["/users/export"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    of = strict({**described, "components": schema["components"]})
    Draft202012Validator(of, format_checker=FormatChecker()).validate(exported(client))
    User.objects.filter(pk=client.user.pk).update(birth=None, gender=None, consented_at=None)
    Draft202012Validator(of).validate(exported(client))


def test_no_secret_is_in_it(client):
    own_everything(client)
    text = client.get("/users/export").getvalue().decode()
    held = OutstandingToken.objects.filter(user=client.user)
    secrets = [value for token in held for value in (token.token, token.token.partition(":")[2], token.jti)]
    secrets += [client.pair.access, client.pair.refresh, User.objects.get(pk=client.user.pk).password]
    secrets += [phone.push_target_hash for phone in Session.objects.exclude(push_target_hash=None)]
    assert not [secret for secret in secrets if secret and secret in text]
    assert not [name for name in ("hash", "password", "jti", "secret") if name in text.lower()]


def test_it_is_a_file_that_nobody_stores(client):
    answer = client.get("/users/export")
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="tokpik.json"'
    assert int(answer["Content-Length"]) == len(answer.getvalue())


def test_somebody_new_gets_empty_lists(client):
    found = exported(client)
    assert [name for name, rows in found.items() if rows] == ["account", "sessions", "refreshTokens"]


def test_ten_an_hour_are_enough(client, sign_in):
    for _ in range(10):
        exported(client)
    answer = client.get("/users/export")
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 3500 < int(answer["Retry-After"]) <= 3600
    exported(sign_in())


def test_without_the_cache_it_lacks_what_was_shown_and_no_more(client, settings, monkeypatch):
    own_everything(client)
    monkeypatch.setattr("tokpik.cache.get_redis_connection", lambda alias: get_redis_connection("gone"))
    settings.CACHES = {**settings.CACHES, "gone": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}
    found = exported(client)
    assert (found["shownTopics"], len(found["scraps"])) == ([], 3)


def much(user, entries, pushes):
    scrap = ScrapFactory(user=user)
    topics = Topic.objects.bulk_create(
        Topic(
            title=f"주제 {n}",
            subtitle="부제",
            situation=topic.situation,
            topic_tag=topic.topic_tag,
            place_tag=topic.place_tag,
        )
        for topic in [TopicFactory()]
        for n in range(entries)
    )
    ScrapTopic.objects.bulk_create(ScrapTopic(scrap=scrap, topic=topic) for topic in topics)
    reminder, now = NotificationFactory(scrap=scrap), timezone.now()
    Push.objects.bulk_create(
        Push(notification=reminder, slot=slot, outcome="sent", due_at=now, done_at=now) for slot in range(pushes)
    )


def test_much_of_it_takes_little_memory_and_few_statements(sign_in):
    small, large = sign_in(), sign_in()
    much(small.user, 5, 5)
    much(large.user, 5_000, 20_000)
    counts, found = [], {}
    for client in (small, large):
        with CaptureQueriesContext(connection) as statements:
            tracemalloc.start()
            try:
                answer = client.get("/users/export")
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        counts.append(len(statements))
        found = json.loads(answer.getvalue())
    assert (len(found["scrapTopics"]), len(found["pushes"])) == (5_000, 20_000)
    assert counts[0] == counts[1]
    assert peak < 8_000_000

"""DELETE /users, at the same moment as each write of the API: whoever comes first, nothing is left behind."""

from contextlib import ExitStack

import pytest
from django.db import transaction
from django.urls import resolve
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.authentication import AccessTokenAuthentication
from accounts.locks import writing_for
from accounts.models import Session, User
from accounts.services import delete_user
from accounts.sessions import begin_session
from tests.accounts.racing import SECONDS, behind_my_locks, race
from tests.factories import (
    NotificationFactory,
    PlaceTagFactory,
    ScrapFactory,
    ScrapTopicFactory,
    TopicFactory,
    TopicTagFactory,
    UserFactory,
)
from tests.tokpik.routes import ROUTES
from topics.models import Topic

ROUNDS = 100
pytestmark = pytest.mark.django_db(transaction=True)


class Person:
    """Somebody who owns a little of everything, and a client of theirs."""

    def __init__(self, topics, tag, place):
        self.user = UserFactory(kakao_id=-7)
        self.user.topic_tags.add(tag)
        self.user.place_tags.add(place)
        self.entry = ScrapTopicFactory(scrap=ScrapFactory(user=self.user), topic=topics[0])
        self.reminder = NotificationFactory(scrap=self.entry.scrap, topics=topics[:1])
        self.tag, self.place, self.new_topic = tag, place, topics[1]
        TopicFactory(status=Topic.Status.DRAFT, made_for=self.user)
        self.sent = set()
        with transaction.atomic():
            begin_session(user=self.user, device="", now=timezone.now())
            self.other_session = self.user.sessions.get().pk
            self.pair = begin_session(user=self.user, device="", now=timezone.now())

    def send(self, method, path, body=None):
        self.sent.add((method.upper(), resolve(path).route))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.pair.access}")
        return getattr(client, method)(path, body, format="json")

    def remind(self):
        body = {"notificationName": "알림", "scrapId": self.entry.scrap_id, "notificationIntervalMinutes": 20}
        body |= {"notificationTalkTopicIds": [self.entry.topic_id], "noticeDate": timezone.localdate().isoformat()}
        body |= {"notificationStartTime": "00:00", "notificationEndTime": "23:59"}
        return self.send("post", "/users/notifications", body)

    @property
    def scrap(self):
        return f"/users/scraps/{self.entry.scrap_id}"


WRITES = {
    "profile": lambda one: one.send(
        "post",
        "/users/profiles",
        {"birth": "1996-03-14", "gender": True, "topicTagIds": [one.tag.pk], "placeTagIds": [one.place.pk]},
    ),
    "topic tags": lambda one: one.send("patch", "/users/tags", {"topicTagIds": [one.tag.pk]}),
    "place tags": lambda one: one.send("patch", "/users/place-tags", {"placeTagIds": [one.place.pk]}),
    "create a scrap": lambda one: one.send("post", "/users/scraps", {"scrapName": "새 폴더"}),
    "rename a scrap": lambda one: one.send("patch", f"{one.scrap}/titles", {"scrapTitle": "새 이름"}),
    "delete a scrap": lambda one: one.send("delete", one.scrap),
    "add a topic": lambda one: one.send("post", f"{one.scrap}/topics/{one.new_topic.pk}"),
    "remove a topic": lambda one: one.send("delete", f"{one.scrap}/topics/{one.entry.pk}"),
    "create a reminder": lambda one: one.remind(),
    "delete a reminder": lambda one: one.send("delete", f"/users/notifications/{one.reminder.pk}"),
    "refresh": lambda one: one.send("post", "/refresh", {"refreshToken": one.pair.refresh}),
    "register a phone": lambda one: one.send("put", "/users/notification-token", {"notificationToken": "phone"}),
    "end a session": lambda one: one.send("delete", f"/users/sessions/{one.other_session}"),
    "delete": lambda one: one.send("delete", "/users"),
}
# A search waits for nobody, and whoever has ended their own session cannot delete the account with it.
OTHERS = {
    "log out": lambda one: one.send("post", "/logout", {}),
    "log out everywhere": lambda one: one.send("post", "/logout/all"),
    "search": lambda one: one.send("post", "/topics", {"includeFilterCondition": True, "talkSituations": ["친구"]}),
}
READS = ["/users/profiles", "/users/tags", "/users/place-tags", "/users/scraps", "/users/scraps/count"]
READS += ["/users/notifications"]


@pytest.fixture
def person():
    """Makes the same person again and again."""
    shared = [TopicFactory(), TopicFactory()], TopicTagFactory(), PlaceTagFactory()
    return lambda: Person(*shared)


def deleted(one):
    return one.send("delete", "/users")


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_done_or_refused_and_nothing_is_left(person, rows, name):
    before = rows()
    for _ in range(ROUNDS):
        one = person()
        written, gone = race(lambda: WRITES[name](one), lambda: deleted(one))  # noqa: B023
        statuses = [written.status_code, gone.status_code]
        assert statuses in ([200, 200], [401, 200]) or (name == "delete" and statuses == [200, 401])
        assert [answer.json()["code"] for answer in (written, gone) if answer.status_code == 401] in (
            [],
            ["session_revoked"],
        )
        assert rows() == before


@pytest.mark.parametrize("name", OTHERS)
def test_so_is_what_waits_for_nobody_or_ends_the_session_itself(person, rows, name):
    before = rows()
    for _ in range(ROUNDS):
        one = person()
        answered, gone = race(lambda: OTHERS[name](one), lambda: deleted(one))  # noqa: B023
        assert answered.status_code in (200, 401)
        assert gone.status_code == 200 or (name.startswith("log out") and gone.json()["code"] == "session_revoked")
        if gone.status_code != 200:
            delete_user(user=one.user)
        assert rows() == before


def test_every_call_that_changes_something_is_among_them(person):
    sent = set()
    for call in (WRITES | OTHERS).values():
        one = person()
        call(one)
        sent |= one.sent
        User.objects.filter(pk=one.user.pk).delete()
    others = {("POST", "login/kakao"), ("POST", "webhooks/kakao/unlink")}
    assert sent | others == {
        (method, route.template[1:].replace("{", "<str:").replace("}", ">"))
        for route in ROUTES
        for method in route.methods
        if method != "GET"
    }


@pytest.mark.parametrize("name", WRITES)
def test_a_write_waits_for_a_deletion_under_way_and_is_401(person, rows, name):
    """A deadlock would make one of the two fail."""
    before = rows()
    one = person()
    with ExitStack() as waiting:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=one.user.pk)
            written = waiting.enter_context(behind_my_locks(lambda: WRITES[name](one)))
            delete_user(user=one.user)
        answer = written.result(SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert rows() == before


def test_a_deletion_waits_for_a_write_under_way_and_takes_it_along(person, rows):
    before = rows()
    one = person()
    with ExitStack() as waiting:
        with writing_for(one.user):
            gone = waiting.enter_context(behind_my_locks(lambda: deleted(one)))
            ScrapTopicFactory(scrap=ScrapFactory(user=one.user), topic=one.new_topic)
        assert gone.result(SECONDS).status_code == 200
    assert rows() == before


@pytest.mark.parametrize("path", READS)
def test_a_read_is_answered_or_refused(person, path):
    for _ in range(10):
        one = person()
        seen, gone = race(lambda: one.send("get", path), lambda: deleted(one))  # noqa: B023
        assert gone.status_code == 200
        assert seen.status_code in (200, 401)


def test_a_read_of_ones_own_folder_may_also_find_it_gone(person):
    for _ in range(10):
        one = person()
        seen, gone = race(lambda: one.send("get", f"{one.scrap}/topics"), lambda: deleted(one))  # noqa: B023
        assert gone.status_code == 200
        assert seen.status_code in (200, 401, 404)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_user_goes_right_after_authentication_is_401(person, rows, monkeypatch, name):
    one = person()
    living_user = AccessTokenAuthentication.living_user

    def living_until_now(self, token):
        user = living_user(self, token)
        User.objects.get(pk=user.pk).delete()
        return user

    monkeypatch.setattr(AccessTokenAuthentication, "living_user", living_until_now)
    if name == "refresh":
        User.objects.get(pk=one.user.pk).delete()
    answer = WRITES[name](one)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert not {"accounts.User", "accounts.Session", "scraps.Scrap", "scraps.ScrapTopic"} & set(rows())


def test_a_login_ends_with_its_session_or_is_a_new_account(kakao):
    for _ in range(ROUNDS):
        user = UserFactory(kakao_id=7001)
        with transaction.atomic():
            pair = begin_session(user=user, device="", now=timezone.now())
        code = kakao.grant(7001)
        login, gone = race(
            lambda: APIClient().post("/login/kakao", {"code": code}, format="json"),  # noqa: B023
            lambda: APIClient().delete("/users", HTTP_AUTHORIZATION=f"Bearer {pair.access}"),  # noqa: B023
        )
        assert gone.status_code == 200
        assert login.status_code in (200, 401)
        assert not User.objects.filter(pk=user.pk).exists()
        again = User.objects.filter(kakao_id=7001).first()
        assert Session.objects.count() == OutstandingToken.objects.count() == bool(again)
        if again:
            bearer = f"Bearer {login.json()['accessToken']}"
            assert APIClient().delete("/users", HTTP_AUTHORIZATION=bearer).status_code == 200

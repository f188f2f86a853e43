"""How often somebody who is signed in may call: every call of the urlconf, exactly, and each person by themselves."""

from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import views as accounts
from bench.counting import counting
from notifications.views import NotificationViewSet
from tests.accounts.racing import race
from tests.factories import ScrapFactory, ScrapTopicFactory, TopicFactory
from tests.tokpik.routes import CALLS_WITH_TOKEN, name
from tokpik import viewsets
from tokpik.throttling import DAY, Limit
from topics.views import TopicViewSet

pytestmark = pytest.mark.django_db
# Whoever wants to end something is never kept from it; what the cache answers costs less than a look at a limit.
UNLIMITED = {
    ("POST", "/logout/all"),
    ("DELETE", "/users/sessions/{session_id}"),
    ("DELETE", "/users"),
    ("GET", "/topics/{topic_id}/details"),
    ("GET", "/topics/{topic_id}/related"),
}


@pytest.fixture
def limited(monkeypatch):
    """Sets the limits of a user to so many; the names make them counts of this test's own."""

    def limit_to(reads=1000, writes=1000, searches=1000, reminders=1000, refreshes=1000):
        own = uuid4().hex
        monkeypatch.setattr(viewsets, "READS", Limit(f"reads{own}", reads))
        monkeypatch.setattr(viewsets, "WRITES", Limit(f"writes{own}", writes))
        monkeypatch.setitem(TopicViewSet.user_limits, "choose", Limit(f"searches{own}", searches))
        monkeypatch.setitem(NotificationViewSet.user_limits, "create", Limit(f"reminders{own}", reminders, DAY))
        monkeypatch.setattr(accounts, "SESSION_REFRESHES_A_DAY", Limit(f"refreshes{own}", refreshes, DAY))

    return limit_to


def is_refused(answer):
    if answer.status_code != 429:
        return False
    assert answer.json()["code"] == "throttled"
    assert int(answer["Retry-After"]) >= 1
    return True


@pytest.mark.parametrize(("route", "method"), CALLS_WITH_TOKEN, ids=name)
def test_every_call_with_a_token_has_its_limit(client, limited, route, method):
    limited(reads=1, writes=1, searches=1, reminders=1)
    answers = [client.generic(method, route.path) for _ in range(3)]
    limited_here = (method, route.template) not in UNLIMITED
    assert [is_refused(answer) for answer in answers] == [False, limited_here, limited_here]


def test_reads_and_writes_are_counted_apart_and_people_too(client, sign_in, limited):
    limited(reads=2, writes=1)
    other = sign_in()
    assert [is_refused(client.get("/users/scraps/count")) for _ in range(3)] == [False, False, True]
    assert [is_refused(client.post("/users/scraps", {"scrapName": "폴더"})) for _ in range(2)] == [False, True]
    assert not is_refused(other.get("/users/scraps/count"))


def test_all_reads_of_somebody_are_one_count_from_whatever_phone(client, sign_in, limited):
    limited(reads=2)
    phone = sign_in(client.user)
    assert not is_refused(client.get("/users/tags"))
    assert not is_refused(phone.get("/users/scraps"))
    assert is_refused(client.get("/users/scraps/count"))
    assert is_refused(phone.get("/users/profiles"))


def test_whoever_is_refused_changes_nothing(client, limited):
    limited(writes=1)
    client.post("/users/scraps", {"scrapName": "첫째"}, format="json")
    assert is_refused(client.post("/users/scraps", {"scrapName": "둘째"}, format="json"))
    assert [scrap["scrapName"] for scrap in client.get("/users/scraps").json()["scraps"]] == ["첫째"]


def test_the_token_counts_before_and_the_method_after(client, nobody, limited):
    limited(writes=1)
    assert nobody.put("/users/scraps").status_code == 401
    assert client.put("/users/scraps").status_code == 405
    assert is_refused(client.put("/users/scraps"))


@pytest.mark.django_db(transaction=True)
def test_it_is_exact_with_sixteen_threads(client, limited):
    limited(writes=20)

    def create():
        own = APIClient()
        own.credentials(HTTP_AUTHORIZATION=f"Bearer {client.pair.access}")
        return [own.post("/users/scraps", {"scrapName": uuid4().hex}, format="json").status_code for _ in range(3)]

    seen = [status for statuses in race(*[create] * 16) for status in statuses]
    assert (seen.count(200), seen.count(429)) == (20, 28)
    assert client.user.scraps.count() == 20


@pytest.mark.django_db(transaction=True)
def test_past_reminders_are_bounded_too_exactly(client, limited):
    """They take no place in the quota, and are kept for a month."""
    limited(reminders=10)
    entry = ScrapTopicFactory(scrap=ScrapFactory(user=client.user))
    body = {
        "notificationName": "지난 것",
        "scrapId": entry.scrap_id,
        "notificationTalkTopicIds": [entry.topic_id],
        "noticeDate": timezone.localdate().isoformat(),
        "notificationStartTime": "00:00",
        "notificationEndTime": "00:01",
    }

    def create(first):
        own = APIClient()
        own.credentials(HTTP_AUTHORIZATION=f"Bearer {client.pair.access}")
        calls = [body | {"notificationIntervalMinutes": first + number} for number in range(3)]
        return [own.post("/users/notifications", call, format="json").status_code for call in calls]

    seen = [status for statuses in race(*[lambda n=n: create(1 + 3 * n) for n in range(16)]) for status in statuses]
    assert (seen.count(200), seen.count(429)) == (10, 38)


def test_a_session_is_refreshed_so_often_a_day(client, limited):
    limited(refreshes=2)
    token = client.pair.refresh
    for expected in (200, 200, 429):
        answer = APIClient().post("/refresh", {"refreshToken": token}, format="json")
        assert answer.status_code == expected
        token = answer.json().get("refreshToken", token)


@pytest.mark.parametrize("path", ["details", "related"])
def test_a_hit_looks_at_no_limit_and_keeps_its_one_round_trip(client, limited, path):
    topic = TopicFactory()
    client.get(f"/topics/{topic.pk}/{path}")
    limited(reads=1)
    with counting() as count:
        assert client.get(f"/topics/{topic.pk}/{path}").status_code == 200
    assert (count.round_trips, count.statements) == (1, [])


def test_the_defaults_leave_room_for_quick_hands():
    assert (viewsets.READS.hits, viewsets.WRITES.hits, TopicViewSet.user_limits["choose"].hits) == (300, 120, 60)
    assert {limit.seconds for limit in (viewsets.READS, viewsets.WRITES, TopicViewSet.user_limits["choose"])} == {60}
    # Home sends each search twice; and a day has five hours' tokens, page loads and lost answers in it.
    assert django_settings.SEARCHES_A_MINUTE >= 2 * 30
    a_day = [accounts.SIGN_INS_A_DAY, accounts.SESSION_REFRESHES_A_DAY, NotificationViewSet.user_limits["create"]]
    assert [(limit.hits, limit.seconds) for limit in a_day] == [(100, DAY), (500, DAY), (200, DAY)]

"""GET /users/sessions, DELETE /users/sessions/{sessionId}, POST /logout/all; at most 20 living sessions"""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.kakao import Identity
from accounts.models import Session
from accounts.services import sign_in as sign_in_with
from accounts.sessions import begin_session
from tests.accounts.forging import claims
from tests.accounts.racing import race
from tests.factories import UserFactory
from tokpik import reading

AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1"
DAY = timedelta(days=1)


def id_of(client):
    return claims(client.pair.access)["sid"]


def session_of(client):
    return Session.objects.filter(pk=id_of(client))


def listed(client):
    answer = client.get("/users/sessions")
    assert answer.status_code == 200
    return [session["sessionId"] for session in answer.json()["sessions"]]


def refused(answer, status, code):
    return (answer.status_code, answer.json()["code"]) == (status, code)


# --- The list ------------------------------------------------------------------------------------------------------


def test_it_tells_of_each_session(client):
    session_of(client).update(device="iPhone · Safari")
    answer = client.get("/users/sessions")
    assert answer["Cache-Control"] == "no-store"
    (session,) = answer.json()["sessions"]
    assert list(session) == ["sessionId", "device", "createdAt", "lastUsedAt", "current"]
    assert (session["sessionId"], session["device"], session["current"]) == (id_of(client), "iPhone · Safari", True)
    row = session_of(client).get()
    for name, value in (("createdAt", row.created_at), ("lastUsedAt", row.last_used_at)):
        assert session[name].endswith("+09:00")
        assert datetime.fromisoformat(session[name]) == value


def test_a_login_names_its_device_in_the_list(nobody, kakao):
    body = nobody.post("/login/kakao", {"code": kakao.grant(7001)}, format="json", HTTP_USER_AGENT=AGENT).json()
    nobody.credentials(HTTP_AUTHORIZATION=f"Bearer {body['accessToken']}")
    assert [session["device"] for session in nobody.get("/users/sessions").json()["sessions"]] == ["iPhone · Safari"]


def test_only_the_requests_own_is_current(sign_in):
    one = sign_in()
    others = [sign_in(one.user) for _ in range(3)]
    for client in (one, *others):
        current = [s["sessionId"] for s in client.get("/users/sessions").json()["sessions"] if s["current"]]
        assert current == [id_of(client)]


def test_last_used_first_whether_by_login_or_by_refresh(sign_in):
    clients = [sign_in()]
    clients += [sign_in(clients[0].user) for _ in range(4)]
    for age, client in enumerate(clients):
        session_of(client).update(last_used_at=timezone.now() - age * timedelta(hours=1))
    assert listed(clients[0]) == [id_of(client) for client in clients]
    oldest = clients[-1]
    assert oldest.post("/refresh", {"refreshToken": oldest.pair.refresh}, format="json").status_code == 200
    assert listed(clients[0]) == [id_of(client) for client in (oldest, *clients[:-1])]


def test_it_hides_ended_ones_expired_ones_and_other_peoples(sign_in):
    mine = sign_in()
    ended, expired, over, held = (sign_in(mine.user) for _ in range(4))
    sign_in()
    now = timezone.now()
    session_of(ended).update(revoked_at=now)
    session_of(expired).update(last_used_at=now - 3 * DAY - timedelta(minutes=1))
    session_of(over).update(created_at=now - 90 * DAY - timedelta(minutes=1))
    # Its refresh token has expired, and the phone is still reached.
    session_of(held).update(last_used_at=now - 4 * DAY, push_target="phone", push_target_hash="a" * 64)
    assert listed(mine) == [id_of(mine), id_of(held)]


def test_one_just_before_its_refresh_token_expires_is_listed(sign_in):
    mine = sign_in()
    session_of(mine).update(last_used_at=timezone.now() - 3 * DAY + timedelta(minutes=1))
    assert listed(mine) == [id_of(mine)]


def test_it_tells_nothing_of_push_targets(client):
    client.put("/users/notification-token", {"notificationToken": "secret-phone"}, format="json")
    assert "secret-phone" not in client.get("/users/sessions").content.decode()


def test_it_takes_one_statement(sign_in, django_assert_num_queries):
    client = sign_in()
    for _ in range(6):
        sign_in(client.user)
    with django_assert_num_queries(1):
        assert len(listed(client)) == 7


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/users/sessions"),
        ("delete", "/users/sessions/00000000-0000-4000-8000-000000000000"),
        ("post", "/logout/all"),
    ],
)
def test_without_a_token_it_is_401(nobody, method, path):
    answer = getattr(nobody, method)(path)
    assert refused(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


# --- Ending one ----------------------------------------------------------------------------------------------------


def test_it_ends_another_session_of_ones_own(sign_in):
    mine = sign_in()
    other = sign_in(mine.user)
    session_of(other).update(push_target="phone", push_target_hash="b" * 64)
    answer = mine.delete(f"/users/sessions/{id_of(other)}")
    assert (answer.status_code, answer.content) == (200, b"")
    row = session_of(other).get()
    assert (row.revoked_why, row.push_target, row.push_target_hash) == (Session.Ending.ELSEWHERE, "", None)
    reading.current.take()
    assert refused(other.get("/users/tags"), 401, "session_revoked")
    assert listed(mine) == [id_of(mine)]


@pytest.mark.django_db(transaction=True)
def test_it_ends_the_requests_own_session_at_once(sign_in):
    client = sign_in()
    assert client.delete(f"/users/sessions/{id_of(client)}").status_code == 200
    assert refused(client.get("/users/sessions"), 401, "session_revoked")


def test_a_strangers_is_not_found_and_lives_on(sign_in):
    mine, stranger = sign_in(), sign_in()
    assert refused(mine.delete(f"/users/sessions/{id_of(stranger)}"), 404, "not_found")
    assert session_of(stranger).get().revoked_at is None


def test_an_ended_or_expired_one_is_not_found(sign_in):
    mine = sign_in()
    ended, expired = sign_in(mine.user), sign_in(mine.user)
    assert mine.delete(f"/users/sessions/{id_of(ended)}").status_code == 200
    session_of(expired).update(last_used_at=timezone.now() - 4 * DAY)
    for other in (ended, expired):
        assert refused(mine.delete(f"/users/sessions/{id_of(other)}"), 404, "not_found")


@pytest.mark.parametrize("name", ["NaN", "5", "0", "{id}x", "{id}%00", "urn:uuid:{id}", "{{{id}}}", "토픽", "-" * 36])
def test_a_malformed_id_is_not_found(client, nobody, name):
    path = f"/users/sessions/{name.format(id=id_of(client))}"
    assert refused(client.delete(path), 404, "not_found")
    assert refused(nobody.delete(path), 401, "not_authenticated")
    assert session_of(client).get().revoked_at is None


def test_an_unknown_id_is_not_found(client):
    assert refused(client.delete(f"/users/sessions/{uuid4()}"), 404, "not_found")


def test_other_methods_are_not_allowed(client):
    assert refused(client.get(f"/users/sessions/{uuid4()}"), 405, "method_not_allowed")
    assert refused(client.post("/users/sessions"), 405, "method_not_allowed")
    assert refused(client.get("/logout/all"), 405, "method_not_allowed")


# --- Ending all ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_ends_every_session_of_the_user_at_once_and_nobody_elses(sign_in):
    mine, stranger = sign_in(), sign_in()
    others = [sign_in(mine.user) for _ in range(5)]
    session_of(others[0]).update(push_target="phone", push_target_hash="c" * 64, last_used_at=timezone.now() - 9 * DAY)
    answer = mine.post("/logout/all")
    assert (answer.status_code, answer.content) == (200, b"")
    for client in (mine, *others):
        assert refused(client.get("/users/sessions"), 401, "session_revoked")
        refreshed = client.post("/refresh", {"refreshToken": client.pair.refresh}, format="json")
        assert refused(refreshed, 401, "session_revoked")
        row = session_of(client).get()
        assert (row.revoked_why, row.push_target_hash) == (Session.Ending.LOGOUT, None)
    assert stranger.get("/users/sessions").status_code == 200


def test_of_all_the_number_of_statements_does_not_grow(sign_in, django_assert_num_queries):
    client = sign_in()
    for _ in range(10):
        sign_in(client.user)
    # The savepoint's two, the user's lock, the sessions' locks, their end.
    with django_assert_num_queries(5):
        client.post("/logout/all")


@pytest.mark.parametrize("call", ["one", "all"])
def test_a_user_who_is_gone_gets_401(client, call):
    client.user.delete()
    answer = client.post("/logout/all") if call == "all" else client.delete(f"/users/sessions/{id_of(client)}")
    assert refused(answer, 401, "session_revoked")


# --- At most 20 ----------------------------------------------------------------------------------------------------


def test_a_21st_sign_in_ends_the_session_that_was_longest_unused(sign_in):
    clients = [sign_in()]
    clients += [sign_in(clients[0].user) for _ in range(19)]
    now = timezone.now()
    for age, client in enumerate(clients):
        session_of(client).update(last_used_at=now - timedelta(minutes=age))
    assert Session.objects.living(now).count() == 20
    newest = sign_in(clients[0].user)
    living = set(map(str, Session.objects.living(timezone.now()).values_list("pk", flat=True)))
    assert living == {id_of(client) for client in (newest, *clients[:-1])}
    assert session_of(clients[-1]).get().revoked_why == Session.Ending.SURPLUS


def test_sessions_that_do_not_live_do_not_count(sign_in):
    user = UserFactory()
    clients = [sign_in(user) for _ in range(20)]
    session_of(clients[0]).update(last_used_at=timezone.now() - 4 * DAY)
    session_of(clients[1]).update(revoked_at=timezone.now())
    for _ in range(2):
        sign_in(user)
    assert not Session.objects.filter(revoked_why=Session.Ending.SURPLUS).exists()
    sign_in(user)
    assert Session.objects.filter(revoked_why=Session.Ending.SURPLUS).count() == 1


def test_one_that_only_holds_a_push_target_counts(sign_in):
    user = UserFactory()
    clients = [sign_in(user) for _ in range(20)]
    session_of(clients[0]).update(last_used_at=timezone.now() - 4 * DAY, push_target="p", push_target_hash="d" * 64)
    sign_in(user)
    assert session_of(clients[0]).get().revoked_why == Session.Ending.SURPLUS


def test_more_than_one_too_many_are_all_ended(sign_in):
    user, now = UserFactory(), timezone.now()
    Session.objects.bulk_create(Session(user=user, created_at=now, last_used_at=now) for _ in range(25))
    sign_in(user)
    assert Session.objects.living(now).count() == 20


@pytest.mark.django_db(transaction=True)
def test_sixteen_sign_ins_at_once_leave_exactly_twenty():
    user = UserFactory(kakao_id=7001)
    for _ in range(18):
        with transaction.atomic():
            begin_session(user=user, device="", now=timezone.now())
    for _ in range(3):
        identity = Identity(7001, "", "")
        pairs = race(*[lambda: sign_in_with(identity=identity, device="", now=timezone.now())[1]] * 16)  # noqa: B023
        assert Session.objects.living(timezone.now()).count() == 20
        assert len({pair.jti for pair in pairs}) == 16
    alive = [APIClient().post("/refresh", {"refreshToken": pair.refresh}, format="json").status_code for pair in pairs]
    assert alive == [200] * 16

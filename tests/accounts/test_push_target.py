"""PUT /users/notification-token"""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.sessions import begin_session
from tests.accounts.forging import claims
from tests.accounts.racing import behind_my_locks, race
from tests.factories import UserFactory
from tokpik import reading

ROUNDS = 30


def register(client, target):
    return client.put("/users/notification-token", {"notificationToken": target}, format="json")


def session_of(client):
    return Session.objects.get(pk=claims(client.pair.access)["sid"])


def target_of(client):
    return session_of(client).push_target


def pair_of(user, **replacing):
    with transaction.atomic():
        return begin_session(user=user, device="", now=timezone.now(), **replacing)


def client_of(user):
    client = APIClient()
    client.pair = pair_of(user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {client.pair.access}")
    return client


def test_the_session_of_the_token_holds_it(sign_in):
    client = sign_in()
    other = sign_in(client.user)
    answer = register(client, "fcm:phone")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Cache-Control"] == "no-store"
    assert [target_of(one) for one in (client, other)] == ["fcm:phone", ""]


def test_a_new_one_takes_the_place_of_the_old_one(client):
    for target in ("old", "new"):
        assert register(client, target).status_code == 200
    assert target_of(client) == "new"


def test_sent_again_it_stays(client, django_assert_num_queries):
    register(client, "phone")
    before = session_of(client)
    # The savepoint's two, the user's lock, the target's, and one look.
    with django_assert_num_queries(5):
        assert register(client, "phone").status_code == 200
    assert session_of(client).push_target_hash == before.push_target_hash
    assert target_of(client) == "phone"


@pytest.mark.parametrize("same_user", [True, False])
def test_it_moves_to_who_registers_it_last(sign_in, same_user):
    first = sign_in()
    second = sign_in(first.user if same_user else None)
    for client in (first, second, first, second):
        assert register(client, "phone").status_code == 200
    assert session_of(first).push_target_hash is None
    assert [target_of(one) for one in (first, second)] == ["", "phone"]
    assert session_of(first).revoked_at is None


@pytest.mark.parametrize("target", ["a" * 4096, "주소" * 2048, "dGVzdDpwdXNo:APA91b-_%", "a b", "  trimmed "])
def test_it_is_up_to_4096_letters_whatever_they_are(client, target):
    assert register(client, target).status_code == 200
    assert target_of(client) == target.strip()


def test_long_ones_that_begin_alike_are_two(sign_in):
    one, other = sign_in(), sign_in()
    register(one, "a" * 4095 + "1")
    register(other, "a" * 4095 + "2")
    assert [target_of(client)[-1] for client in (one, other)] == ["1", "2"]


IMPROPER: list[Any] = [None, "", "  ", 5, True, [], {}, ["a"], "a\0b", "a" * 4097]


@pytest.mark.parametrize("body", [{}, *({"notificationToken": each} for each in IMPROPER), []])
def test_a_body_without_a_proper_one_is_invalid_input_and_the_old_one_stays(client, body):
    register(client, "phone")
    answer = client.put("/users/notification-token", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not isinstance(body, dict) or list(answer.json()["message"]) == ["notificationToken"]
    assert target_of(client) == "phone"


def test_malformed_json_is_a_parse_error(client):
    answer = client.put("/users/notification-token", b"{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_without_a_token_it_is_401(nobody):
    answer = register(nobody, "phone")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_other_methods_are_not_allowed(client):
    answer = client.post("/users/notification-token", {"notificationToken": "a"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("end", ["session", "user", "deactivated"])
@pytest.mark.parametrize("known", [True, False])
def test_an_ended_session_is_401_and_the_phone_stays_where_it_was(sign_in, end, known):
    """Also within the second in which this process does not know of the end."""
    holder, client = sign_in(), sign_in()
    register(holder, "phone")
    if end == "session":
        Session.objects.filter(user=client.user).update(revoked_at=timezone.now())
    elif end == "user":
        client.user.delete()
    else:
        type(client.user).objects.filter(pk=client.user.pk).update(is_active=False)
    if known:
        reading.current.take()
    answer = register(client, "phone")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert target_of(holder) == "phone"


def test_a_session_that_has_merely_expired_keeps_it(client):
    register(client, "phone")
    Session.objects.update(last_used_at=timezone.now() - timedelta(days=89))
    assert Session.objects.living(timezone.now()).get().push_target == "phone"


@pytest.mark.django_db(transaction=True)
def test_two_phones_that_exchange_theirs_do_not_wait_for_each_other():
    """Each waits for the other's row unless both lock them in one order; a deadlock would answer 503."""
    one, other = client_of(UserFactory()), client_of(UserFactory())
    assert [register(one, "a").status_code, register(other, "b").status_code] == [200, 200]
    targets = ["a", "b"]
    for _ in range(ROUNDS):
        targets.reverse()
        answers = race(lambda: register(one, targets[0]), lambda: register(other, targets[1]))
        assert [answer.status_code for answer in answers] == [200, 200]
        # Whoever came last took it; nobody holds the other's.
        assert {target_of(one), target_of(other)} <= {*targets, ""}
        assert target_of(one) == targets[0] or target_of(other) == targets[1]
        register(one, targets[0])
        register(other, targets[1])
        assert [target_of(one), target_of(other)] == targets


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_register_one_phone_at_once_one_holds_it():
    clients = [client_of(UserFactory()) for _ in range(8)]
    for number in range(10):
        answers = race(*(lambda one=one: register(one, f"phone {number}") for one in clients))  # noqa: B023
        assert [answer.status_code for answer in answers] == [200] * 8
        assert Session.objects.filter(push_target=f"phone {number}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_that_moves_with_a_login_while_another_registers_it_is_held_once():
    user, another = UserFactory(), client_of(UserFactory())
    client = client_of(user)
    for _ in range(ROUNDS):
        register(client, "phone")
        sid = UUID(claims(client.pair.access)["sid"])
        pair, answer = race(lambda: pair_of(user, replacing=sid), lambda: register(another, "phone"))  # noqa: B023
        assert answer.status_code == 200
        assert Session.objects.filter(push_target="phone").count() == 1
        client.pair = pair
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")


@pytest.mark.django_db(transaction=True)
def test_who_registers_it_while_it_moves_with_a_login_waits_and_takes_it():
    user, another = UserFactory(), client_of(UserFactory())
    client = client_of(user)
    register(client, "phone")
    with ExitStack() as waiting:
        with transaction.atomic():
            sid = UUID(claims(client.pair.access)["sid"])
            moved = begin_session(user=user, device="", now=timezone.now(), replacing=sid)
            assert Session.objects.get(pk=claims(moved.access)["sid"]).push_target == "phone"
            registered = waiting.enter_context(behind_my_locks(lambda: register(another, "phone")))
        assert registered.result(60).status_code == 200
    assert target_of(another) == "phone"
    assert Session.objects.get(pk=claims(moved.access)["sid"]).push_target == ""

"""Every call that needs a token, shown with GET /users/profiles and the rest of the account calls."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.models import Session, User
from accounts.sessions import end_sessions
from tests.accounts.forging import GONE, claims, resigned

CALLS = [
    ("get", "/users/profiles"),
    ("post", "/users/profiles"),
    ("get", "/users/tags"),
    ("patch", "/users/tags"),
    ("get", "/users/place-tags"),
    ("patch", "/users/place-tags"),
    ("delete", "/users"),
]


def refused(answer, code):
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Cache-Control"] == "no-store"
    return True


def ask(client, authorization):
    return client.get("/users/profiles", HTTP_AUTHORIZATION=authorization)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_call_without_a_token_is_not_authenticated(nobody, method, path):
    assert refused(getattr(nobody, method)(path), "not_authenticated")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_call_with_a_token_of_an_ended_session_is_refused(client, method, path):
    end_sessions(Session.objects.all(), why=Session.Ending.LOGOUT, now=timezone.now())
    assert refused(getattr(client, method)(path), "session_revoked")
    assert User.objects.filter(pk=client.user.pk).exists()


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_the_token_counts_before_the_method_and_the_body(nobody, client, method, path):
    raw = {"data": b"{", "content_type": "text/plain"} if method != "get" else {}
    assert refused(getattr(nobody, method)(path, **raw), "not_authenticated")
    assert refused(nobody.put(path), "not_authenticated")
    answer = client.put(path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("scheme", ["Basic eDp5", "Token abc", "", "Bearer123", "JWT abc"])
def test_another_scheme_is_no_token(nobody, scheme):
    assert refused(ask(nobody, scheme), "not_authenticated")


@pytest.mark.parametrize("scheme", ["Bearer", "Bearer ", "bearer x", "Bearer a b", "Bearer a.b.c", "BEARER \xff\xfe"])
def test_a_bearer_that_is_no_token_of_ours_is_invalid(nobody, scheme):
    assert refused(ask(nobody, scheme), "token_invalid")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_case_does_not_matter(client, nobody, scheme):
    assert ask(nobody, f"{scheme} {client.pair.access}").status_code == 200


FORGED = {
    "the refresh token": lambda pair: pair.refresh,
    "another key": lambda pair: resigned(pair.access, key="k" * 40),
    "no algorithm": lambda pair: resigned(pair.access, algorithm="none"),
    "another algorithm": lambda pair: resigned(pair.access, algorithm="HS512"),
    "another issuer": lambda pair: resigned(pair.access, iss="somebody"),
    "no expiry": lambda pair: resigned(pair.access, exp=GONE),
    "no session": lambda pair: resigned(pair.access, sid=GONE),
    "no user": lambda pair: resigned(pair.access, user_id=GONE),
    "no jti": lambda pair: resigned(pair.access, jti=GONE),
    "no kind": lambda pair: resigned(pair.access, token_type=GONE),
    "issued in the future": lambda pair: resigned(pair.access, iat=claims(pair.access)["exp"]),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_invalid(client, nobody, forge):
    assert refused(ask(nobody, f"Bearer {forge(client.pair)}"), "token_invalid")


def test_an_expired_token_is_expired(client, nobody):
    expired = resigned(client.pair.access, exp=int(timezone.now().timestamp()) - 6)
    assert refused(ask(nobody, f"Bearer {expired}"), "token_expired")


def test_a_token_that_was_good_expires(client, nobody, monkeypatch):
    bearer = f"Bearer {client.pair.access}"
    assert ask(nobody, bearer).status_code == 200
    expires = claims(client.pair.access)["exp"]
    for late, status in ((4.9, 200), (5.0, 401)):
        monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda late=late: expires + late))
        assert ask(nobody, bearer).status_code == status
    assert refused(ask(nobody, bearer), "token_expired")


def test_a_signature_is_checked_once(client, nobody, monkeypatch):
    checked = []
    check = tokens.KeyRing.decode
    monkeypatch.setattr(tokens.KeyRing, "decode", lambda *args, **kwargs: checked.append(1) or check(*args, **kwargs))
    for _ in range(3):
        assert ask(nobody, f"Bearer {client.pair.access}").status_code == 200
    assert len(checked) == 1
    for _ in range(2):
        assert refused(ask(nobody, f"Bearer {client.pair.access[:-2]}"), "token_invalid")
    assert len(checked) == 3


@pytest.mark.parametrize("seconds", [-2, 2])
def test_clocks_may_differ_by_two_seconds(client, nobody, seconds):
    now = int(timezone.now().timestamp())
    token = resigned(client.pair.access, iat=now + seconds, exp=now + seconds)
    assert ask(nobody, f"Bearer {token}").status_code == 200


def test_a_token_lasts_five_hours(client):
    stated = claims(client.pair.access)
    assert stated["exp"] - stated["iat"] == 5 * 3600


def test_a_token_of_a_deactivated_user_is_refused(client):
    User.objects.filter(pk=client.user.pk).update(is_active=False)
    assert refused(client.get("/users/profiles"), "session_revoked")


def test_a_token_of_a_deleted_user_is_refused(client):
    client.user.delete()
    assert refused(client.get("/users/profiles"), "session_revoked")


def test_only_the_ended_session_is_refused(client, sign_in):
    other = sign_in(client.user)
    ended = Session.objects.filter(pk=claims(client.pair.access)["sid"])
    assert end_sessions(ended, why=Session.Ending.LOGOUT, now=timezone.now()) == 1
    assert refused(client.get("/users/profiles"), "session_revoked")
    assert other.get("/users/profiles").status_code == 200


def test_it_takes_one_statement(client):
    with CaptureQueriesContext(connection) as statements:
        assert client.get("/users/profiles").status_code == 200
    assert len(statements) == 1


def test_a_bad_token_takes_none(nobody, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        ask(nobody, f"Bearer {client.pair.refresh}")

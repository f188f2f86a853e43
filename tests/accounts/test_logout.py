"""POST /logout"""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session
from tests.accounts.forging import claims, resigned
from tokpik import reading


def logout(body=None, bearer=None):
    client = APIClient()
    if bearer:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")
    return client.post("/logout", body, format="json")


def silent(answer):
    return (answer.status_code, answer.content) == (200, b"")


def ended(client):
    return Session.objects.get(pk=claims(client.pair.access)["sid"]).revoked_why == Session.Ending.LOGOUT


def lives(client):
    return Session.objects.get(pk=claims(client.pair.access)["sid"]).revoked_at is None


def expired(token):
    return resigned(token, exp=int(timezone.now().timestamp()) - 86_400, iat=int(timezone.now().timestamp()) - 90_000)


def rotated(pair):
    answer = APIClient().post("/refresh", {"refreshToken": pair.refresh}, format="json")
    assert answer.status_code == 200
    return pair.refresh


OURS = {
    "refresh": lambda pair: pair.refresh,
    "access": lambda pair: pair.access,
    "expired refresh": lambda pair: expired(pair.refresh),
    "expired access": lambda pair: expired(pair.access),
    "rotated": rotated,
    "expired and rotated": lambda pair: expired(rotated(pair)),
}


@pytest.mark.parametrize("token", OURS.values(), ids=OURS)
@pytest.mark.parametrize("place", ["body", "bearer"])
def test_any_token_of_ours_ends_its_session(sign_in, token, place):
    client = sign_in()
    shown = token(client.pair)
    assert silent(logout({"refreshToken": shown}) if place == "body" else logout(bearer=shown))
    assert ended(client)


@pytest.mark.django_db(transaction=True)
def test_its_tokens_are_refused_at_once_also_within_the_grace(sign_in):
    client = sign_in()
    newest = client.post("/refresh", {"refreshToken": client.pair.refresh}, format="json").json()
    assert silent(logout({"refreshToken": client.pair.refresh}))
    for access in (client.pair.access, newest["accessToken"]):
        answer = APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    for token in (client.pair.refresh, newest["refreshToken"]):
        answer = APIClient().post("/refresh", {"refreshToken": token}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")


def test_the_body_counts_before_the_bearer(sign_in):
    one, other = sign_in(), sign_in()
    assert silent(logout({"refreshToken": one.pair.refresh}, bearer=other.pair.access))
    assert ended(one)
    assert lives(other)


@pytest.mark.parametrize("body", [{}, {"refreshToken": ""}, {"refreshToken": "not ours"}, {"other": 1}])
def test_the_bearer_counts_where_the_body_names_no_session(client, body):
    assert silent(logout(body, bearer=client.pair.access))
    assert ended(client)


def test_a_request_without_a_body_has_no_content_type(client):
    assert silent(APIClient().generic("POST", "/logout", HTTP_AUTHORIZATION=f"Bearer {client.pair.access}"))
    assert ended(client)


NOT_OURS = {
    "garbage": lambda pair: "garbage",
    "blank": lambda pair: " ",
    "dots": lambda pair: "..",
    "nul": lambda pair: "a\0b",
    "another script": lambda pair: "토큰",
    "very long": lambda pair: "a." * 50_000,
    "another key": lambda pair: resigned(pair.refresh, key="k" * 40),
    "no algorithm": lambda pair: resigned(pair.refresh, algorithm="none"),
    "another algorithm": lambda pair: resigned(pair.refresh, algorithm="HS512"),
    "another issuer": lambda pair: resigned(pair.refresh, iss="somebody"),
    "no session": lambda pair: resigned(pair.refresh, sid=7),
    "unknown session": lambda pair: resigned(pair.refresh, sid="6f1f0c12-5b52-4b1a-9f0a-2f43cfb1f7a5"),
    "without signature": lambda pair: pair.refresh.rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("forge", NOT_OURS.values(), ids=NOT_OURS)
@pytest.mark.parametrize("place", ["body", "bearer"])
def test_any_other_string_does_nothing_and_is_answered_alike(client, forge, place):
    shown = forge(client.pair)
    if place == "body":
        assert silent(logout({"refreshToken": shown}))
    else:
        sent = {"HTTP_AUTHORIZATION": f"Bearer {shown}".encode().decode("latin-1")}
        assert silent(APIClient().post("/logout", format="json", **sent))
    assert lives(client)


def test_without_any_token_it_does_nothing(nobody, client):
    assert silent(nobody.post("/logout"))
    assert lives(client)


def test_it_may_be_done_again(client):
    for _ in range(3):
        assert silent(logout({"refreshToken": client.pair.refresh}))
    when = Session.objects.get().revoked_at
    logout({"refreshToken": client.pair.refresh})
    assert Session.objects.get().revoked_at == when


def test_a_session_that_ended_otherwise_keeps_its_reason(client):
    Session.objects.update(revoked_at=timezone.now(), revoked_why=Session.Ending.REUSE)
    assert silent(logout({"refreshToken": client.pair.refresh}))
    assert Session.objects.get().revoked_why == Session.Ending.REUSE


def test_the_token_of_somebody_who_is_gone_is_answered_alike(client):
    client.user.delete()
    assert silent(logout({"refreshToken": client.pair.refresh}, bearer=client.pair.access))


def test_it_silences_the_phone(client):
    client.put("/users/notification-token", {"notificationToken": "phone"}, format="json")
    assert Session.objects.get().push_target == "phone"
    logout({"refreshToken": client.pair.refresh})
    session = Session.objects.get()
    assert (session.push_target, session.push_target_hash) == ("", None)


def test_other_sessions_of_the_user_live_on(sign_in):
    one = sign_in()
    other = sign_in(one.user)
    logout({"refreshToken": one.pair.refresh})
    reading.current.take()
    assert lives(other)
    assert other.get("/users/tags").status_code == 200
    assert one.get("/users/tags").status_code == 401


@pytest.mark.parametrize("bad", [None, 5, 5.5, True, [], {}, ["a"]])
def test_a_refresh_token_that_is_no_string_is_invalid_input_and_does_nothing(client, bad):
    answer = logout({"refreshToken": bad}, bearer=client.pair.access)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == ["refreshToken"]
    assert lives(client)


@pytest.mark.parametrize("body", [[], "token", 5])
def test_a_body_that_is_no_object_is_invalid_input(client, body):
    answer = logout(body, bearer=client.pair.access)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert isinstance(answer.json()["message"], str)
    assert lives(client)


def test_malformed_json_is_a_parse_error(client):
    answer = client.post("/logout", b'{"refreshToken', content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert lives(client)


def test_another_media_type_is_refused(client):
    answer = client.post("/logout", b"refreshToken=a", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_only_posts_are_allowed(nobody):
    answer = nobody.get("/logout")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")

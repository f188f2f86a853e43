"""POST /login/kakao"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import Session, User
from tests.accounts.racing import race
from tests.factories import UserFactory
from tests.kakao import ME, TOKEN

EMAIL = "minji@example.com"
PHOTO = "https://example.com/minji.jpg"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1"


def person(kakao_id, **account):
    told = {"email": EMAIL, "is_email_valid": True, "is_email_verified": True}
    profile = {"nickname": "민지", "profile_image_url": PHOTO}
    return {"id": kakao_id, "kakao_account": {**told, "profile": profile, **account}}


def login(client, code, **extra):
    return client.post("/login/kakao", {"code": code}, format="json", **extra)


def test_a_first_login_makes_a_user_and_answers_a_pair_that_works(nobody, kakao):
    answer = login(nobody, kakao.grant(person(7001)))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    pair = {"accessToken": body["accessToken"], "refreshToken": body["refreshToken"]}
    assert body == {"requiresProfile": True, **pair, "data": pair}
    user = User.objects.get(kakao_id=7001)
    assert (user.email, user.photo_url) == (EMAIL, PHOTO)
    assert not user.has_usable_password()
    profile = nobody.get("/users/profiles", HTTP_AUTHORIZATION=f"Bearer {body['accessToken']}")
    assert profile.json() == {"maskedEmail": "m****@example.com", "profilePhotoUrl": PHOTO}
    refreshed = nobody.post("/refresh", {"refreshToken": body["refreshToken"]}, format="json")
    assert refreshed.status_code == 200


def test_a_second_login_finds_the_same_user_and_begins_another_session(nobody, kakao):
    for _ in range(2):
        assert login(nobody, kakao.grant(7001)).status_code == 200
    user = User.objects.get(kakao_id=7001)
    assert user.sessions.count() == 2


def test_the_biggest_id_is_somebody(nobody, kakao):
    assert login(nobody, kakao.grant(2**63 - 1)).status_code == 200
    assert User.objects.filter(kakao_id=2**63 - 1).exists()


def test_people_are_told_apart_by_kakaos_id_and_not_by_their_email(nobody, kakao):
    for kakao_id in (7001, 7002):
        login(nobody, kakao.grant(person(kakao_id)))
    assert User.objects.filter(email=EMAIL).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("many", [2, 8])
def test_first_logins_at_the_same_moment_make_one_user(kakao, settings, many):
    settings.WEB_THREADS = 2 * many
    codes = [kakao.grant(7001) for _ in range(many)]
    answers = race(*(lambda code=code: login(APIClient(), code) for code in codes))
    assert [answer.status_code for answer in answers] == [200] * many
    assert User.objects.get(kakao_id=7001).sessions.count() == many
    for answer in answers:
        access = answer.json()["accessToken"]
        assert APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200


@pytest.mark.parametrize(
    "doubt",
    [
        {"is_email_valid": False},
        {"is_email_verified": False},
        {"is_email_valid": None},
        {"is_email_verified": "true"},
        {"email": None},
        {"email": ""},
        {"email": ["minji@example.com"]},
        {"email": "m" * 250 + "@example.com"},
        {"email": "min\0ji@example.com"},
        {"email": "min\ud800ji@example.com"},
    ],
)
def test_an_email_counts_only_when_it_is_valid_and_verified(nobody, kakao, doubt):
    assert login(nobody, kakao.grant(person(7001, **doubt))).status_code == 200
    user = User.objects.get(kakao_id=7001)
    assert (user.email, user.photo_url) == ("", PHOTO)


@pytest.mark.parametrize(
    "me",
    [
        {"id": 7001},
        {"id": 7001, "kakao_account": None},
        {"id": 7001, "kakao_account": "none"},
        {"id": 7001, "kakao_account": {}},
        {"id": 7001, "kakao_account": {"profile": None, "email": None}},
        {"id": 7001, "kakao_account": {"profile": ["?"]}},
        {"id": 7001, "kakao_account": {"profile": {"nickname": "민지"}}},
        {"id": 7001, "kakao_account": {"profile": {"profile_image_url": "https://example.com/\0"}}},
    ],
)
def test_account_email_and_profile_may_be_missing(nobody, kakao, me):
    assert login(nobody, kakao.grant(me)).status_code == 200
    user = User.objects.get(kakao_id=7001)
    assert (user.email, user.photo_url) == ("", "")


def test_email_and_photo_are_renewed_at_each_login(nobody, kakao):
    user = UserFactory(kakao_id=7001, email="old@example.com", photo_url="https://example.com/old.jpg")
    login(nobody, kakao.grant(person(7001)))
    user.refresh_from_db()
    assert (user.email, user.photo_url) == (EMAIL, PHOTO)
    login(nobody, kakao.grant(7001))
    user.refresh_from_db()
    assert (user.email, user.photo_url) == ("", "")


def test_a_profile_is_required_until_a_birth_date_is_stored(nobody, kakao):
    answer = login(nobody, kakao.grant(7001)).json()
    assert answer["requiresProfile"] is True
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {answer['accessToken']}"}
    nobody.post("/users/profiles", {"birth": "1996-03-14", "gender": True}, format="json", **bearer)
    assert login(nobody, kakao.grant(7001)).json()["requiresProfile"] is False


def test_the_time_of_consent_is_recorded_once(nobody, kakao):
    before = timezone.now()
    login(nobody, kakao.grant(7001))
    user = User.objects.get(kakao_id=7001)
    assert user.consented_at
    assert user.consented_at >= before
    long_ago = user.consented_at - timedelta(days=400)
    User.objects.filter(pk=user.pk).update(consented_at=long_ago)
    login(nobody, kakao.grant(7001))
    user.refresh_from_db()
    assert user.consented_at == long_ago


def test_a_deactivated_user_is_refused_and_nothing_changes(nobody, kakao):
    user = UserFactory(kakao_id=7001, is_active=False)
    answer = login(nobody, kakao.grant(person(7001)))
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert User.objects.get(pk=user.pk).email == user.email
    assert not Session.objects.exists()


def test_the_session_remembers_the_device(nobody, kakao):
    login(nobody, kakao.grant(7001), HTTP_USER_AGENT=IPHONE)
    assert Session.objects.get().device == "iPhone · Safari"


@pytest.mark.parametrize("stale", ["Bearer nonsense", "Bearer ", "Basic eDp5", "ended", "expired"])
def test_a_stale_bearer_does_no_harm(sign_in, nobody, kakao, stale):
    if stale == "ended":
        signed_in = sign_in()
        signed_in.user.delete()
        stale = f"Bearer {signed_in.pair.access}"
    if stale == "expired":
        # An old one of the shipped client, whose key was long forgotten.
        stale = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.Fdh1DZsRVkFpHm1UYZ4T0WCRkZBNC5S4hGjGCo6wUrE"
    assert login(nobody, kakao.grant(7001), HTTP_AUTHORIZATION=stale).status_code == 200


def test_the_code_is_sent_once_with_what_kakao_asks_for(nobody, kakao, settings):
    settings.KAKAO_CLIENT_ID, settings.KAKAO_CLIENT_SECRET = "our-id", ""
    settings.KAKAO_REDIRECT_URI = "http://localhost:3000/oauth"
    code = kakao.grant(7001)
    login(nobody, code)
    (exchange,) = kakao.calls_of(TOKEN)
    assert exchange.method == "POST"
    assert exchange.headers["content-type"] == "application/x-www-form-urlencoded"
    assert exchange.form == {
        "grant_type": "authorization_code",
        "client_id": "our-id",
        "redirect_uri": "http://localhost:3000/oauth",
        "code": code,
    }
    (asked,) = kakao.calls_of(ME)
    assert asked.headers["authorization"].startswith("Bearer kakao-token-")


def test_the_client_secret_is_sent_where_one_is_set(nobody, kakao, settings):
    settings.KAKAO_CLIENT_SECRET = "hush"
    login(nobody, kakao.grant(7001))
    assert kakao.calls_of(TOKEN)[0].form["client_secret"] == "hush"


def test_kakaos_cookies_do_not_travel_to_the_next_login(nobody, kakao):
    for _ in range(2):
        login(nobody, kakao.grant(7001))
    assert not [call for call in kakao.calls if "cookie" in call.headers]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": None}, "code"),
        ({"code": ""}, "code"),
        ({"code": "  "}, "code"),
        ({"code": 3.5}, "code"),
        ({"code": True}, "code"),
        ({"code": ["a"]}, "code"),
        ({"code": "a\0b"}, "code"),
        ({"code": "a" * 1001}, "code"),
        ([], None),
        ("code", None),
    ],
)
def test_a_body_without_a_proper_code_is_refused_and_kakao_is_not_asked(nobody, kakao, body, field):
    answer = nobody.post("/login/kakao", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    message = answer.json()["message"]
    assert list(message) == [field] if field else isinstance(message, str)
    assert answer["Cache-Control"] == "no-store"
    assert not kakao.calls


def test_a_code_of_1000_letters_and_unknown_fields_pass(nobody, kakao):
    kakao.people["a" * 1000] = {"id": 7001}
    answer = nobody.post("/login/kakao", {"code": "a" * 1000, "device": "?"}, format="json")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code"),
    [
        (b'{"code": ', "application/json", 400, "parse_error"),
        (b'{"code": "\xff"}', "application/json", 400, "parse_error"),
        (b"null", "application/json", 400, "invalid"),
        (b"", "application/json", 400, "invalid"),
        (b"code=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"code": "a"}', "text/plain", 415, "unsupported_media_type"),
    ],
)
def test_what_is_not_json_is_refused(nobody, kakao, raw, kind, status, code):
    answer = nobody.post("/login/kakao", raw, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not kakao.calls


def test_other_methods_are_not_allowed(nobody):
    answer = nobody.get("/login/kakao")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("known", "most"), [(False, 10), (True, 7)])
def test_it_takes_few_statements(kakao, known, most):
    """Django logs BEGIN and COMMIT with the rest where no test transaction is open."""
    if known:
        UserFactory(kakao_id=7001)
    with CaptureQueriesContext(
        connection,
    ) as statements:
        login(APIClient(), kakao.grant(7001))
    sent = [statement["sql"].split()[0] for statement in statements]
    assert (sent[0], sent[-1]) == ("BEGIN", "COMMIT")
    assert len(sent) == most


def test_only_a_hash_of_the_refresh_token_is_stored(nobody, kakao):
    body = login(nobody, kakao.grant(7001)).json()
    stored = OutstandingToken.objects.values_list("token", flat=True).get()
    assert len(stored) == len("12345678:") + 64
    assert not any(part in stored for part in body["refreshToken"].split("."))

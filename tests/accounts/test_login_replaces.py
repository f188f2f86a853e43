"""POST /login/kakao with a bearer: the session that it names ends with the login."""

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.sessions import LIVING_MOST, begin_session
from tests.accounts.forging import claims, resigned
from tests.accounts.racing import race
from tests.factories import UserFactory
from tokpik import reading

PHONE = "/users/notification-token"


def login(code, bearer=None):
    sent = {"HTTP_AUTHORIZATION": bearer if bearer.startswith("bearer") else f"Bearer {bearer}"} if bearer else {}
    return APIClient().post("/login/kakao", {"code": code}, format="json", **sent)


def session_of(access):
    return Session.objects.get(pk=claims(access)["sid"])


@pytest.fixture
def phone(sign_in):
    """Signed in as 7001, and reached by a push."""
    client = sign_in(UserFactory(kakao_id=7001))
    assert client.put(PHONE, {"notificationToken": "phone"}, format="json").status_code == 200
    return client


def expired(token):
    now = int(timezone.now().timestamp())
    return resigned(token, iat=now - 90_000, exp=now - 80_000)


SHOWN = {
    "access": lambda pair: pair.access,
    "expired access": lambda pair: expired(pair.access),
    "refresh": lambda pair: pair.refresh,
    "expired refresh": lambda pair: expired(pair.refresh),
    "another spelling": lambda pair: f"bearer  {pair.access}",
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_the_same_persons_session_ends_and_its_push_target_moves_along(phone, kakao, shown):
    answer = login(kakao.grant(7001), shown(phone.pair))
    assert answer.status_code == 200
    old, new = session_of(phone.pair.access), session_of(answer.json()["accessToken"])
    assert (old.revoked_why, old.push_target, old.push_target_hash) == (Session.Ending.REPLACED, "", None)
    assert new.push_target == "phone"
    assert Session.objects.living(timezone.now()).get() == new
    # It is reached there: registering it again changes nothing.
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {answer.json()['accessToken']}"}
    assert APIClient().put(PHONE, {"notificationToken": "phone"}, format="json", **bearer).status_code == 200
    assert session_of(answer.json()["accessToken"]).push_target == "phone"


@pytest.mark.django_db(transaction=True)
def test_its_tokens_die_at_once(phone, kakao):
    copied = phone.post("/refresh", {"refreshToken": phone.pair.refresh}, format="json").json()
    assert login(kakao.grant(7001), phone.pair.access).status_code == 200
    for access in (phone.pair.access, copied["accessToken"]):
        answer = APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    for token in (phone.pair.refresh, copied["refreshToken"]):
        answer = APIClient().post("/refresh", {"refreshToken": token}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")


def test_other_sessions_of_the_person_live_on(phone, sign_in, kakao):
    other = sign_in(phone.user)
    login(kakao.grant(7001), phone.pair.access)
    assert session_of(other.pair.access).revoked_at is None


@pytest.mark.parametrize("known", [True, False])
def test_another_persons_session_ends_and_its_push_target_is_dropped(phone, kakao, known):
    """The phone has changed hands."""
    if known:
        UserFactory(kakao_id=7002)
    answer = login(kakao.grant(7002), phone.pair.access)
    assert answer.status_code == 200
    old, new = session_of(phone.pair.access), session_of(answer.json()["accessToken"])
    assert (old.revoked_why, old.push_target) == (Session.Ending.REPLACED, "")
    assert (new.user.kakao_id, new.push_target, new.push_target_hash) == (7002, "", None)
    reading.current.take()
    assert phone.get("/users/tags").status_code == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda pair: resigned(pair.access, key="k" * 40),
        lambda pair: resigned(pair.access, algorithm="none"),
        lambda pair: resigned(pair.access, iss="somebody"),
        lambda pair: resigned(pair.access, sid=[]),
        lambda pair: "garbage",
    ],
)
def test_a_token_that_is_not_ours_ends_nothing(phone, kakao, forge):
    assert login(kakao.grant(7001), forge(phone.pair)).status_code == 200
    assert session_of(phone.pair.access).revoked_at is None


def test_without_a_bearer_nothing_ends(phone, kakao):
    assert login(kakao.grant(7001)).status_code == 200
    assert Session.objects.living(timezone.now()).count() == 2


@pytest.mark.parametrize("gone", ["ended", "deleted"])
def test_a_session_that_is_over_does_no_harm(phone, kakao, gone):
    if gone == "ended":
        Session.objects.update(revoked_at=timezone.now(), revoked_why=Session.Ending.LOGOUT, push_target_hash=None)
    else:
        phone.user.delete()
    answer = login(kakao.grant(7001), phone.pair.access)
    assert answer.status_code == 200
    assert session_of(answer.json()["accessToken"]).push_target == ""
    assert not Session.objects.filter(revoked_why=Session.Ending.REPLACED).exists()


@pytest.mark.parametrize("why", ["code", "deactivated"])
def test_a_login_that_fails_ends_nothing(phone, kakao, why):
    UserFactory(kakao_id=7002, is_active=False)
    code = "unknown" if why == "code" else kakao.grant(7002)
    assert login(code, phone.pair.access).status_code == 401
    session = session_of(phone.pair.access)
    assert (session.revoked_at, session.push_target) == (None, "phone")


@pytest.mark.django_db(transaction=True)
def test_it_ends_in_the_logins_own_transaction(phone, kakao, monkeypatch):
    def fail(**claims):
        raise RuntimeError("no pair")

    monkeypatch.setattr("accounts.sessions.make_pair", fail)
    client = APIClient(raise_request_exception=False)
    sent = {"HTTP_AUTHORIZATION": f"Bearer {phone.pair.access}"}
    assert client.post("/login/kakao", {"code": kakao.grant(7001)}, format="json", **sent).status_code == 500
    assert session_of(phone.pair.access).revoked_at is None
    assert phone.get("/users/tags").status_code == 200


def test_it_takes_the_place_of_the_old_one_among_the_twenty(sign_in, kakao):
    user = UserFactory(kakao_id=7001)
    clients = [sign_in(user) for _ in range(20)]
    assert login(kakao.grant(7001), clients[0].pair.access).status_code == 200
    assert Session.objects.living(timezone.now()).count() == 20
    assert not Session.objects.filter(revoked_why=Session.Ending.SURPLUS).exists()


@pytest.mark.django_db(transaction=True)
def test_two_logins_with_one_bearer_at_once_end_it_once(kakao):
    user = UserFactory(kakao_id=7001)
    for _ in range(10):
        pair = pair_of(user)
        Session.objects.filter(pk=claims(pair.access)["sid"]).update(push_target="p", push_target_hash="e" * 64)
        codes = [kakao.grant(7001) for _ in range(2)]
        answers = race(*(lambda code=code: login(code, pair.access) for code in codes))  # noqa: B023
        assert [answer.status_code for answer in answers] == [200, 200]
        held = [session_of(answer.json()["accessToken"]).push_target for answer in answers]
        assert sorted(held) == ["", "p"]
        Session.objects.all().delete()


def pair_of(user):
    with transaction.atomic():
        return begin_session(user=user, device="", now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_people_who_exchange_their_phones_do_not_wait_for_each_other(kakao):
    """A deadlock would answer 503."""
    users = [UserFactory(kakao_id=kakao_id) for kakao_id in (7001, 7002)]
    for _ in range(20):
        pairs = [pair_of(user) for user in users]
        answers = race(
            *(
                lambda user=user, pair=pair: login(kakao.grant(user.kakao_id), pair.access)
                for user, pair in zip(users, reversed(pairs), strict=True)
            )
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        assert {session_of(pair.access).revoked_why for pair in pairs} == {Session.Ending.REPLACED}
        Session.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_two_full_accounts_whose_logins_replace_each_others_sessions_do_not_deadlock(kakao):
    """What a login ends is locked at once and in order: the other's session, and one's own longest unused."""
    users = [UserFactory(kakao_id=kakao_id) for kakao_id in (7001, 7002)]
    for _ in range(8):
        Session.objects.all().delete()
        pairs = []
        for user in users:
            with transaction.atomic():
                full = [begin_session(user=user, device="", now=timezone.now()) for _ in range(LIVING_MOST)]
            pairs.append(full[0])
        codes = [kakao.grant(user.kakao_id) for user in users]
        answers = race(
            lambda code=codes[0], bearer=pairs[1].access: login(code, bearer),
            lambda code=codes[1], bearer=pairs[0].access: login(code, bearer),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        assert Session.objects.not_ended().count() <= 2 * LIVING_MOST

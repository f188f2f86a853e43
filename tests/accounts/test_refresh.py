"""POST /refresh"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import tokens
from accounts.models import Session, User
from accounts.sessions import begin_session, end_sessions, rotate
from tests.accounts.forging import GONE, claims, resigned
from tests.factories import UserFactory


def refresh(token, client=None):
    return (client or APIClient()).post("/refresh", {"refreshToken": token}, format="json")


def refused(answer, code):
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Cache-Control"] == "no-store"
    assert isinstance(answer.json()["message"], str)
    return True


def works(answer):
    """The pair opens the API, and its refresh token is the living one."""
    assert answer.status_code == 200
    access = answer.json()["accessToken"]
    assert APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200
    return True


def child_of(answer):
    return answer.json()["refreshToken"]


def session_of(client):
    return Session.objects.get(user=client.user)


@pytest.fixture
def clock(monkeypatch):
    """Sets the time to so many seconds after the test's beginning, which lies in the past."""
    start = timezone.now() - timedelta(minutes=10)

    def set_to(seconds):
        monkeypatch.setattr(timezone, "now", lambda: start + timedelta(seconds=seconds))

    set_to(0)
    return set_to


@pytest.fixture
def pair(clock, db):
    """A pair of tokens of somebody, made at second 0."""
    return pair_of(UserFactory())


def pair_of(user):
    with transaction.atomic():
        return begin_session(user=user, device="", now=timezone.now())


# --- A refresh -----------------------------------------------------------------------------------------------------


def test_it_answers_a_new_pair_of_the_same_session(client):
    answer = refresh(client.pair.refresh)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert set(answer.json()) == {"accessToken", "refreshToken"}
    for name, old in (("accessToken", client.pair.access), ("refreshToken", client.pair.refresh)):
        before, after = claims(old), claims(answer.json()[name])
        assert (after["sid"], after["user_id"]) == (before["sid"], before["user_id"])
        assert after["jti"] != before["jti"]
        assert after["iss"] == "tokpik"
    assert works(answer)


def test_the_new_token_can_be_refreshed_in_its_turn(client):
    token = client.pair.refresh
    for _ in range(5):
        token = refresh(token).json()["refreshToken"]
    assert works(refresh(token))
    assert BlacklistedToken.objects.filter(token__user=client.user).count() == 6


def test_it_notes_when_the_session_was_last_used(client):
    long_ago = timezone.now() - timedelta(days=1)
    Session.objects.filter(user=client.user).update(last_used_at=long_ago)
    refresh(client.pair.refresh)
    assert session_of(client).last_used_at > long_ago + timedelta(hours=23)


@pytest.mark.parametrize("bearer", ["Bearer nonsense", "Bearer", "Basic eDp5"])
def test_a_bad_bearer_does_no_harm(client, nobody, bearer):
    nobody.credentials(HTTP_AUTHORIZATION=bearer)
    assert works(refresh(client.pair.refresh, nobody))


def test_only_hashes_are_stored(client):
    newest = refresh(client.pair.refresh).json()
    secrets = [client.pair.access, client.pair.refresh, *newest.values()]
    parts = {part for token in secrets for part in token.split(".")[1:]}
    stored = " ".join(str(row) for row in (*OutstandingToken.objects.values(), *Session.objects.values()))
    assert not [part for part in parts if part in stored]
    assert OutstandingToken.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sent_before", [False, True])
def test_it_takes_at_most_six_statements(sent_before):
    """Django logs BEGIN and COMMIT with the rest where no test transaction is open."""
    pair = begin_session(user=UserFactory(), device="", now=timezone.now())
    if sent_before:
        refresh(pair.refresh)
    with CaptureQueriesContext(connection) as statements:
        assert refresh(pair.refresh).status_code == 200
    sent = [statement["sql"].split()[0] for statement in statements]
    assert (sent[0], sent[-1]) == ("BEGIN", "COMMIT")
    assert len(sent) == (4 if sent_before else 3)


@pytest.mark.django_db(transaction=True)
def test_a_replay_that_ends_the_session_takes_five_statements():
    pair = begin_session(user=UserFactory(), device="", now=timezone.now())
    refresh(refresh(pair.refresh).json()["refreshToken"])
    with CaptureQueriesContext(connection) as statements:
        assert refused(refresh(pair.refresh), "refresh_reused")
    assert len(statements) == 5


# --- A token sent again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [0, 0.001, 1, 29.9, 30])
def test_the_parent_gets_the_same_successor_again_within_the_grace(pair, clock, later):
    clock(100.7)
    first = refresh(pair.refresh)
    clock(100.7 + later)
    assert refresh(pair.refresh).content == first.content
    assert works(refresh(child_of(first)))


@pytest.mark.parametrize("later", [30.001, 31, 400])
def test_after_the_grace_it_ends_the_session(pair, clock, later):
    clock(100)
    first = refresh(pair.refresh)
    clock(100 + later)
    assert refused(refresh(pair.refresh), "refresh_reused")
    assert ended_by_reuse(pair)
    assert refused(refresh(child_of(first)), "session_revoked")


def test_the_parent_of_a_used_token_ends_the_session_within_the_grace(pair, clock):
    first = refresh(pair.refresh)
    second = refresh(child_of(first))
    assert refused(refresh(pair.refresh), "refresh_reused")
    assert ended_by_reuse(pair)
    for token in (pair.refresh, child_of(first), child_of(second)):
        assert refused(refresh(token), "session_revoked")
    for access in (pair.access, first.json()["accessToken"], second.json()["accessToken"]):
        assert refused(APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}"), "session_revoked")


def test_the_grandparent_ends_the_session_within_the_grace(pair, clock):
    """Although its own child was answered again just before."""
    child = child_of(refresh(pair.refresh))
    grandchild = child_of(refresh(child))
    assert child_of(refresh(child)) == grandchild
    assert refused(refresh(pair.refresh), "refresh_reused")
    assert refused(refresh(grandchild), "session_revoked")


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_reused_session_is_committed(clock):
    pair = pair_of(UserFactory())
    refresh(child_of(refresh(pair.refresh)))
    assert refused(refresh(pair.refresh), "refresh_reused")
    connection.close()
    assert ended_by_reuse(pair)


def test_other_sessions_of_the_user_live_on(pair, clock):
    other = pair_of(Session.objects.get().user)
    refresh(child_of(refresh(pair.refresh)))
    assert refused(refresh(pair.refresh), "refresh_reused")
    assert Session.objects.not_ended().count() == 1
    assert works(refresh(other.refresh))


@pytest.mark.parametrize("later", [0, 1])
def test_without_a_grace_every_replay_ends_the_session(pair, clock, settings, later):
    settings.REFRESH_GRACE = timedelta()
    clock(100)
    refresh(pair.refresh)
    clock(100 + later)
    assert refused(refresh(pair.refresh), "refresh_reused")
    assert ended_by_reuse(pair)


def test_without_a_grace_a_clock_that_is_behind_makes_none(pair, clock, settings):
    settings.REFRESH_GRACE = timedelta()
    clock(100)
    refresh(pair.refresh)
    clock(98)
    assert refused(refresh(pair.refresh), "refresh_reused")


def test_a_clock_that_is_behind_gets_the_same_successor(pair, clock):
    clock(100)
    first = refresh(pair.refresh)
    clock(98)
    assert refresh(pair.refresh).content == first.content


def test_a_successor_that_a_changed_setting_would_make_otherwise_is_not_given_and_nobody_is_to_blame(
    pair, clock, monkeypatch
):
    child = child_of(refresh(pair.refresh))
    monkeypatch.setattr(tokens.api_settings, "REFRESH_TOKEN_LIFETIME", timedelta(days=2))
    assert refused(refresh(pair.refresh), "token_invalid")
    assert Session.objects.not_ended().exists()
    assert works(refresh(child))


@pytest.mark.parametrize("why", [Session.Ending.LOGOUT, Session.Ending.STAFF])
def test_an_ended_session_is_refused_also_within_the_grace(pair, clock, why):
    child = child_of(refresh(pair.refresh))
    end_sessions(Session.objects.all(), why=why, now=timezone.now())
    for token in (pair.refresh, child):
        assert refused(refresh(token), "session_revoked")
    assert Session.objects.get().revoked_why == why


def test_a_deactivated_and_a_deleted_user_are_refused(pair, clock):
    user = Session.objects.get().user
    child = child_of(refresh(pair.refresh))
    User.objects.update(is_active=False)
    assert [refused(refresh(token), "session_revoked") for token in (pair.refresh, child)]
    user.delete()
    assert [refused(refresh(token), "session_revoked") for token in (pair.refresh, child)]


# --- Until when ----------------------------------------------------------------------------------------------------


def test_the_end_of_the_session_bounds_every_refresh(clock, settings, db):
    settings.SESSION_LIFETIME = timedelta(days=4)
    clock(0)
    pair = pair_of(UserFactory())
    begun = claims(pair.refresh)["iat"]
    assert claims(pair.refresh)["exp"] == begun + 3 * 86_400
    assert claims(pair.refresh)["end"] == begun + 4 * 86_400
    child = rotate(tokens.read(tokens.RefreshToken, pair.refresh), now=timezone.now() + timedelta(days=2))
    assert claims(child.refresh)["exp"] == claims(child.refresh)["end"] == begun + 4 * 86_400
    assert OutstandingToken.objects.get(jti=child.jti.hex).expires_at == child.expires_at


def test_an_expired_token_is_refused_and_the_session_lives(pair, clock):
    expired = resigned(pair.refresh, exp=int(timezone.now().timestamp()))
    assert refused(refresh(expired), "token_expired")
    assert works(refresh(pair.refresh))


# --- Tokens that are not ours --------------------------------------------------------------------------------------

FORGED = {
    "the access token": lambda pair: pair.access,
    "unknown jti": lambda pair: resigned(pair.refresh, jti=uuid4().hex),
    "another key": lambda pair: resigned(pair.refresh, key="k" * 40),
    "another key's name": lambda pair: resigned(pair.refresh, key="k" * 40, kid=tokens.key_name("k" * 40)),
    "an unknown key's name": lambda pair: resigned(pair.refresh, kid="00000000"),
    "no key's name": lambda pair: resigned(pair.refresh, kid=GONE),
    "no algorithm": lambda pair: resigned(pair.refresh, algorithm="none"),
    "another algorithm": lambda pair: resigned(pair.refresh, algorithm="HS384"),
    "another issuer": lambda pair: resigned(pair.refresh, iss="somebody"),
    "another kind": lambda pair: resigned(pair.refresh, token_type="sliding"),
    "issued in the future": lambda pair: resigned(pair.refresh, iat=claims(pair.refresh)["exp"]),
    "without signature": lambda pair: pair.refresh.rpartition(".")[0] + ".",
    "a changed letter": lambda pair: pair.refresh.replace(".", ".A", 1),
    "garbage": lambda pair: "garbage",
    "dots": lambda pair: "..",
    "another script": lambda pair: "토큰",
    "very long": lambda pair: pair.refresh + "a" * (4096 - len(pair.refresh)),
    "sid is no uuid": lambda pair: resigned(pair.refresh, sid="session"),
    "sid is a number": lambda pair: resigned(pair.refresh, sid=5),
    "jti is a list": lambda pair: resigned(pair.refresh, jti=[]),
    "user is a word": lambda pair: resigned(pair.refresh, user_id="me"),
    "exp is a word": lambda pair: resigned(pair.refresh, exp="never"),
    "exp is beyond time": lambda pair: resigned(pair.refresh, exp=10**30),
    "end is a word": lambda pair: resigned(pair.refresh, end="never"),
    "end is beyond time": lambda pair: resigned(pair.refresh, end=10**30),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_token_that_is_not_a_refresh_token_of_ours_is_invalid_and_the_session_lives(pair, clock, forge):
    assert refused(refresh(forge(pair)), "token_invalid")
    assert works(refresh(pair.refresh))


@pytest.mark.parametrize("claim", ["token_type", "exp", "jti", "sid", "user_id", "end", "iss"])
def test_a_token_that_lacks_a_claim_is_invalid_and_the_session_lives(pair, clock, claim):
    assert refused(refresh(resigned(pair.refresh, **{claim: GONE})), "token_invalid")
    assert works(refresh(pair.refresh))


def test_a_token_of_another_session_or_user_is_not_taken_for_ours(pair, clock):
    other = pair_of(UserFactory())
    sid, user_id = claims(other.refresh)["sid"], claims(other.refresh)["user_id"]
    assert refused(refresh(resigned(pair.refresh, sid=sid)), "session_revoked")
    assert refused(refresh(resigned(pair.refresh, user_id=user_id)), "session_revoked")
    assert [works(refresh(mine.refresh)) for mine in (pair, other)]


NO_TOKENS: list[object] = [None, "", " ", 5, True, [], {}, ["a"], "a\0b", "a" * 4097]


@pytest.mark.parametrize("body", [{}, *({"refreshToken": bad} for bad in NO_TOKENS), [], "token"])
def test_a_body_without_a_token_is_invalid_input(nobody, body):
    answer = nobody.post("/refresh", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    message = answer.json()["message"]
    assert list(message) == ["refreshToken"] if isinstance(body, dict) else isinstance(message, str)


def test_malformed_json_is_a_parse_error(nobody):
    answer = nobody.post("/refresh", b'{"refreshToken"', content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


# --- Keys ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def signing_with(monkeypatch, settings):
    """From now on the first key signs; the others verify too."""

    def use(key, *old):
        monkeypatch.setattr(tokens.api_settings, "SIGNING_KEY", key)
        settings.JWT_OLD_KEYS = list(old)
        tokens.key_ring.cache_clear()

    yield use
    tokens.key_ring.cache_clear()


NEW = "a-new-key-that-is-long-enough-for-hs256"


def test_tokens_of_an_old_key_are_accepted_and_followed_by_ones_of_the_new(pair, clock, signing_with):
    signing_with(NEW, tokens.api_settings.SIGNING_KEY)
    assert APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {pair.access}").status_code == 200
    answer = refresh(pair.refresh)
    assert works(answer)
    assert tokens.jwt.get_unverified_header(child_of(answer))["kid"] == tokens.key_name(NEW)


def test_tokens_of_a_forgotten_key_are_invalid(pair, clock, signing_with):
    signing_with(NEW)
    assert refused(refresh(pair.refresh), "token_invalid")
    answer = APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {pair.access}")
    assert refused(answer, "token_invalid")
    assert Session.objects.not_ended().exists()


def test_a_successor_given_again_keeps_the_key_that_it_was_made_with(pair, clock, signing_with):
    first = refresh(pair.refresh)
    signing_with(NEW, tokens.api_settings.SIGNING_KEY)
    assert refresh(pair.refresh).content == first.content


def test_a_successor_whose_key_is_forgotten_cannot_be_given_again_and_nobody_is_to_blame(pair, clock, signing_with):
    original = tokens.api_settings.SIGNING_KEY
    signing_with(NEW, original)
    refresh(pair.refresh)
    signing_with(original)
    assert refused(refresh(pair.refresh), "token_invalid")
    assert Session.objects.not_ended().exists()


# --- Transactions --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_fails_loudly_where_an_outer_transaction_could_undo_the_end_of_a_session(monkeypatch, clock):
    pair = pair_of(UserFactory())
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    answer = refresh(pair.refresh, APIClient(raise_request_exception=False))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert not BlacklistedToken.objects.exists()


def ended_by_reuse(pair):
    session = Session.objects.get(pk=claims(pair.refresh)["sid"])
    return session.revoked_at is not None and session.revoked_why == Session.Ending.REUSE

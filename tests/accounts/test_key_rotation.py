"""JWT_SIGNING_KEY signs, JWT_OLD_KEYS verify too: a key can be changed without signing everybody out."""

from datetime import timedelta

import jwt
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import Session
from tests.accounts.forging import claims

OLDEST, OLD, NEW = (f"{name}-key-that-is-long-enough-for-hs256" for name in ("oldest", "old", "new"))


@pytest.fixture
def signing_with(monkeypatch, settings):
    """From now on the first key signs; the others verify too."""

    def use(key, *old):
        monkeypatch.setattr(tokens.api_settings, "SIGNING_KEY", key)
        settings.JWT_OLD_KEYS = list(old)
        tokens.key_ring.cache_clear()

    use(OLD)
    yield use
    tokens.key_ring.cache_clear()


@pytest.fixture
def pair(signing_with, sign_in):
    """Signed with the old key."""
    return sign_in().pair


def key_of(token):
    return jwt.get_unverified_header(token)["kid"]


def opens(access):
    answer = APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}")
    return answer.status_code == 200 or answer.json()["code"]


def refresh(token):
    return APIClient().post("/refresh", {"refreshToken": token}, format="json")


def test_a_token_names_its_key_without_telling_it(pair):
    for token in (pair.access, pair.refresh):
        assert key_of(token) == tokens.key_name(OLD)
        assert key_of(token) not in OLD


def test_an_old_keys_tokens_are_accepted_and_followed_by_the_new_ones(pair, signing_with):
    signing_with(NEW, OLD)
    assert opens(pair.access) is True
    answer = refresh(pair.refresh)
    assert answer.status_code == 200
    for token in answer.json().values():
        assert key_of(token) == tokens.key_name(NEW)
    assert opens(answer.json()["accessToken"]) is True


def test_so_are_those_of_several_old_keys(pair, signing_with, sign_in):
    signing_with(OLDEST)
    older = sign_in().pair
    signing_with(NEW, OLD, OLDEST)
    assert [opens(one.access) for one in (pair, older)] == [True, True]
    assert [refresh(one.refresh).status_code for one in (pair, older)] == [200, 200]


def test_a_new_key_verifies_everywhere_before_it_signs_anywhere(pair, signing_with, sign_in):
    """The order of steps: machines that are one step apart understand each other."""
    signing_with(NEW, OLD)
    ahead = sign_in().pair
    signing_with(OLD, NEW)
    assert [opens(one.access) for one in (pair, ahead)] == [True, True]
    answer = refresh(ahead.refresh)
    assert key_of(answer.json()["refreshToken"]) == tokens.key_name(OLD)


def test_a_forgotten_keys_tokens_are_invalid_and_end_nothing(pair, signing_with):
    signing_with(NEW)
    assert opens(pair.access) == "token_invalid"
    answer = refresh(pair.refresh)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert APIClient().post("/logout", {"refreshToken": pair.refresh}, format="json").status_code == 200
    assert Session.objects.get().revoked_at is None


def test_an_old_keys_token_logs_out(pair, signing_with):
    signing_with(NEW, OLD)
    assert APIClient().post("/logout", {"refreshToken": pair.refresh}, format="json").status_code == 200
    assert Session.objects.get().revoked_why == Session.Ending.LOGOUT


@pytest.mark.parametrize("named", [NEW, OLD])
def test_a_token_must_be_signed_with_the_key_that_it_names(pair, signing_with, named):
    signing_with(NEW, OLD)
    other = OLD if named == NEW else NEW
    forged = jwt.encode(claims(pair.access), other, algorithm="HS256", headers={"kid": tokens.key_name(named)})
    assert opens(forged) == "token_invalid"


@pytest.mark.parametrize("kid", [None, "", "00000000", 5, [], {}, tokens.key_name("somebody's" * 5)])
def test_a_token_that_names_no_key_of_ours_is_invalid(pair, signing_with, kid):
    signing_with(NEW, OLD)
    headers = {} if kid is None else {"kid": kid}
    try:
        forged = jwt.encode(claims(pair.access), NEW, algorithm="HS256", headers=headers)
    except jwt.InvalidTokenError:  # PyJWT does not even make one
        return
    assert opens(forged) == "token_invalid"


def test_a_successor_given_again_within_the_grace_keeps_the_key_that_it_was_made_with(pair, signing_with):
    first = refresh(pair.refresh)
    signing_with(NEW, OLD)
    assert refresh(pair.refresh).content == first.content
    assert key_of(first.json()["refreshToken"]) == tokens.key_name(OLD)
    # And it is the living one.
    assert refresh(first.json()["refreshToken"]).status_code == 200


def test_one_made_with_the_new_key_is_given_again_by_a_machine_that_signs_with_the_old(pair, signing_with):
    signing_with(NEW, OLD)
    first = refresh(pair.refresh)
    signing_with(OLD, NEW)
    assert refresh(pair.refresh).content == first.content


def test_one_whose_key_is_forgotten_is_not_given_again_and_nobody_is_to_blame(pair, signing_with):
    signing_with(NEW, OLD)
    refresh(pair.refresh)
    signing_with(OLD)
    answer = refresh(pair.refresh)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert Session.objects.get().revoked_at is None


def test_a_replay_after_the_grace_ends_the_session_whatever_the_key(pair, signing_with, monkeypatch):
    refresh(pair.refresh)
    signing_with(NEW, OLD)
    later = timezone.now() + timedelta(seconds=31)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert refresh(pair.refresh).json()["code"] == "refresh_reused"
    assert Session.objects.get().revoked_why == Session.Ending.REUSE

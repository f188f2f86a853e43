"""POST /refresh, at the same moment as other calls."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import Session
from accounts.sessions import begin_session, end_sessions
from tests.accounts.racing import SECONDS, behind_my_locks, race
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def refresh(token):
    return APIClient().post("/refresh", {"refreshToken": token}, format="json")


def pair_of(user):
    with transaction.atomic():
        return begin_session(user=user, device="", now=timezone.now())


def test_eight_at_once_on_one_token_get_one_successor_and_it_works():
    user = UserFactory()
    for _ in range(50):
        pair = pair_of(user)
        answers = race(*[lambda token=pair.refresh: refresh(token)] * 8)
        assert [answer.status_code for answer in answers] == [200] * 8
        (content,) = {answer.content for answer in answers}
        body = answers[0].json()
        assert content
        bearer = f"Bearer {body['accessToken']}"
        assert APIClient().get("/users/tags", HTTP_AUTHORIZATION=bearer).status_code == 200
        assert refresh(body["refreshToken"]).status_code == 200
        assert Session.objects.latest("created_at").revoked_at is None
    # Three tokens a round: the first, its successor, and that one's.
    assert OutstandingToken.objects.count() == 50 * 3
    assert BlacklistedToken.objects.count() == 50 * 2


def test_without_a_grace_one_of_eight_succeeds_and_the_session_ends(settings):
    settings.REFRESH_GRACE = timedelta()
    pair = pair_of(UserFactory())
    answers = race(*[lambda: refresh(pair.refresh)] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert Session.objects.get().revoked_why == Session.Ending.REUSE
    (fresh,) = [answer.json()["refreshToken"] for answer in answers if answer.status_code == 200]
    assert refresh(fresh).json()["code"] == "session_revoked"


def test_against_the_deletion_of_its_user_nothing_stays_alive(rows):
    """100 races; a deadlock would answer 503."""
    before = rows()
    for _ in range(100):
        pair = pair_of(UserFactory(kakao_id=-1))
        bearer = f"Bearer {pair.access}"
        refreshed, deleted = race(
            lambda: refresh(pair.refresh),  # noqa: B023
            lambda: APIClient().delete("/users", HTTP_AUTHORIZATION=bearer),  # noqa: B023
        )
        assert deleted.status_code == 200
        assert refreshed.status_code in (200, 401)
        if refreshed.status_code == 200:
            assert refresh(refreshed.json()["refreshToken"]).json()["code"] == "session_revoked"
        else:
            assert refreshed.json()["code"] == "session_revoked"
        assert rows() == before


def test_it_waits_for_an_end_of_its_session_that_is_under_way_and_is_refused():
    pair = pair_of(UserFactory())
    with ExitStack() as waiting:
        with transaction.atomic():
            end_sessions(Session.objects.all(), why=Session.Ending.LOGOUT, now=timezone.now())
            refreshed = waiting.enter_context(behind_my_locks(lambda: refresh(pair.refresh)))
        assert refreshed.result(SECONDS).json()["code"] == "session_revoked"
    assert OutstandingToken.objects.count() == 1


def ended_now(sessions):
    with transaction.atomic():
        return end_sessions(sessions, why=Session.Ending.LOGOUT, now=timezone.now())


def test_against_the_end_of_its_session_nothing_stays_alive():
    user = UserFactory()
    for _ in range(100):
        pair = pair_of(user)
        newest = Session.objects.filter(user=user)
        refreshed, ended = race(
            lambda: refresh(pair.refresh),  # noqa: B023
            lambda: ended_now(newest),  # noqa: B023
        )
        assert ended == 1
        assert refreshed.status_code in (200, 401)
        token = refreshed.json().get("refreshToken", pair.refresh)
        assert refresh(token).json()["code"] == "session_revoked"

"""manage.py clear_expired, and the same from the background"""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session as ConsoleSession
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import background
from accounts.cleanup import clear_expired
from accounts.models import Deletion, KakaoUnlink, Revocation, Session
from tests.accounts.forging import claims, resigned
from tests.accounts.racing import in_a_connection_of_its_own
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MANY = 150_000


def cleared(now=None):
    return dict(clear_expired(now=now or timezone.now()))


def token(expires_at, *, blacklisted=False, user=None):
    made = OutstandingToken.objects.create(
        user=user or UserFactory(), jti=uuid4().hex, token="hash", created_at=timezone.now(), expires_at=expires_at
    )
    if blacklisted:
        BlacklistedToken.objects.create(token=made)
    return made


def session(**fields):
    now = timezone.now()
    return Session.objects.create(user=UserFactory(), **{"created_at": now, "last_used_at": now, **fields})


def test_it_deletes_expired_tokens_and_their_blacklist_rows():
    now = timezone.now()
    for blacklisted in (True, False):
        token(now - DAY, blacklisted=blacklisted)
        token(now + DAY, blacklisted=blacklisted)
    done = cleared(now)
    assert (done["outstanding tokens"], done["blacklisted tokens"]) == (2, 1)
    assert OutstandingToken.objects.filter(expires_at__gt=now).count() == OutstandingToken.objects.count() == 2
    assert BlacklistedToken.objects.count() == 1


def test_a_token_that_has_only_just_expired_stays_since_clocks_differ(client):
    """simplejwt accepts it for five seconds more."""
    now = timezone.now()
    OutstandingToken.objects.update(expires_at=now - timedelta(seconds=3))
    cleared(now)
    just_expired = resigned(client.pair.refresh, exp=int(now.timestamp()) - 2)
    answer = APIClient().post("/refresh", {"refreshToken": just_expired}, format="json")
    assert answer.status_code == 200
    cleared(now)
    assert BlacklistedToken.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "stays"),
    [
        ({}, True),
        ({"last_used_at": 4}, True),
        ({"last_used_at": 89}, True),
        ({"last_used_at": 89, "push_target": "phone", "push_target_hash": "a" * 64}, True),
        ({"created_at": 400, "last_used_at": 1}, True),
        ({"last_used_at": 91}, False),
        ({"last_used_at": 91, "push_target": "phone", "push_target_hash": "a" * 64}, False),
        ({"revoked_at": 29, "last_used_at": 29}, True),
        ({"revoked_at": 31, "last_used_at": 31}, False),
        ({"revoked_at": 31}, False),
    ],
    ids=repr,
)
def test_sessions_stay_for_90_days_after_their_last_use_and_30_after_their_end(fields, stays):
    now = timezone.now()
    made = session(**{name: now - value * DAY if isinstance(value, int) else value for name, value in fields.items()})
    assert cleared(now)["sessions"] == (not stays)
    assert Session.objects.filter(pk=made.pk).exists() is stays


def test_revocations_stay_for_as_long_as_an_access_token_may_live():
    now = timezone.now()
    ages = [timedelta(0), timedelta(hours=5), timedelta(hours=5, minutes=9), timedelta(hours=5, minutes=11), DAY]
    Revocation.objects.bulk_create(Revocation(sid=uuid4(), at=now - age) for age in ages)
    assert cleared(now)["revocations"] == 2
    assert Revocation.objects.count() == 3


def test_deletions_that_no_journal_takes_stay_no_longer_than_one():
    now = timezone.now()
    for days in (28, 30):
        Deletion.objects.create(user_id=days, joined_at=now, at=now - days * DAY)
    assert cleared(now)["deletions"] == 1
    assert Deletion.objects.get().user_id == 28


def test_the_consoles_expired_sessions_go():
    now = timezone.now()
    for days in (-1, 1):
        ConsoleSession.objects.create(session_key=uuid4().hex, session_data="", expire_date=now + days * DAY)
    assert cleared(now)["console sessions"] == 1
    assert ConsoleSession.objects.get().expire_date > now


def test_what_is_still_to_be_told_stays(sign_in):
    KakaoUnlink.objects.create(kakao_id=7001)
    KakaoUnlink.objects.update(created_at=timezone.now() - 6 * DAY)
    assert sum(cleared().values()) == 0
    assert KakaoUnlink.objects.exists()


def test_a_living_session_goes_on_as_before(client):
    first = client.post("/refresh", {"refreshToken": client.pair.refresh}, format="json").json()
    assert sum(cleared().values()) == 0
    assert client.get("/users/tags").status_code == 200
    assert client.post("/refresh", {"refreshToken": first["refreshToken"]}, format="json").status_code == 200
    # Known as spent, still.
    answer = client.post("/refresh", {"refreshToken": client.pair.refresh}, format="json")
    assert answer.json()["code"] == "refresh_reused"
    assert Session.objects.get(pk=claims(client.pair.access)["sid"]).revoked_why == Session.Ending.REUSE


def test_150_000_expired_tokens_take_few_statements_and_little_memory():
    user, now = UserFactory(), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, created_at, expires_at)
                SELECT %s, md5(n::text), 'hash', %s, %s FROM generate_series(1, %s) n RETURNING id
            )
            INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) SELECT id, %s FROM made
            """,
            [user.pk, now - 10 * DAY, now - 7 * DAY, MANY, now - 9 * DAY],
        )
    living = token(now + DAY, user=user, blacklisted=True)
    gc.collect()
    tracemalloc.start()
    try:
        with CaptureQueriesContext(connection) as statements:
            done = cleared(now)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (done["outstanding tokens"], done["blacklisted tokens"]) == (MANY, MANY)
    assert len(statements) <= 50
    assert peak < 2_000_000
    assert OutstandingToken.objects.get() == living
    assert BlacklistedToken.objects.count() == 1


def test_no_statement_deletes_more_than_a_batch(monkeypatch):
    monkeypatch.setattr("tokpik.cleanup.BATCH", 3)
    now = timezone.now()
    Revocation.objects.bulk_create(Revocation(sid=uuid4(), at=now - DAY) for _ in range(7))
    with CaptureQueriesContext(connection) as statements:
        assert cleared(now)["revocations"] == 7
    deleting = [statement["sql"] for statement in statements if "accounts_revocation" in statement["sql"]]
    assert len(deleting) == 3
    assert all("LIMIT 3" in sql for sql in deleting)


@pytest.mark.django_db(transaction=True)
def test_what_somebody_holds_is_left_for_the_next_time():
    now = timezone.now()
    held, other = session(last_used_at=now - 91 * DAY), session(last_used_at=now - 91 * DAY)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Session.objects.select_for_update().get(pk=held.pk)
        done = pool.submit(in_a_connection_of_its_own, cleared).result(60)
    assert done["sessions"] == 1
    assert not Session.objects.filter(pk=other.pk).exists()
    assert cleared()["sessions"] == 1


def test_the_command_says_how_many():
    Revocation.objects.create(sid=uuid4(), at=timezone.now() - DAY)
    out = StringIO()
    call_command("clear_expired", stdout=out)
    assert "revocations: 1 deleted" in out.getvalue()
    assert "sessions: 0 deleted" in out.getvalue()


def test_so_does_the_background_hourly():
    Revocation.objects.create(sid=uuid4(), at=timezone.now() - DAY)
    (work,) = [work for work in background.work() if work.name == "clean-up"]
    assert work.seconds == 3600
    assert work.step() is False
    assert not Revocation.objects.exists()

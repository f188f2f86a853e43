"""The unlink after a deletion, and looking into unlinks that Kakao reports: from the background, with a lease."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import errands, services, tokens, unlinking
from accounts import kakao as kakao_calls
from accounts.models import KakaoNotice, KakaoUnlink, Session, User
from accounts.sessions import begin_session
from tests.accounts.racing import in_a_connection_of_its_own, race
from tests.factories import ScrapTopicFactory, UserFactory
from tests.kakao import ME, UNLINK
from tokpik import reading

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 60
KAKAO_ID = 7001


@pytest.fixture(autouse=True)
def _errands(kakao, settings):
    """Kakao knows our admin key, and the person."""
    settings.KAKAO_ADMIN_KEY = kakao.admin_key
    kakao.linked.add(KAKAO_ID)
    kakao_calls.errand_runner.cache_clear()
    yield
    kakao.release.set()
    for path in (UNLINK, ME):
        pool, client = kakao_calls.errand_runner(path)
        pool.shutdown()
        client.close()
    kakao_calls.errand_runner.cache_clear()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(kakao_calls, "ERRAND_SECONDS", 0.3)


def pending(kind=KakaoUnlink, **fields):
    return kind.objects.create(kakao_id=KAKAO_ID, **fields)


def login(kakao):
    return APIClient().post("/login/kakao", {"code": kakao.grant(KAKAO_ID)}, format="json")


def seconds_until_due(errand):
    return (errand.due_at - timezone.now()).total_seconds()


def wrapper_of_this_thread():
    """Not the proxy: what it names can be looked at from another thread."""
    return connections["default"]


# --- Telling Kakao -------------------------------------------------------------------------------------------------


def test_a_deletion_is_told_with_the_admin_key(kakao, sign_in):
    client = sign_in(UserFactory(kakao_id=KAKAO_ID))
    assert client.delete("/users").status_code == 200
    assert kakao.calls == []
    assert seconds_until_due(KakaoUnlink.objects.get()) <= 0
    assert unlinking.unlink_step() is True
    (call,) = kakao.calls
    assert (call.method, call.path) == ("POST", UNLINK)
    assert call.form == {"target_id_type": "user_id", "target_id": str(KAKAO_ID)}
    assert call.headers["authorization"] == f"KakaoAK {kakao.admin_key}"
    assert KAKAO_ID not in kakao.linked
    assert not KakaoUnlink.objects.exists()
    assert unlinking.unlink_step() is False


def test_somebody_whom_kakao_does_not_know_any_more_is_settled(kakao):
    pending()
    kakao.linked.clear()
    assert unlinking.unlink_step() is True
    assert not KakaoUnlink.objects.exists()


FAILURES = {
    "500": lambda kakao: kakao.answers.update({UNLINK: (500, {"msg": "down", "code": -1})}),
    "not json": lambda kakao: kakao.answers.update({UNLINK: (200, b"<html>")}),
    "no object": lambda kakao: kakao.answers.update({UNLINK: (200, [1])}),
    "deep": lambda kakao: kakao.answers.update({UNLINK: (200, b"[" * 100_000)}),
    "wrong key": lambda kakao: setattr(kakao, "admin_key", "another"),
    "too many": lambda kakao: kakao.answers.update({UNLINK: (429, {"msg": "limit", "code": -10})}),
    "cut": lambda kakao: kakao.cut.add(UNLINK),
    "hung": lambda kakao: kakao.hung.add(UNLINK),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
def test_whatever_else_kakao_does_it_is_kept_and_tried_again(kakao, fail):
    pending()
    fail(kakao)
    assert unlinking.unlink_step() is True
    errand = KakaoUnlink.objects.get()
    assert (errand.tries, errand.leased_until) == (1, None)
    assert 0 < seconds_until_due(errand) <= 5
    assert unlinking.unlink_step() is False
    for misbehaviour in (kakao.answers, kakao.cut, kakao.hung):
        misbehaviour.clear()
    kakao.release.set()
    kakao.admin_key = "admin"
    KakaoUnlink.objects.update(due_at=timezone.now())
    assert unlinking.unlink_step() is True
    assert not KakaoUnlink.objects.exists()
    assert KAKAO_ID not in kakao.linked


def test_a_kakao_that_is_not_there_at_all(settings):
    settings.KAKAO_API_URL = "http://127.0.0.1:9"
    pending()
    unlinking.unlink_step()
    assert KakaoUnlink.objects.get().tries == 1


@pytest.mark.parametrize(
    ("tries", "pause"), [(1, 5), (2, 10), (3, 20), (5, 80), (10, 2560), (11, 3600), (17, 3600), (100_000, 3600)]
)
def test_the_pause_grows_up_to_an_hour(tries, pause):
    errand, now = pending(tries=tries, leased_until=timezone.now()), timezone.now()
    errands.put_off(errand, now)
    errand.refresh_from_db()
    assert errand.due_at == now + timedelta(seconds=pause)
    assert errand.leased_until is None


@pytest.mark.parametrize(
    ("age", "given_up"), [(timedelta(days=6, hours=23), False), (timedelta(days=7, hours=1), True)]
)
def test_after_seven_days_it_is_given_up_loudly(kakao, caplog, age, given_up):
    pending(tries=170)
    KakaoUnlink.objects.update(created_at=timezone.now() - age)
    kakao.answers[UNLINK] = (503, {})
    unlinking.unlink_step()
    assert KakaoUnlink.objects.exists() is not given_up
    assert any("given up" in record.message for record in caplog.records if record.levelname == "ERROR") is given_up
    assert not any(str(KAKAO_ID) in record.getMessage() for record in caplog.records)


def test_an_old_one_that_succeeds_at_last_is_not_given_up(caplog):
    pending()
    KakaoUnlink.objects.update(created_at=timezone.now() - timedelta(days=8))
    unlinking.unlink_step()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_what_was_put_off_waits_and_who_is_longest_due_comes_first(kakao):
    now = timezone.now()
    for kakao_id, minutes in ((1, 5), (2, -5), (3, -10)):
        KakaoUnlink.objects.create(kakao_id=kakao_id, due_at=now + timedelta(minutes=minutes))
    while unlinking.unlink_step():
        pass
    assert [call.form["target_id"] for call in kakao.calls] == ["3", "2"]


# --- The lease -----------------------------------------------------------------------------------------------------


def test_the_lease_is_committed_before_the_call_and_no_connection_is_held_over_it(kakao):
    pending()
    here, seen = wrapper_of_this_thread(), {}

    def look(path):
        errand = in_a_connection_of_its_own(KakaoUnlink.objects.get)
        seen.update(lease=errand.leased_until - timezone.now(), held=here.connection)

    kakao.meanwhile = look
    unlinking.unlink_step()
    assert timedelta(0) < seen["lease"] <= timedelta(seconds=3)
    assert seen["held"] is None


def test_a_call_is_over_before_its_lease(kakao):
    assert timedelta(seconds=kakao_calls.ERRAND_SECONDS) < errands.LEASE <= timedelta(seconds=3)


def test_one_whose_turn_never_came_is_not_sent_later(kakao, impatient):
    """Its lease is over by then: the person may have signed up again."""
    pending()
    release = Event()
    pool = kakao_calls.errand_runner(UNLINK)[0]
    for _ in range(pool._max_workers):
        pool.submit(release.wait, SECONDS)
    unlinking.unlink_step()
    assert KakaoUnlink.objects.get().tries == 1
    release.set()
    pool.shutdown(wait=True)
    assert kakao.calls == []


def paused(monkeypatch, meanwhile):
    """What the login does instead of sleeping while a lease runs; returns the seconds that it would have slept."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        assert connection.connection is None
        meanwhile()

    monkeypatch.setattr(services, "time", SimpleNamespace(sleep=sleep))
    return slept


def test_a_login_waits_for_the_lease_without_a_connection_and_goes_on(kakao, monkeypatch):
    pending()
    errand = errands.claim(KakaoUnlink, timezone.now())
    slept = paused(monkeypatch, lambda: errands.settle(errand))
    assert login(kakao).status_code == 200
    (seconds,) = slept
    assert 0 < seconds <= 3
    assert User.objects.get().kakao_id == KAKAO_ID
    assert not KakaoUnlink.objects.exists()


def test_it_goes_on_too_when_the_call_failed_and_withdraws_the_unlink(kakao, monkeypatch):
    pending()
    errand = errands.claim(KakaoUnlink, timezone.now())
    paused(monkeypatch, lambda: errands.put_off(errand, timezone.now()))
    assert login(kakao).status_code == 200
    assert not KakaoUnlink.objects.exists()


def test_it_goes_on_too_when_the_runner_died(kakao, monkeypatch):
    pending()
    errands.claim(KakaoUnlink, timezone.now())
    past = timezone.now() - timedelta(seconds=1)
    slept = paused(monkeypatch, lambda: KakaoUnlink.objects.update(leased_until=past, due_at=past))
    assert login(kakao).status_code == 200
    assert len(slept) == 1
    assert not KakaoUnlink.objects.exists()
    assert unlinking.unlink_step() is False
    assert kakao.calls_of(UNLINK) == []


def test_a_login_while_the_call_hangs_makes_the_account_after_it(kakao, monkeypatch):
    pending()
    waiting, over = Event(), Event()
    paused(monkeypatch, lambda: (waiting.set(), over.wait(SECONDS)))
    asked = Event()
    kakao.hung.add(UNLINK)
    kakao.meanwhile = lambda path: asked.set() if path == UNLINK else None
    monkeypatch.setattr(kakao_calls, "ERRAND_SECONDS", 30.0)
    with ThreadPoolExecutor(2) as pool:
        told = pool.submit(in_a_connection_of_its_own, unlinking.unlink_step)
        assert asked.wait(SECONDS)
        signed_in = pool.submit(in_a_connection_of_its_own, lambda: login(kakao))
        assert waiting.wait(SECONDS)
        assert not User.objects.exists()
        kakao.release.set()
        assert told.result(SECONDS)
        over.set()
        assert signed_in.result(SECONDS).status_code == 200
    assert User.objects.exists()
    assert not KakaoUnlink.objects.exists()


def test_signing_up_again_withdraws_one_that_is_pending(kakao, monkeypatch):
    slept = paused(monkeypatch, lambda: None)
    pending(tries=3)
    KakaoUnlink.objects.create(kakao_id=7002)
    assert login(kakao).status_code == 200
    assert slept == []
    assert list(KakaoUnlink.objects.values_list("kakao_id", flat=True)) == [7002]
    while unlinking.unlink_step():
        pass
    assert [call.form["target_id"] for call in kakao.calls_of(UNLINK)] == ["7002"]


def test_who_leaves_again_is_told_again(kakao):
    pending(tries=9)
    access = login(kakao).json()["accessToken"]
    assert APIClient().delete("/users", HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200
    assert KakaoUnlink.objects.get().tries == 0
    assert unlinking.unlink_step() is True
    assert KAKAO_ID not in kakao.linked


def test_an_unlink_and_a_login_at_once_end_in_one_of_two_ways(kakao):
    """Told, and then made; or withdrawn, and then nobody is told: never made and unlinked after."""
    for _ in range(15):
        kakao.calls.clear()
        pending()
        answer, _ = race(lambda: login(kakao), unlinking.unlink_step)
        assert answer.status_code == 200
        assert not KakaoUnlink.objects.exists()
        paths = [call.path for call in kakao.calls]
        assert paths.count(UNLINK) in (0, 1)
        User.objects.all().delete()


# --- Several runners -----------------------------------------------------------------------------------------------


def test_runners_side_by_side_tell_each_once(kakao):
    KakaoUnlink.objects.bulk_create(KakaoUnlink(kakao_id=number) for number in range(1, 25))

    def run():
        while unlinking.unlink_step():
            pass

    race(*[run] * 4)
    assert sorted(int(call.form["target_id"]) for call in kakao.calls) == list(range(1, 25))
    assert not KakaoUnlink.objects.exists()


def test_one_does_not_wait_for_anothers_claim(kakao):
    pending()
    other = KakaoUnlink.objects.create(kakao_id=7002)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        KakaoUnlink.objects.select_for_update().get(kakao_id=KAKAO_ID)
        step = pool.submit(in_a_connection_of_its_own, unlinking.unlink_step)
        assert step.result(SECONDS) is True
    assert not KakaoUnlink.objects.filter(pk=other.pk).exists()
    assert KakaoUnlink.objects.get().tries == 0


def test_what_a_runner_that_died_had_claimed_is_due_when_its_lease_ends(kakao):
    pending()
    now = timezone.now()
    dead = errands.claim(KakaoUnlink, now)
    assert errands.claim(KakaoUnlink, now + timedelta(seconds=2.9)) is None
    heir = errands.claim(KakaoUnlink, now + timedelta(seconds=3))
    assert (dead.tries, heir.tries) == (1, 2)


@pytest.mark.parametrize("late", [errands.settle, lambda errand: errands.put_off(errand, timezone.now())])
def test_one_that_was_only_slow_does_not_touch_what_another_claimed_since(late):
    pending()
    now = timezone.now()
    slow = errands.claim(KakaoUnlink, now)
    heir = errands.claim(KakaoUnlink, now + timedelta(seconds=3))
    late(slow)
    heir.refresh_from_db()
    assert heir.leased_until == now + timedelta(seconds=6)


# --- Looking into what Kakao reports -------------------------------------------------------------------------------


@pytest.fixture
def person():
    """Signed in a minute ago."""
    user = UserFactory(kakao_id=KAKAO_ID)
    with transaction.atomic():
        user.pair = begin_session(user=user, device="", now=timezone.now() - timedelta(minutes=1))
    return user


def test_an_account_whose_person_is_not_linked_any_more_ends_as_by_their_own_deletion(kakao, person, rows):
    ScrapTopicFactory(scrap__user=person)
    kakao.linked.clear()
    pending(KakaoNotice)
    assert unlinking.notice_step() is True
    (call,) = kakao.calls
    assert (call.method, call.path) == ("GET", ME)
    assert call.query == {"target_id_type": "user_id", "target_id": str(KAKAO_ID)}
    left = rows()
    gone = ("accounts.User", "accounts.Session", "scraps.Scrap", "accounts.KakaoNotice", "accounts.KakaoUnlink")
    assert not [table for table in gone if table in left]
    assert not [table for table in left if "token" in table.lower()]
    reading.current.take()
    answer = APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {person.pair.access}")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert tokens.session_named_by(person.pair.access)


def test_one_who_is_still_linked_keeps_the_account(kakao, person):
    pending(KakaoNotice)
    assert unlinking.notice_step() is True
    assert User.objects.get() == person
    assert Session.objects.get().revoked_at is None
    assert not KakaoNotice.objects.exists()
    assert KAKAO_ID in kakao.linked


def test_others_keep_theirs(kakao, person):
    kakao.linked.clear()
    KakaoNotice.objects.create(kakao_id=7002)
    unlinking.notice_step()
    assert User.objects.get() == person
    assert not KakaoNotice.objects.exists()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
def test_without_a_clear_answer_the_account_stays_and_kakao_is_asked_again(kakao, person, fail):
    pending(KakaoNotice)
    fail(kakao)
    for place in (kakao.cut, kakao.hung):
        if UNLINK in place:
            place.add(ME)
    if UNLINK in kakao.answers:
        kakao.answers[ME] = kakao.answers[UNLINK]
    kakao.linked.clear()
    unlinking.notice_step()
    assert User.objects.get() == person
    notice = KakaoNotice.objects.get()
    assert (notice.tries, notice.leased_until) == (1, None)
    assert 0 < seconds_until_due(notice) <= 5


def test_one_who_deleted_the_account_meanwhile_is_settled(kakao, person):
    kakao.linked.clear()
    pending(KakaoNotice)
    kakao.meanwhile = lambda path: in_a_connection_of_its_own(lambda: services.delete_user(user=person))
    assert unlinking.notice_step() is True
    assert not User.objects.exists()
    assert not KakaoNotice.objects.exists()


def test_one_who_signs_in_again_meanwhile_keeps_the_account(kakao, person):
    """They are linked anew by that."""
    kakao.linked.clear()
    pending(KakaoNotice)

    def sign_in_again(path):
        kakao.meanwhile = lambda path: None
        assert in_a_connection_of_its_own(lambda: login(kakao)).status_code == 200

    kakao.meanwhile = sign_in_again
    assert unlinking.notice_step() is True
    assert User.objects.get() == person
    assert Session.objects.living(timezone.now()).count() == 2


@pytest.mark.parametrize("kind", [KakaoUnlink, KakaoNotice])
def test_a_failure_of_our_own_is_told_and_delays_only_what_failed(kind):
    def fail(kakao_id):
        raise RuntimeError("no good")

    pending(kind)
    with pytest.raises(RuntimeError, match="no good"):
        unlinking.step(kind, fail)
    errand = kind.objects.get()
    assert (errand.tries, errand.leased_until) == (1, None)
    assert 0 < seconds_until_due(errand) <= 5
    assert unlinking.step(kind, fail) is False


def test_unlinks_and_notices_wait_in_lines_of_their_own(kakao, impatient, person):
    """Where unlinking hangs, a notice is looked into all the same."""
    release = Event()
    pool = kakao_calls.errand_runner(UNLINK)[0]
    for _ in range(pool._max_workers):
        pool.submit(release.wait, SECONDS)
    pending(KakaoNotice)
    unlinking.notice_step()
    release.set()
    assert not KakaoNotice.objects.exists()


def test_no_connection_is_held_while_kakao_is_asked(kakao, person):
    pending(KakaoNotice)
    here, held = wrapper_of_this_thread(), []
    kakao.meanwhile = lambda path: held.append(here.connection)
    unlinking.notice_step()
    assert held == [None]


def test_a_report_that_comes_while_one_is_looked_into_is_looked_into_as_well(kakao, person):
    """Linked when asked, and unlinked a moment later."""

    def report_again(path):
        kakao.meanwhile = lambda path: None
        sent = {"HTTP_AUTHORIZATION": f"KakaoAK {kakao.admin_key}"}
        answer = in_a_connection_of_its_own(
            lambda: APIClient().get(f"/webhooks/kakao/unlink?user_id={KAKAO_ID}", **sent)
        )
        assert answer.status_code == 200

    pending(KakaoNotice)
    kakao.meanwhile = report_again
    assert unlinking.notice_step() is True
    assert User.objects.get() == person
    kakao.linked.clear()
    assert unlinking.notice_step() is True
    assert not User.objects.exists()
    assert not KakaoNotice.objects.exists()


def test_from_the_webhook_to_the_end_of_the_account(kakao, person):
    kakao.linked.clear()
    sent = {"HTTP_AUTHORIZATION": f"KakaoAK {kakao.admin_key}"}
    assert APIClient().get(f"/webhooks/kakao/unlink?user_id={KAKAO_ID}", **sent).status_code == 200
    assert unlinking.notice_step() is True
    assert not User.objects.exists()

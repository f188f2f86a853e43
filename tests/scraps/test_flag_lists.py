"""A user's list of what they scraped, as the cache keeps it: who may store it, what ends it, what bad data comes to."""

import orjson
import pytest
from django.db import DatabaseError, transaction
from django_redis import get_redis_connection

from scraps import flags, services
from scraps.flags import LEASE_SECONDS, LIST_SECONDS, WRITTEN_SECONDS
from tests.factories import ScrapTopicFactory, TopicFactory
from tests.valkey import valkey
from tokpik import cache
from topics.corrections import FLAGS
from topics.models import Correction

GONE = "unix:///nonexistent/socket?db=0"


@pytest.fixture(autouse=True)
def _nothing_corrected(db):
    """Tests that empty the tables leave corrections behind: TRUNCATE is one."""
    Correction.objects.all().delete()


@pytest.fixture
def redis():
    return get_redis_connection("default")


@pytest.fixture
def entry(client):
    """A topic that the client has scraped."""
    return ScrapTopicFactory(scrap__user=client.user)


@pytest.fixture
def slot(client):
    return flags.key(client.user.pk)


def is_scraped(client, topic_id):
    answer = client.get(f"/topics/{topic_id}/details")
    assert answer.status_code == 200
    return answer.json()["scraped"]


def corrections():
    return Correction.objects.filter(topic_tag=FLAGS[0], place_tag=FLAGS[1]).count()


# --- Who may store -------------------------------------------------------------------------------------------------


def test_who_finds_none_stores_it(client, redis, entry, slot):
    assert is_scraped(client, entry.topic_id)
    assert orjson.loads(redis.get(slot)) == {"revision": 0, "topics": [entry.topic_id]}
    assert 0 < redis.ttl(slot) <= LIST_SECONDS


@pytest.mark.parametrize("there", [b"-", b"?0123456789abcdef"])
def test_who_finds_a_write_or_a_lease_stores_nothing(client, redis, entry, slot, there):
    redis.set(slot, there)
    assert is_scraped(client, entry.topic_id)
    assert redis.get(slot) == there


@pytest.fixture
def meanwhile(monkeypatch, redis, slot):
    """Something happens to the slot just before a reader takes the lease, or just after."""
    take = flags.take_lease

    def happens(when, to_slot):
        def with_it(*args):
            if when == "before":
                to_slot()
            taken = take(*args)
            if when == "after":
                assert redis.get(slot).startswith(b"?")
                assert 0 < redis.ttl(slot) <= LEASE_SECONDS < WRITTEN_SECONDS
                to_slot()
            return taken

        monkeypatch.setattr(flags, "take_lease", with_it)

    return happens


OUTDATED = orjson.dumps({"revision": -1, "topics": []})
MEANWHILE = {"a write": b"-", "another's lease": b"?other", "another's list": b'{"revision":0,"topics":[5]}'}


@pytest.mark.parametrize("found", [None, OUTDATED, b"garbage"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", MEANWHILE)
def test_who_was_overtaken_stores_nothing(client, redis, entry, slot, meanwhile, found, when, what):
    if found:
        redis.set(slot, found)
    meanwhile(when, lambda: redis.set(slot, MEANWHILE[what]))
    assert is_scraped(client, entry.topic_id)
    assert redis.get(slot) == MEANWHILE[what]


def test_who_lost_the_lease_stores_nothing(client, redis, entry, slot, meanwhile):
    meanwhile("after", lambda: redis.delete(slot))
    assert is_scraped(client, entry.topic_id)
    assert redis.get(slot) is None


# --- What ends it --------------------------------------------------------------------------------------------------


WRITES = {
    "put into a folder": lambda entry: services.add_topic(
        user=entry.scrap.user, scrap_id=entry.scrap_id, topic_id=TopicFactory().pk
    ),
    "put there again": lambda entry: services.add_topic(
        user=entry.scrap.user, scrap_id=entry.scrap_id, topic_id=entry.topic_id
    ),
    "taken out": lambda entry: services.remove_topic(user=entry.scrap.user, scrap_id=entry.scrap_id, entry_id=entry.pk),
    "the folder deleted": lambda entry: services.delete_scrap(user=entry.scrap.user, scrap_id=entry.scrap_id),
}
every_write = pytest.mark.parametrize("write", WRITES)


@pytest.mark.django_db(transaction=True)
@every_write
def test_a_write_says_so_before_its_commit_and_after_it(client, redis, entry, slot, write):
    is_scraped(client, entry.topic_id)
    with transaction.atomic():
        WRITES[write](entry)
        assert redis.get(slot) == b"-"
        assert LEASE_SECONDS < redis.ttl(slot) <= WRITTEN_SECONDS
        redis.delete(slot)
    assert redis.get(slot) == b"-"
    assert corrections() == 0


@pytest.mark.django_db(transaction=True)
@every_write
@pytest.mark.parametrize("lost", ["both", "the first", "the second"])
def test_a_write_that_cannot_say_so_corrects_once(client, entry, cache_at, settings, write, lost):
    here = settings.CACHES["default"]["LOCATION"]
    cache_at(here if lost == "the second" else GONE)
    with transaction.atomic():
        WRITES[write](entry)
        assert corrections() == (lost != "the second"), "with the write, or not at all"
        cache.breaker.broken = False
        cache_at(here if lost == "the first" else GONE)
    assert corrections() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_corrects_nothing(client, entry, cache_at):
    cache_at(GONE)
    with transaction.atomic():
        WRITES["taken out"](entry)
        transaction.set_rollback(True)
    assert corrections() == 0


@pytest.mark.django_db(transaction=True)
def test_a_write_stands_although_its_last_correction_fails(client, entry, cache_at, monkeypatch, caplog):
    def fail():
        raise DatabaseError("gone")

    with transaction.atomic():
        WRITES["taken out"](entry)
        cache_at(GONE)
        monkeypatch.setattr(flags, "correct", fail)
    assert "gone" in caplog.text
    assert not type(entry).objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_write_shows_whatever_becomes_of_the_cache(client, redis, entry, slot, cache_at, settings):
    """The old list is in the cache again when that comes back: it is refused, since the write corrected."""
    topic, here = TopicFactory(), settings.CACHES["default"]["LOCATION"]
    assert not is_scraped(client, topic.pk)
    cache_at(GONE)
    assert client.post(f"/users/scraps/{entry.scrap_id}/topics/{topic.pk}").status_code == 200
    assert is_scraped(client, topic.pk)
    cache_at(here)
    cache.breaker.broken = False
    assert orjson.loads(redis.get(slot))["topics"] == [entry.topic_id]
    assert is_scraped(client, topic.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("why", ["a replica", "full"])
def test_a_write_shows_although_the_cache_takes_no_writes(client, entry, cache_at, why):
    topic = TopicFactory()
    with valkey() as server:
        cache_at(server.url)
        assert not is_scraped(client, topic.pk)
        if why == "a replica":
            server.client.replicaof("127.0.0.1", 9)
        else:
            server.client.config_set("maxmemory", 1)
        assert client.post(f"/users/scraps/{entry.scrap_id}/topics/{topic.pk}").status_code == 200
        for _ in range(3):
            assert is_scraped(client, topic.pk)


# --- A list that was corrected -------------------------------------------------------------------------------------


def test_it_is_asked_anew_once(client, sign_in, redis, entry, slot, django_assert_num_queries):
    """Another user's write could not tell the cache: everybody pays one statement, not one a request."""
    other = sign_in()
    for one in (client, other):
        is_scraped(one, entry.topic_id)
    flags.correct()
    for one in (client, other):
        for statements in (1, 0, 0):
            with django_assert_num_queries(statements):
                assert is_scraped(one, entry.topic_id) is (one is client)
    assert orjson.loads(redis.get(slot))["revision"] == 1


def test_one_that_is_too_long_is_known_to_be(client, redis, entry, slot, monkeypatch):
    monkeypatch.setattr(flags, "LIST_MOST", 0)
    is_scraped(client, entry.topic_id)
    assert orjson.loads(redis.get(slot)) == {"revision": 0, "topics": None}
    assert is_scraped(client, entry.topic_id)


# --- What cannot be read -------------------------------------------------------------------------------------------


BAD = {
    **{text: text.encode() for text in ["null", "0", "1", "true", '""', '"x"', "[]", "[1]", "{}"]},
    **{
        f"topics {text}": b'{"revision":9,"topics":%b}' % text.encode()
        for text in ["0", '""', '"x"', "{}", '["1"]', "[null]"]
    },
    **{f"revision {text}": b'{"revision":%b,"topics":[]}' % text.encode() for text in ("null", '"1"', "[]")},
    "nothing": b"",
    "no JSON": b"\x80\x04\x95pickle",
    "no UTF-8": b'{"topics": "\xff"}',
    "nested deeply": b"[" * 100_000,
    "huge": b"x" * 5_000_000,
    "without topics": b'{"revision": 9}',
    "without a revision": b'{"topics": []}',
    "dashes": b"--",
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_data_is_no_list_and_is_replaced(client, redis, entry, slot, bad):
    redis.set(slot, BAD[bad])
    assert is_scraped(client, entry.topic_id)
    assert orjson.loads(redis.get(slot))["topics"] == [entry.topic_id]


@pytest.mark.parametrize("kind", ["rpush", "sadd"])
def test_a_key_of_another_type_does_no_harm_and_ends_with_a_write(client, redis, entry, slot, kind):
    getattr(redis, kind)(slot, "x")
    assert is_scraped(client, entry.topic_id)
    assert is_scraped(client, entry.topic_id)
    assert cache.breaker.broken is False
    assert client.post(f"/users/scraps/{entry.scrap_id}/topics/{entry.topic_id}").status_code == 200
    assert redis.get(slot) == b"-"

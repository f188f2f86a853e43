"""Cached answers: what may be kept, what is served of what is there, who fills, and what each look costs."""

from threading import Event, Lock

import orjson
import pytest
from django_redis import get_redis_connection

from accounts.models import Policy, Term, TermSection
from bench.counting import counting
from tests.accounts.racing import race
from tests.factories import ScrapTopicFactory, TopicDetailFactory, TopicFactory
from tests.valkey import listening, valkey
from tokpik import cache, reading
from topics import entries, views
from topics.details import DETAILS
from topics.models import Topic
from topics.related import RELATED

CALLS = ["related", "details"]
LISTS = ["topic-tags", "place-tags", "terms", "policies"]
every_call = pytest.mark.parametrize("call", CALLS)


@pytest.fixture
def redis():
    return get_redis_connection("default")


@pytest.fixture
def base(db):
    """With a neighbour and a detail."""
    topic = TopicFactory()
    TopicDetailFactory(topic=topic)
    TopicFactory()
    return topic


@pytest.fixture
def lists(db, base):
    TermSection.objects.create(
        term=Term.objects.create(title="이용약관"), main_category="1", sub_category="1", content="내용"
    )
    Policy.objects.create(title="1. 목적", content="내용")


def ask(client, call, topic):
    answer = client.get(f"/topics/{topic.pk}/{call}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def slot_of(call, topic):
    return f"{call}:entry:{topic.pk}"


# --- What is kept --------------------------------------------------------------------------------------------------


@every_call
def test_an_entry_is_json_with_what_all_users_share(client, redis, base, call):
    ScrapTopicFactory(scrap__user=client.user, topic=base)
    said = ask(client, call, base)
    entry = orjson.loads(redis.get(slot_of(call, base)))
    assert set(entry) == {"topic_tag", "place_tag", "revision", "filled_at", "body"}
    assert "scraped" not in str(entry)
    assert [{**row, "scraped": None} for row in entry["body"]] == [
        {**row, "scraped": None} for row in said.get("details", said.get("talkTopics"))
    ]


@every_call
def test_it_lives_for_its_time_give_or_take_the_spread(client, redis, settings, base, call):
    settings.CACHE_TTL, settings.CACHE_TTL_SPREAD = 3600, 100
    lives = set()
    for _ in range(20):
        redis.flushdb()
        ask(client, call, base)
        lives.add(redis.ttl(slot_of(call, base)))
    assert len(lives) > 5
    assert all(3500 - 1 <= seconds <= 3700 for seconds in lives)


@every_call
def test_a_draft_and_what_is_not_there_are_not_kept(client, sign_in, redis, call):
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    hidden = TopicFactory(status=Topic.Status.HIDDEN)
    stranger = sign_in()
    for _ in range(2):
        ask(client, call, draft)
        for topic_id, asker in [(draft.pk, stranger), (hidden.pk, client), (10**9, client)]:
            assert asker.get(f"/topics/{topic_id}/{call}").status_code == 404
        assert not redis.keys("*:entry:*")
    draft.publish()
    hidden.publish()
    assert ask(stranger, call, draft)
    assert ask(client, call, hidden)
    assert len(redis.keys("*:entry:*")) == 2


@every_call
def test_a_published_one_that_becomes_a_draft_again_is_its_owners_alone(client, sign_in, base, call):
    Topic.objects.filter(pk=base.pk).update(made_for=client.user)
    stranger = sign_in()
    assert ask(stranger, call, base) == ask(client, call, base)
    Topic.objects.filter(pk=base.pk).update(status=Topic.Status.DRAFT)
    for _ in range(2):
        assert stranger.get(f"/topics/{base.pk}/{call}").status_code == 404
        assert ask(client, call, base)


# --- What is served ------------------------------------------------------------------------------------------------


def test_a_correction_of_another_pair_leaves_an_entry_served(client, base, django_assert_num_queries):
    other = TopicFactory(tag="인간관계")
    for call in CALLS:
        ask(client, call, base)
        ask(client, call, other)
    other.hide()
    for call in CALLS:
        with django_assert_num_queries(0):
            ask(client, call, base)
        assert client.get(f"/topics/{other.pk}/{call}").status_code == 404


def changed(**fields):
    return lambda entry: orjson.dumps(orjson.loads(entry) | fields)


def with_items(**fields):
    def change(entry):
        entry = orjson.loads(entry)
        return orjson.dumps(entry | {"body": [item | fields for item in entry["body"]]})

    return change


def without(name):
    return lambda entry: orjson.dumps({key: value for key, value in orjson.loads(entry).items() if key != name})


FORMS = ["null", "0", "1.5", "true", '""', '"x"', "{}", "[]", "[1]", "[[]]", '["x"]', "[{}]", "[null]"]
UNREADABLE = {
    "nothing": lambda entry: b"",
    "half of it": lambda entry: entry[: len(entry) // 2],
    "no JSON": lambda entry: b"\x80\x04\x95pickle",
    "no UTF-8": lambda entry: b'{"body": "\xff"}',
    "nested deeply": lambda entry: b"[" * 100_000,
    "huge": lambda entry: b"x" * 5_000_000,
    "huge JSON": changed(body=["x" * 100] * 100_000),
    **{text: lambda entry, text=text: text.encode() for text in FORMS},
    **{f"without {name}": without(name) for name in ("topic_tag", "place_tag", "revision", "filled_at", "body")},
    **{f"body {text}": changed(body=orjson.loads(text)) for text in FORMS if text != "[]"},
    **{f"revision {text}": changed(revision=orjson.loads(text)) for text in ("null", '"1"', "[]", "{}")},
    **{f"filled at {text}": changed(filled_at=orjson.loads(text)) for text in ("null", '"1"', "[]")},
    **{f"topic tag {text}": changed(topic_tag=orjson.loads(text)) for text in ("[]", "{}")},
    "with a field more": with_items(extra=1),
    "with other types": with_items(title=1, itemTitle=1),
    "with nulls": with_items(title=None, itemContent=None),
}


@every_call
@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_a_miss_and_is_replaced(client, redis, base, call, what):
    said = ask(client, call, base)
    good = redis.get(slot_of(call, base))
    redis.set(slot_of(call, base), UNREADABLE[what](good))
    assert ask(client, call, base) == said
    assert cache.breaker.broken is False
    assert orjson.loads(redis.get(slot_of(call, base)))["body"] == orjson.loads(good)["body"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("what", [*list(UNREADABLE)[:25], "body null", "body 0", 'body ""', "body {}", "body [1]"])
def test_so_it_is_with_lists(nobody, redis, lists, name, what):
    said = nobody.get(f"/{name}").json()
    key = f"list:entry:{name}"
    redis.set(key, UNREADABLE[what](redis.get(key)))
    answer = nobody.get(f"/{name}")
    assert (answer.status_code, answer.json()) == (200, said)
    [rows] = said.values() if isinstance(said, dict) else [said]
    assert orjson.loads(redis.get(key))["body"] == rows


def test_one_lists_entry_under_anothers_key_is_none(nobody, redis, lists):
    said = {name: nobody.get(f"/{name}").json() for name in LISTS}
    kept = [redis.get(f"list:entry:{name}") for name in LISTS]
    for name, entry in zip(LISTS, kept[1:] + kept[:1], strict=True):
        redis.set(f"list:entry:{name}", entry)
    assert {name: nobody.get(f"/{name}").json() for name in LISTS} == said


def test_a_list_with_one_row_of_another_form_is_unreadable(client, redis, base):
    TopicFactory.create_batch(2)
    said = ask(client, "related", base)
    entry = orjson.loads(redis.get(slot_of("related", base)))
    for bad in (1, {}, {"topicId": 1}, {"topicId": "1", "type": "a", "title": "b"}):
        redis.set(slot_of("related", base), orjson.dumps(entry | {"body": [*entry["body"][:-1], bad]}))
        assert ask(client, "related", base) == said


ENTRY, TURN = "{}:entry:{}", "filling:{}:{}"
OTHER_TYPES = {
    "a list": lambda redis, key: redis.rpush(key, "x"),
    "a hash": lambda redis, key: redis.hset(key, "x", "y"),
    "a set": lambda redis, key: redis.sadd(key, "x"),
    "a stream": lambda redis, key: redis.xadd(key, {"x": "y"}),
}


@pytest.mark.parametrize("kind", OTHER_TYPES)
@pytest.mark.parametrize("names", [[ENTRY], [TURN], [ENTRY, TURN]])
def test_a_key_of_another_type_does_no_harm_and_is_replaced(client, nobody, redis, base, kind, names):
    said = ask(client, "related", base), nobody.get("/topic-tags").json()
    for name in names:
        for key in (name.format("related", base.pk), name.format("list", "topic-tags")):
            redis.delete(key)
            OTHER_TYPES[kind](redis, key)
    if names == [TURN]:
        redis.delete(slot_of("related", base), "list:entry:topic-tags")
    assert (ask(client, "related", base), nobody.get("/topic-tags").json()) == said
    assert cache.breaker.broken is False
    assert redis.type(slot_of("related", base)) == redis.type("list:entry:topic-tags") == b"string"
    assert not redis.keys("filling:*")


# --- Who fills -----------------------------------------------------------------------------------------------------


@pytest.fixture
def fills(monkeypatch):
    """How often the database was asked for related topics, and a gate that each fill waits at."""

    class Fills:
        count, gate, lock, entered = 0, Event(), Lock(), Event()

    made = Fills()
    made.gate, made.entered, made.lock = Event(), Event(), Lock()
    made.gate.set()
    read = views.read_related

    def counted(*which):
        with made.lock:
            made.count += 1
        made.entered.set()
        assert made.gate.wait(60)
        return read(*which)

    monkeypatch.setattr(views, "read_related", counted)
    # One for all threads, taken beforehand: each would take its own.
    monkeypatch.setattr(reading.current, "ensure", lambda: None)
    return made


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_on_a_cold_key_ask_once_or_twice(sign_in, base, fills):
    clients = [sign_in() for _ in range(50)]
    answers = race(*[lambda client=client: ask(client, "related", base) for client in clients])
    assert all(answer == answers[0] for answer in answers)
    assert fills.count in (1, 2)


@pytest.mark.django_db(transaction=True)
def test_after_a_correction_too(sign_in, base, fills):
    clients = [sign_in() for _ in range(50)]
    before = ask(clients[0], "related", base)
    Topic.objects.exclude(pk=base.pk).update(title="새 제목")
    reading.current.take()
    answers = race(*[lambda client=client: ask(client, "related", base) for client in clients])
    assert all(answer == answers[0] != before for answer in answers)
    assert fills.count in (2, 3)


@pytest.mark.django_db(transaction=True)
def test_with_the_cache_down_each_asks_for_itself(sign_in, base, fills, cache_at):
    clients = [sign_in() for _ in range(20)]
    cache_at("unix:///nonexistent/socket?db=0")
    answers = race(*[lambda client=client: ask(client, "related", base) for client in clients])
    assert all(answer == answers[0] for answer in answers)
    assert fills.count == 20


@pytest.mark.django_db(transaction=True)
def test_where_nothing_is_to_be_kept_nobody_waits_for_anybody(sign_in, client, fills, monkeypatch):
    """Not for the owner of a draft, nor for a 404, once one has found that out."""
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    ask(client, "related", draft)
    monkeypatch.setattr(entries.time, "sleep", lambda seconds: pytest.fail("waited"))
    for asker, status in [(client, 200), (sign_in(), 404)]:
        answers = race(*[lambda asker=asker: asker.get(f"/topics/{draft.pk}/related")] * 10)
        assert [answer.status_code for answer in answers] == [status] * 10
    assert fills.count == 21


def test_what_is_published_meanwhile_is_kept_at_once(client, redis, fills):
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    ask(client, "related", draft)
    assert redis.get(f"filling:related:{draft.pk}") == entries.NOT_KEPT
    draft.publish()
    ask(client, "related", draft)
    ask(client, "related", draft)
    assert fills.count == 2
    assert not redis.keys("filling:*")


@pytest.fixture
def patience(monkeypatch):
    """No longer than this does one wait for another's entry."""
    monkeypatch.setattr(entries, "WAIT_SECONDS", 0.05)


@pytest.mark.parametrize("left", [b"?", b"x" * 100, b""])
@pytest.mark.parametrize("ttl", [1500, None])
def test_a_filler_that_died_is_not_waited_for_twice(client, redis, base, fills, patience, left, ttl):
    redis.set(f"filling:related:{base.pk}", left, px=ttl)
    ask(client, "related", base)
    assert redis.exists(slot_of("related", base))
    assert not redis.keys("filling:*")
    ask(client, "related", base)
    assert fills.count == 1


@pytest.mark.django_db(transaction=True)
def test_one_that_waits_long_enough_asks_for_itself(sign_in, base, fills, patience):
    """The filler sleeps at the database; whoever waited is answered, and so is the filler when it wakes."""
    sleeper, other = sign_in(), sign_in()

    def overtake():
        assert fills.entered.wait(60)
        fills.gate.set()
        return ask(other, "related", base)

    fills.gate.clear()
    answers = race(lambda: ask(sleeper, "related", base), overtake)
    assert answers[0] == answers[1]


def test_a_filler_whose_database_fails_leaves_no_turn_behind(client, redis, base, fills, monkeypatch):
    monkeypatch.setattr(views, "read_related", lambda *which: 1 / 0)
    client.raise_request_exception = False
    assert client.get(f"/topics/{base.pk}/related").status_code == 500
    assert not redis.keys("filling:*")
    assert not redis.keys("*:entry:*")


# --- What it costs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    with valkey() as server:
        yield server


@pytest.fixture
def spent(server, cache_at):
    """Of a call: how many statements, how many round trips to Redis, and each command with how often it was given."""
    server.client.flushall()
    cache_at(server.url)
    redis = get_redis_connection("default")
    redis.ping()
    redis.pipeline(transaction=False).ping().execute()

    def of(call):
        server.client.config_resetstat()
        with counting() as count:
            answer = call()
        assert answer.status_code < 500
        stats = server.client.info("commandstats")
        commands = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
        commands = {name: calls for name, calls in commands.items() if name not in ("config|resetstat", "info")}
        return len(count.statements), count.round_trips, commands

    return of


FILLS = {"set": 2, "get": 1, "del": 1}
# A lease; then, by one script, a look at it and the list.
LEARNS = {"set": 2, "eval": 1, "get": 1}
FILLS_NOTHING = {"set": 2, "get": 1}


def both(*costs):
    return {name: sum(cost.get(name, 0) for cost in costs) for name in {name for cost in costs for name in cost}}


LOOK = {"mget": 1}


@every_call
def test_what_a_request_costs(client, server, spent, base, call):
    def read():
        return client.get(f"/topics/{base.pk}/{call}")

    assert spent(read) == (2, 5, both(LOOK, FILLS, LEARNS)), "cold"
    assert spent(read) == (0, 1, LOOK), "a hit"
    base.hide()
    base.publish()
    assert spent(read) == (1, 3, both(LOOK, FILLS)), "corrected"
    server.client.delete(f"scraped:{client.user.pk}")
    assert spent(read) == (1, 3, both(LOOK, LEARNS)), "without the user's list"
    assert spent(read) == (0, 1, LOOK), "a hit again"


@every_call
def test_what_it_costs_after_a_scrap(client, spent, base, scrap_of_the_client, call):
    def read():
        return client.get(f"/topics/{base.pk}/{call}")

    read()
    client.post(f"/users/scraps/{scrap_of_the_client.pk}/topics/{base.pk}")
    for _ in range(2):
        assert spent(read) == (1, 1, LOOK)


@pytest.fixture
def scrap_of_the_client(client):
    return ScrapTopicFactory(scrap__user=client.user).scrap


@every_call
@pytest.mark.parametrize(("scraped", "statements"), [(500, 0), (501, 1)])
def test_what_it_costs_who_has_scraped_many(client, spent, base, call, scraped, statements):
    entry = ScrapTopicFactory(scrap__user=client.user)
    topics = Topic.objects.bulk_create(
        Topic(title="a", subtitle="b", situation=base.situation, topic_tag=base.topic_tag, place_tag=base.place_tag)
        for _ in range(scraped - 1)
    )
    type(entry).objects.bulk_create(
        type(entry)(scrap=entry.scrap, topic=topic, created_at=entry.created_at) for topic in topics
    )

    def read():
        return client.get(f"/topics/{base.pk}/{call}")

    assert spent(read) == (2 + statements, 5, both(LOOK, FILLS, LEARNS)), "cold"
    assert spent(read) == (statements, 1, LOOK), "a hit"


@every_call
def test_what_a_404_and_a_draft_cost(client, sign_in, spent, call):
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    for asker, cost in [(sign_in(), (1, 3, both(LOOK, FILLS_NOTHING))), (client, (2, 5, None))]:
        for again in (False, True):
            statements, trips, commands = spent(lambda asker=asker: asker.get(f"/topics/{draft.pk}/{call}"))
            if cost[2] is not None:
                assert (statements, trips, commands) == cost
            else:
                assert (statements, trips) == ((1, 3) if again else cost[:2]), "the draft, then with a list"


@pytest.mark.parametrize(("name", "statements"), [("topic-tags", 2), ("place-tags", 2), ("terms", 3), ("policies", 2)])
def test_what_a_list_costs(nobody, spent, lists, name, statements):
    def read():
        return nobody.get(f"/{name}")

    assert spent(read) == (statements, 3, both({"get": 1}, FILLS)), "cold"
    assert spent(read) == (0, 1, {"get": 1}), "a hit"
    Policy.objects.create(title="2. 항목", content="내용")
    assert spent(read) == (statements, 3, both({"get": 1}, FILLS)), "corrected"


@every_call
def test_what_it_costs_without_the_cache(client, base, cache_at, call):
    """The first request finds out; the others do not even try."""
    cache_at("unix:///nonexistent/socket?db=0")
    for _ in range(3):
        with counting() as count:
            ask(client, call, base)
        assert (len(count.statements), count.round_trips) == (2, 0)
    assert cache.breaker.broken


@every_call
def test_one_request_finds_out_that_it_hangs(client, base, cache_at, call):
    """And pays one time-out for all that it would have asked."""
    said = ask(client, call, base)
    with listening() as deaf:
        cache_at(deaf.url, SOCKET_TIMEOUT=0.05)
        assert [ask(client, call, base) for _ in range(20)] == [said] * 20
        assert deaf.accepted == 1


@pytest.mark.parametrize("name", LISTS)
def test_lists_answer_without_the_cache(nobody, lists, cache_at, name):
    said = nobody.get(f"/{name}").json()
    cache_at("unix:///nonexistent/socket?db=0")
    assert [nobody.get(f"/{name}").json() for _ in range(3)] == [said] * 3


@pytest.mark.parametrize(("kind", "body"), [(RELATED, []), (DETAILS, [])])
def test_an_empty_body_is_a_body(kind, body, db, monkeypatch):
    entry = entries.entry_of(entries.Shared(body, 1, 1, revision=10**9))
    assert entries.opened(kind, entry)[:2] == ("hit", [])
    assert entries.read(kind, 1, entry, fill=lambda: pytest.fail("asked")) == []

"""Cached answers that all users share: look-aside, write-around, current by revision (docs/decisions/0011).

An entry says which pair of tags it hangs on and that pair's revision when it was read. It is served while that is not
below the revision in this worker's reading: so nobody has to tell the cache of a correction, and it does not matter
what the cache forgot or brought back.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django_redis import get_redis_connection

from tokpik import cache, reading, replica
from topics import cache_use
from topics.corrections import LISTS, read_lists_revision, revision_of

# One reader of a cold key asks the database; one that died does not stand for longer than this.
FILLING_MS = 2000
# What the filler leaves where there is nothing to wait for: a draft, or what is not there.
NOT_KEPT = b"-"
# How long the others wait for its entry, and how often they look.
WAIT_SECONDS = 1.0
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Shared:
    """What a fill found: a body of JSON's own types, the pair of tags that it hangs on, and the pair's revision, read
    in the same statement or before it, never after. `everybodys` is what may be kept: nothing that one user alone may
    see."""

    body: Any
    topic_tag: int
    place_tag: int
    revision: int
    everybodys: bool = True


@dataclass(frozen=True)
class Kind:
    """One kind of answer: a list of rows with these fields of these types, in this order."""

    name: str
    row: Mapping[str, type]

    def key(self, id: object) -> str:
        return f"{self.name}:entry:{id}"


# What is the same for everybody; the rows of each of these lists have a form of their own.
LIST = "list"
# Asks the database of the alias that it is given.
Fill = Callable[[str], Shared | None]
NOT_READABLE = (orjson.JSONDecodeError, LookupError, TypeError)


def read(kind: Kind, id: object, slot: bytes | None, fill: Fill) -> Any:
    """The body of the answer: from `slot`, which is what the cache holds under the kind's key, if that is current, else
    from `fill`. None when `fill` finds nothing; that is not kept."""
    reading.current.ensure()
    outcome, body, age = opened(kind, slot)
    cache_use.count_look(kind.name, outcome, age)
    return body if outcome == "hit" else fill_once(kind, id, fill)


def read_list(name: str, row: Mapping[str, type], rows: Callable[[str], Any]) -> Any:
    """A list that is the same for everybody and hangs on no pair; `rows` reads it from the database of an alias."""
    kind = Kind(LIST, row)

    def fill(using: str) -> Shared:
        revision = read_lists_revision(using)
        return Shared(rows(using), *LISTS, revision)

    slot = cache.ask(lambda redis: redis.get(kind.key(name)), otherwise=None)
    return read(kind, name, slot, fill)


def opened(kind: Kind, slot: bytes | None) -> tuple[cache_use.Outcome, Any, float]:
    """What became of a look: a hit with its body and its age in seconds; or nothing was there, or something that cannot
    be read, or that was corrected since."""
    if slot is None:
        return "miss", None, 0.0
    try:
        entry = orjson.loads(slot)
        body, age = entry["body"], time.time() - entry["filled_at"]
        is_current = entry["revision"] >= revision_of(entry["topic_tag"], entry["place_tag"])
        is_sound = has_form(body, kind.row)
    except NOT_READABLE:
        is_sound = is_current = False
    if not is_sound:
        return "unreadable", None, 0.0
    return ("hit", body, age) if is_current else ("stale", None, 0.0)


def has_form(body: Any, row: Mapping[str, type]) -> bool:
    fields, types = [*row], [*row.values()]
    return type(body) is list and all(
        type(each) is dict and [*each] == fields and [*map(type, each.values())] == types for each in body
    )


def fill_once(kind: Kind, id: object, fill: Fill) -> Any:
    """Of many readers of a cold key one asks the database; the others wait a moment for its entry. Without the cache,
    and where nothing is to be kept, each asks for itself."""
    key, filling = kind.key(id), f"filling:{kind.name}:{id}"
    body = turn_or_entry(kind, key, filling)
    if body is not None:
        return body
    try:
        found = timed(kind, fill)
    except Exception:
        cache.ask(lambda redis: redis.delete(filling), otherwise=None)
        raise
    cache.ask(lambda redis: end_turn(redis, filling, key, found), otherwise=None)
    return found and found.body


def turn_or_entry(kind: Kind, key: str, filling: str) -> Any:
    """The body that another has filled in meanwhile; None when it is this reader's turn to fill, or when it has waited
    long enough."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        is_turn, slot = cache.ask(lambda redis: take_turn(redis, filling, key), otherwise=(True, None))
        _, body, _ = opened(kind, slot)
        if is_turn or body is not None or time.monotonic() > until:
            return body
        time.sleep(LOOK_SECONDS)


def timed(kind: Kind, fill: Fill) -> Shared | None:
    began = time.perf_counter()
    found = replica.ask(fill, otherwise=None)
    if not (found and counts_from_replica(found)):
        found = fill(DEFAULT_DB_ALIAS)
    cache_use.count_fill(kind.name, time.perf_counter() - began)
    return found


def counts_from_replica(found: Shared) -> bool:
    """A replica lags. Its revision tells what it missed, but for what is not published: neither publishing nor the edit
    of a draft raises one."""
    return found.everybodys and found.revision >= revision_of(found.topic_tag, found.place_tag)


def take_turn(redis: Any, filling: str, key: str) -> tuple[bool, bytes | None]:
    """Whether this reader is to fill, and what the slot holds now."""
    pipe = redis.pipeline(transaction=False)
    pipe.set(filling, "?", nx=True, get=True, px=FILLING_MS)
    pipe.get(key)
    filler, slot = pipe.execute()
    return filler in (None, NOT_KEPT), slot


def end_turn(redis: Any, filling: str, key: str, found: Shared | None) -> None:
    pipe = redis.pipeline(transaction=False)
    if found and found.everybodys:
        spread = settings.CACHE_TTL_SPREAD
        pipe.set(key, entry_of(found), ex=settings.CACHE_TTL + random.randint(-spread, spread))
        pipe.delete(filling)
    else:
        pipe.set(filling, NOT_KEPT, px=FILLING_MS)
    pipe.execute()


def drop(kind: Kind, id: object) -> bool:
    """Whether there was such an entry. Raises `RedisError`: whoever drops by hand wants to know."""
    return bool(get_redis_connection("default").delete(kind.key(id)))


def drop_all() -> int:
    """Empties the cache, users' lists and rate limits too, and says how many keys there were. Raises `RedisError`.

    Needed only where revisions may have gone back, by a restore or a failover: stop workers, restore, drop, start.
    One that sleeps with an entry from before would store it after the cache was dropped.
    """
    redis = get_redis_connection("default")
    keys = redis.dbsize()
    redis.flushdb(asynchronous=True)
    return int(keys)


def entry_of(found: Shared) -> bytes:
    return orjson.dumps(
        {
            "topic_tag": found.topic_tag,
            "place_tag": found.place_tag,
            "revision": found.revision,
            "filled_at": time.time(),
            "body": found.body,
        }
    )

"""What a user was shown lately, and the choice that their last equal call got. In the cache; lost without harm."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from tokpik import cache, counting

SHOWN_SECONDS = 3600
SHOWN_MOST = 300
# The client sends each search twice at the same moment.
TWIN_SECONDS = 2
# Equal calls that waited for topics to be written go on at the same moment.
AFTER_WAIT_SECONDS = 0.3
# Counted of equal calls once; without the cache, of each.
SEARCHES = "searches"


@dataclass
class Recent:
    """`seed` decides the choice, alike for equal calls at the same moment; `chosen` is what the first of them got."""

    user_id: int
    search: str
    seed: int
    shown: list[int] = field(default_factory=list)
    chosen: list[int] | None = None
    is_first: bool = True
    has_waited: bool = False

    @cached_property
    def keys(self) -> tuple[str, str]:
        return f"choose:{self.user_id}:{self.search}", f"shown:{self.user_id}"


def recall(user_id: int, search: object) -> Recent:
    """One round trip. Without the cache: no history, and equal calls within the same two seconds alike."""
    now = time.time()
    digest = sha256(repr(search).encode()).hexdigest()[:24]
    recent = Recent(user_id, digest, seed=int(now * 1_000_000))
    said = cache.ask(lambda redis: ask(redis, recent, now), otherwise=None)
    if said is None:
        recent.seed = int(now // TWIN_SECONDS)
        return recent
    first, ids = said
    if first:
        recent.seed, recent.chosen, recent.is_first = first["seed"], first.get("chosen"), False
    # Not what another search was shown since the first of equal calls.
    recent.shown = [int(id) for id, shown_at in ids if recent.is_first or shown_at * 1_000_000 <= recent.seed]
    return recent


def ask(redis: Any, recent: Recent, now: float) -> tuple[Any, list[tuple[bytes, float]]] | None:
    """The choice of the first of equal calls, if this is not it, and what was shown when; None if it cannot be read."""
    choice, shown = recent.keys
    pipe = redis.pipeline()
    pipe.set(choice, orjson.dumps({"seed": recent.seed}), nx=True, get=True, px=TWIN_SECONDS * 1000)
    pipe.zrevrangebyscore(shown, "+inf", now - SHOWN_SECONDS, start=0, num=SHOWN_MOST, withscores=True)
    before, ids = pipe.execute()
    try:
        return before and orjson.loads(before), ids
    except orjson.JSONDecodeError:
        return None


def choice_of_first(recent: Recent) -> list[int] | None:
    """What the first of equal calls has chosen while this one waited for topics to be written."""
    recent.has_waited = True
    if recent.is_first:
        return None
    said = cache.ask(lambda redis: redis.get(recent.keys[0]), otherwise=None)
    try:
        first = orjson.loads(said or b"{}")
    except orjson.JSONDecodeError:
        return None
    return first.get("chosen") if first.get("seed") == recent.seed else None


def shown_to(user_id: int) -> list[tuple[int, datetime]]:
    """What the user was shown within the hour, and when, the latest first; nothing while the cache is away."""
    now = time.time()

    def look(redis: Any) -> list[tuple[bytes, float]]:
        return redis.zrevrangebyscore(f"shown:{user_id}", "+inf", now - SHOWN_SECONDS, withscores=True)

    return [(int(id), datetime.fromtimestamp(moment, UTC)) for id, moment in cache.ask(look, otherwise=[])]


def remember(recent: Recent, chosen: Sequence[int]) -> None:
    """The first of equal calls records what it chose; the others would count it twice."""
    if recent.is_first:
        counting.tally.add({SEARCHES: 1})
        cache.ask(lambda redis: record(redis, recent, chosen), otherwise=None)


def record(redis: Any, recent: Recent, chosen: Sequence[int]) -> None:
    now = time.time()
    choice, shown = recent.keys
    pipe = redis.pipeline()
    said = orjson.dumps({"seed": recent.seed, "chosen": list(chosen)})
    if recent.has_waited:
        left = TWIN_SECONDS - (now - recent.seed / 1_000_000)
        pipe.set(choice, said, px=int(max(left, AFTER_WAIT_SECONDS) * 1000))
    else:
        pipe.set(choice, said, xx=True, keepttl=True)
    if chosen:
        pipe.zadd(shown, {str(id): now for id in chosen})
        pipe.zremrangebyrank(shown, 0, -SHOWN_MOST - 1)
        pipe.expire(shown, SHOWN_SECONDS)
    pipe.execute()

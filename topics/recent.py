"""What a user was shown lately, and the choice that their last equal call got. In the cache; lost without harm."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

import orjson
from django_redis import get_redis_connection
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
SHOWN_SECONDS = 3600
SHOWN_MOST = 300
# The client sends each search twice at the same moment.
TWIN_SECONDS = 2


@dataclass
class Recent:
    """`seed` decides the choice, alike for equal calls at the same moment; `chosen` is what the first of them got."""

    user_id: int
    search: str
    seed: int
    shown: list[int] = field(default_factory=list)
    chosen: list[int] | None = None
    is_first: bool = True

    @cached_property
    def keys(self) -> tuple[str, str]:
        return f"choose:{self.user_id}:{self.search}", f"shown:{self.user_id}"


def recall(user_id: int, search: object) -> Recent:
    """One round trip. Without the cache: no history, and equal calls within the same two seconds alike."""
    now = time.time()
    digest = sha256(repr(search).encode()).hexdigest()[:24]
    recent = Recent(user_id, digest, seed=int(now * 1_000_000))
    choice, shown = recent.keys
    try:
        pipe = get_redis_connection("default").pipeline()
        pipe.set(choice, orjson.dumps({"seed": recent.seed}), nx=True, get=True, px=TWIN_SECONDS * 1000)
        pipe.zrevrangebyscore(shown, "+inf", now - SHOWN_SECONDS, start=0, num=SHOWN_MOST, withscores=True)
        before, ids = pipe.execute()
        first = orjson.loads(before) if before else None
    except (RedisError, orjson.JSONDecodeError) as error:
        logger.warning("What was shown is not known: %s", type(error).__name__)
        recent.seed = int(now // TWIN_SECONDS)
        return recent
    if first:
        recent.seed, recent.chosen, recent.is_first = first["seed"], first.get("chosen"), False
    # Not what another search was shown since the first of equal calls.
    recent.shown = [int(id) for id, shown_at in ids if recent.is_first or shown_at * 1_000_000 <= recent.seed]
    return recent


def remember(recent: Recent, chosen: Sequence[int]) -> None:
    """The first of equal calls records what it chose; the others would count it twice."""
    if not recent.is_first:
        return
    now = time.time()
    choice, shown = recent.keys
    try:
        pipe = get_redis_connection("default").pipeline()
        pipe.set(choice, orjson.dumps({"seed": recent.seed, "chosen": list(chosen)}), xx=True, keepttl=True)
        if chosen:
            pipe.zadd(shown, {str(id): now for id in chosen})
            pipe.zremrangebyrank(shown, 0, -SHOWN_MOST - 1)
            pipe.expire(shown, SHOWN_SECONDS)
        pipe.execute()
    except RedisError as error:
        logger.warning("What was shown is not recorded: %s", type(error).__name__)

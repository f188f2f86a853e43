"""The cache server, asked in a way that bears its absence: a broken or hanging one costs a time-out once in a few
seconds, not on every request, and never an error."""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from django_redis import get_redis_connection
from redis.exceptions import ConnectionError, RedisClusterException, RedisError, TimeoutError

logger = logging.getLogger(__name__)
T = TypeVar("T")
D = TypeVar("D")
# After a failure nobody asks for so long; then one request tries.
PAUSE_SECONDS = 3.0


class Breaker:
    """One process's; shared by its threads. `what` is the server that it stands before."""

    def __init__(self, what: str = "cache") -> None:
        self.what = what
        self.lock = Lock()
        self.broken = False
        self.try_again_at = 0.0
        self.silent_until = 0.0

    def may_ask(self) -> bool:
        if not self.broken:
            return True
        with self.lock:
            now = time.monotonic()
            if now < self.try_again_at:
                return False
            self.try_again_at = now + PAUSE_SECONDS
            return True

    def failed(self, error: Exception) -> None:
        if not self.broken:
            logger.warning("The %s does not answer: %s", self.what, type(error).__name__)
        self.try_again_at = time.monotonic() + PAUSE_SECONDS
        self.broken = True

    def refused(self, error: RedisError) -> None:
        """It answers, if only with a refusal: a key of another type, no memory left, a replica that takes no writes.
        Said as seldom as it is asked when it is away."""
        self.answered()
        now = time.monotonic()
        if now >= self.silent_until:
            self.silent_until = now + PAUSE_SECONDS
            logger.warning("The %s refuses: %s", self.what, type(error).__name__)

    def answered(self) -> None:
        if self.broken:
            logger.warning("The %s answers again", self.what)
            self.broken = False


breaker = Breaker()


def ask(question: Callable[[Any], T], otherwise: D) -> T | D:
    """What `question` gets from the raw client; `otherwise` while the cache is away, or refuses the question."""
    if not breaker.may_ask():
        return otherwise
    try:
        answer = question(get_redis_connection("default"))
    except (ConnectionError, TimeoutError, RedisClusterException) as error:
        breaker.failed(error)
        return otherwise
    except RedisError as error:
        breaker.refused(error)
        return otherwise
    breaker.answered()
    return answer

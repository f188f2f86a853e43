"""Rate limits: exact under concurrency while the cache answers, rough in each process while it does not."""

import hmac
import time
from dataclasses import dataclass
from threading import Lock

from django.conf import settings

from tokpik import cache
from tokpik.errors import Throttled

DAY = 24 * 60 * 60
# Counts a hit and answers how many milliseconds to wait, 0 for none. One step in the server, so nobody slips through
# between the look and the count; a hit beyond the limit is not counted.
COUNT = """
local hits = tonumber(redis.call('GET', KEYS[1]) or '0')
if hits >= tonumber(ARGV[1]) then return math.max(redis.call('PTTL', KEYS[1]), 1) end
if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""


@dataclass(frozen=True)
class Limit:
    """At most `hits` in each window of `seconds`; `name` tells limits apart."""

    name: str
    hits: int
    seconds: int = 60

    def check(self, whom: str) -> None:
        """Counts one hit of `whom`. Raises `Throttled`, with the seconds to wait, when there were too many."""
        if not settings.THROTTLE:
            return
        key = self.key(whom)
        wait = cache.ask(lambda redis: redis.eval(COUNT, 1, key, self.hits, self.seconds * 1000) / 1000, otherwise=None)
        if wait is None:
            wait = rough.count(key, self)
        if wait > 0:
            raise Throttled(wait=wait)

    def key(self, whom: str) -> str:
        """Where it is counted. It names nobody: an address, a session and a Kakao id outlive their account here."""
        digest = hmac.digest(settings.SECRET_KEY.encode(), f"{self.name} {whom}".encode(), "sha256")
        return f"limit:{self.name}:{digest[:16].hex()}"


class Rough:
    """What a process counts by itself while the cache is away; forgotten when it grows too large."""

    MOST_KEYS = 10_000

    def __init__(self) -> None:
        self.lock = Lock()
        self.windows: dict[str, tuple[float, int]] = {}

    def count(self, key: str, limit: Limit) -> float:
        now = time.monotonic()
        with self.lock:
            if len(self.windows) >= self.MOST_KEYS:
                self.windows.clear()
            end, hits = self.windows.get(key, (0.0, 0))
            if end <= now:
                end, hits = now + limit.seconds, 0
            if hits >= limit.hits:
                return end - now
            self.windows[key] = (end, hits + 1)
            return 0.0


rough = Rough()

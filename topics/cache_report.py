"""What the cache is worth: hits and misses hour by hour, how old what was served had become, what the server says."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tokpik import cache
from tokpik.models import HourlyCounts
from topics.cache_use import AGES, OLDER
from topics.details import DETAILS
from topics.entries import LIST, Kind
from topics.related import RELATED

KINDS = {RELATED.name: "연관 주제", DETAILS.name: "상세", LIST: "목록"}
SERVER = ("used_memory_human", "maxmemory_human", "maxmemory_policy", "evicted_keys", "expired_keys")


@dataclass(frozen=True)
class Use:
    """How one kind of answer used the cache within some time."""

    counts: Counter[str]
    kind: str

    def number(self, name: str) -> float:
        return self.counts[f"{self.kind}.{name}"]

    @property
    def hits(self) -> int:
        return int(self.number("hit"))

    @property
    def looks(self) -> int:
        return self.hits + sum(int(self.number(name)) for name in ("miss", "stale", "unreadable"))

    @property
    def ratio(self) -> float | None:
        return self.hits / self.looks if self.looks else None

    @property
    def fill_ms(self) -> float | None:
        """What a fill took on average."""
        return self.number("fill_ms") / self.number("fill") if self.number("fill") else None

    def ages(self) -> list[tuple[str, int]]:
        """How many hits served something at most so many seconds old, and older than the one before."""
        return [(name, int(self.number(f"age.{name}"))) for name in (*map(str, AGES), OLDER)]

    def ratio_with_ttl(self, seconds: int) -> float | None:
        """At least this would have been the ratio: at most the hits on what was older would have been misses."""
        kept = sum(number for name, number in self.ages() if name != OLDER and int(name) <= seconds)
        return kept / self.looks if self.looks else None


@dataclass(frozen=True)
class Report:
    """`hours`: each hour with counts, the latest first; `server`: what the cache server says of itself."""

    hours: list[tuple[datetime, Counter[str]]]
    server: dict[str, Any] | None

    def use_by_hour(self, kind: Kind) -> list[tuple[datetime, Use]]:
        return [(hour, Use(counts, kind.name)) for hour, counts in self.hours]

    def use(self, kind_name: str) -> Use:
        return Use(sum((counts for _, counts in self.hours), Counter()), kind_name)


def report(*, now: datetime, hours: int) -> Report:
    """Of the last `hours` hours. `server` is None while the cache does not answer."""
    rows = HourlyCounts.objects.filter(hour__gt=now - timedelta(hours=hours))
    return Report([(row.hour, Counter(row.counts)) for row in rows], cache.ask(server_says, otherwise=None))


def server_says(redis: Any) -> dict[str, Any]:
    said = redis.info()
    return {"keys": redis.dbsize()} | {name: said.get(name) for name in SERVER}

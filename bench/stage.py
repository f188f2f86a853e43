"""What the groups of rows measure on: the sizes, the catalogues with a service on each, and the rival in FastAPI."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import cycle, islice
from typing import TypeVar
from uuid import uuid4

from django.utils import timezone
from redis import Redis

from accounts.tokens import make_pair
from bench import catalogues, load
from bench.catalogues import Catalogue
from bench.service import BARE, GUNICORN, UVICORN, Service, serving
from tokpik.local.checkout import HERE

T = TypeVar("T")
# Entries of related topics have keys that contain this.
ENTRIES = "*related:entry:*"
LOG = HERE.local / "bench.log"


@dataclass(frozen=True)
class Size:
    """How much is measured. `topics`: the catalogues, smallest first; `samples` requests of a kind, in `rounds`;
    `batch` of each subject whose CPU is taken, in each round; `hot` topics are read there, `zipf` under corrections."""

    topics: tuple[int, ...]
    rounds: int
    samples: int
    batch: int
    hot: int
    zipf: int
    seconds: float
    rates: tuple[int, ...]
    expired: int
    reminders: int
    starts: bool = True

    @property
    def large(self) -> int:
        return self.topics[-1]

    @property
    def small(self) -> int:
        """What growth is counted from."""
        return self.topics[-2:][0]

    @property
    def shapes(self) -> list[tuple[int, float]]:
        """Of each catalogue: topics, and the share of empty situations. The main one is the last."""
        return list(dict.fromkeys([(self.small, 0.0), (self.large, 0.0), *((topics, 0.5) for topics in self.topics)]))


@dataclass(frozen=True, eq=False)
class Site:
    """A catalogue, the service on it, and the Valkey database that is this service's own."""

    catalogue: Catalogue
    service: Service
    cache: "Redis"

    def read(self, paths: Sequence[str], *, connections: int = 8, rate: float | None = None) -> load.Outcome:
        """GETs by somebody who is signed in."""
        token = sign_in(self.catalogue.people[0])
        requests = [load.request(path, token=token) for path in paths]
        return load.run(self.service.port, requests, connections=connections, rate=rate)

    def forget(self, pattern: str = ENTRIES) -> None:
        for keys in chunks(list(self.cache.scan_iter(match=pattern, count=1000)), 1000):
            self.cache.delete(*keys)


@dataclass(frozen=True)
class Stage:
    size: Size
    sites: Sequence[Site]
    fast: Service
    bare: Service
    # What the charts show: of each series its points.
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def main(self) -> Site:
        return self.sites[-1]

    def site(self, topics: int, empty: float) -> Site:
        return next(site for site in self.sites if (site.catalogue.topics, site.catalogue.empty) == (topics, empty))

    @cached_property
    def hot(self) -> list[int]:
        """A random sample of the main catalogue."""
        sql = f"SELECT id FROM topics_topic WHERE status = 'published' ORDER BY hashint8(id) LIMIT {self.size.hot}"
        return self.main.catalogue.ask(sql)


@contextmanager
def staged(size: Size, environment: Mapping[str, str]) -> Iterator[Stage]:
    """`environment` is the services'; its DATABASE_URL names the main catalogue, its REDIS_URL the first database."""
    with ExitStack() as stack:
        url = environment["DATABASE_URL"]
        made = stack.enter_context(catalogues.made(url, size.shapes, size.samples))
        caches = [numbered(environment["REDIS_URL"], number) for number in range(len(made), 0, -1)]
        LOG.write_bytes(b"")
        sites = []
        for catalogue, address in zip(made, caches, strict=True):
            cache = stack.enter_context(Redis.from_url(address))
            cache.flushdb()
            stack.callback(cache.flushdb)
            own = {**environment, "DATABASE_URL": catalogue.url, "REDIS_URL": address}
            sites.append(Site(catalogue, stack.enter_context(serving(GUNICORN, own, LOG)), cache))
        fast, bare = (stack.enter_context(serving(program, own, LOG)) for program in (UVICORN, BARE))
        for service in [*(site.service for site in sites), fast, bare]:
            service.wait()
        yield Stage(size, sites, fast, bare)


def numbered(url: str, plus: int) -> str:
    before, _, number = url.partition("?db=")
    return f"{before}?db={int(number) + plus - 1}"


def sign_in(user_id: int) -> str:
    """An access token; no session need stand behind it, since only ended ones are refused."""
    now = timezone.now()
    end = now + timedelta(days=1)
    return make_pair(user_id=user_id, session_id=uuid4(), jti=uuid4(), issued_at=now, end=end).access


def interleaved(subjects: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Each subject once a round, so that what else the machine does meets all alike. A round to warm up is dropped."""
    results: dict[str, list[T]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, subject in subjects.items():
            result = subject()
            if number:
                results[name].append(result)
    return results


def ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def cycled(items: Sequence[T], count: int) -> list[T]:
    return list(islice(cycle(items), count))


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def related(ids: Sequence[int]) -> list[str]:
    return [f"/topics/{id}/related" for id in ids]

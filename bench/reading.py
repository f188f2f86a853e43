"""Reading: what a hit asks for, what it costs beside its rivals, and that lists of any length ask alike."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import orjson
from django.utils import timezone

from accounts.models import User
from bench.counting import client, counted
from bench.load import Outcome
from bench.stage import Site, Stage, chunks, cycled, interleaved, ratio, related, sign_in
from bench.table import Row, at_most
from scraps.models import Scrap, ScrapTopic
from topics.models import Topic

FEW, MANY = 5, 500
CONNECTIONS, ON_A_CONNECTION = 8, 25
NOTHING, SELECT_1, HIT, TEXTBOOK, FAST = "authenticated no-op", "SELECT 1", "related, hit", "textbook", "FastAPI"
BARE = "gunicorn alone"


@dataclass(frozen=True)
class Cost:
    cpu: float  # µs of the server's processes for one request
    outcome: Outcome


def rows(stage: Stage) -> list[Row]:
    return [*asked_by_a_hit(stage), *costs(stage), *lists(stage)]


def asked_by_a_hit(stage: Stage) -> list[Row]:
    reader = client(sign_in(stage.main.catalogue.people[0]))
    count = counted(lambda: reader.get(f"/topics/{stage.hot[0]}/related"), warm=2)
    return [
        at_most("related, hit: SQL statements", len(count.statements), 0),
        at_most("related, hit: round trips to Redis", count.round_trips, 1),
    ]


def costs(stage: Stage) -> list[Row]:
    fill_fast(stage)
    site = stage.main
    rival, bare = (Site(site.catalogue, service, site.cache) for service in (stage.fast, stage.bare))
    same = stage.size.batch
    paths = related(cycled(stage.hot, same))
    subjects: dict[str, Callable[[], Cost]] = {
        NOTHING: lambda: cost(site, ["/bench/nothing"] * same),
        HIT: lambda: cost(site, paths),
        FAST: lambda: cost(rival, paths),
        TEXTBOOK: lambda: cost(site, [path.replace("/topics/", "/bench/textbook/") for path in paths]),
        BARE: lambda: cost(bare, paths),
        SELECT_1: lambda: cost(site, ["/bench/select-1"] * same),
    }
    found = interleaved(subjects, stage.size.rounds)
    cpu = {name: [each.cpu for each in costs] for name, costs in found.items()}
    return [
        at_most("CPU of a hit / authenticated no-op", ratio(cpu[HIT], cpu[NOTHING]), 1.5, " ×"),
        at_most("CPU of a hit / the textbook's", ratio(cpu[HIT], cpu[TEXTBOOK]), 0.3, " ×"),
        at_most("CPU of a hit / FastAPI's", ratio(cpu[HIT], cpu[FAST]), 2.5, " ×", " (the aim is 1.5)"),
        *(described(name, found[name]) for name in subjects),
    ]


def cost(site: Site, paths: list[str]) -> Cost:
    """Over new connections every so many requests: of eight that stay, one worker may happen to hold all."""
    before = site.service.cpu_seconds()
    parts = chunks(paths, ON_A_CONNECTION * CONNECTIONS)
    outcome = joined([site.read(part, connections=CONNECTIONS) for part in parts])
    assert not outcome.failed, f"{outcome.failed} of {len(paths)} like {paths[0]} failed"
    return Cost((site.service.cpu_seconds() - before) / len(paths) * 1e6, outcome)


def joined(parts: list[Outcome]) -> Outcome:
    latencies = [latency for part in parts for latency in part.latencies]
    return Outcome(latencies, sum(part.failed for part in parts), sum(part.seconds for part in parts))


def described(name: str, costs: list[Cost]) -> Row:
    cpu, p50, p95 = (
        statistics.median(values)
        for values in zip(*((each.cpu, each.outcome.p50, each.outcome.p95) for each in costs), strict=True)
    )
    took = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, {CONNECTIONS} connections"
    return Row(f"CPU a request: {name}", f"{cpu:,.0f} µs ({took})")


def fill_fast(stage: Stage) -> None:
    """Gives the rival the entries that ours would answer from."""
    reader = client(sign_in(stage.main.catalogue.people[0]))
    for id in stage.hot:
        topics = reader.get(f"/topics/{id}/related").json()["talkTopics"]
        stage.main.cache.set(f"fast:entry:{id}", orjson.dumps(topics))
    stage.main.cache.set(f"fast:scraped:{stage.main.catalogue.people[0]}", b"[]")


def lists(stage: Stage) -> list[Row]:
    topics = list(Topic.objects.published().values_list("pk", flat=True)[:MANY])
    few, many = (statements_over(topics[:count]) for count in (FEW, MANY))
    return [
        Row(
            f"GET {path}: statements over {FEW} and over {MANY} rows",
            f"{few[path]} and {many[path]}",
            "the same",
            few[path] == many[path],
        )
        for path in few
    ]


def statements_over(topics: list[int]) -> dict[str, int]:
    """By hot list endpoint, for somebody whose folder holds these topics."""
    user = User.objects.create(kakao_id=-(2**62) - len(topics))
    folder = Scrap.objects.create(user=user, name="bench")
    now = timezone.now()
    for part in chunks(topics, 1000):
        ScrapTopic.objects.bulk_create([ScrapTopic(scrap=folder, topic_id=id, created_at=now) for id in part])
    reader = client(sign_in(user.pk))
    paths = {
        "/users/scraps": "/users/scraps",
        "/users/scraps/{id}/topics": f"/users/scraps/{folder.pk}/topics?nextCursorId=0",
    }
    return {name: len(counted(partial(reader.get, path)).statements) for name, path in paths.items()}

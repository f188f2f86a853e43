"""Many at once: a burst against the predecessor, a stampede on one key, corrections under load, latency by load."""

import random
import statistics
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from bench.counting import client
from bench.rivals import predecessor
from bench.stage import ENTRIES, Site, Stage, cycled, interleaved, related, sign_in
from bench.table import Row, at_least, at_most

BURST = 32
CROWD = 50
CORRECTED_EVERY_SECONDS = 3.0
CORRECTIONS_MOST = 100
READS_A_SECOND = 200
SEED = 20_240_104
SECONDS_A_RATE, TIMES_A_RATE = 2.0, 3
HITS, MISSES = "hit by load", "miss by load"


def rows(stage: Stage) -> list[Row]:
    found = [burst(stage), stampede(stage), corrected(stage)]
    by_load(stage)
    return found


def burst(stage: Stage) -> Row:
    predecessor.prepare(stage.main.catalogue.url)
    ids = cycled(stage.hot, 10 * BURST)
    theirs = [f"/bench/predecessor/{id}/related" for id in ids]
    found = interleaved(
        {
            "before": lambda: stage.main.read(theirs, connections=BURST),
            "after": lambda: stage.main.read(related(ids), connections=BURST),
        },
        stage.size.rounds,
    )
    before, after = (statistics.median(outcome.p50 for outcome in outcomes) for outcomes in found.values())
    what = f"p50, {BURST} at once: the predecessor's query without cache → ours with it; {stage.main.catalogue}"
    return at_least(what, (1 - after / before) * 100, 83, " % less", f" ({before:.1f} → {after:.1f} ms)")


def stampede(stage: Stage) -> Row:
    """In this process, with a thread for each reader, so that their statements can be counted."""
    stage.main.forget()
    together = threading.Barrier(CROWD)
    with ThreadPoolExecutor(CROWD) as pool:
        readers = [pool.submit(read_at_once, stage, together) for _ in range(CROWD)]
        runs = Counter(statement for reader in readers for statement in reader.result())
    return at_most(f"{CROWD} at once on one cold key: runs of its query", max(runs.values(), default=0), 2)


def read_at_once(stage: Stage, together: threading.Barrier) -> list[str]:
    """What this thread asked the database for related topics."""
    asked: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        asked.append(sql)
        return execute(sql, *arguments)

    reader = client(sign_in(stage.main.catalogue.people[0]))
    connection.ensure_connection()
    together.wait()
    try:
        with connection.execute_wrapper(note):
            assert reader.get(f"/topics/{stage.hot[0]}/related").status_code == 200
    finally:
        connection.close()
    # Only the query that looks for related topics looks at situations.
    return [sql for sql in asked if "topics_situation" in sql]


def corrected(stage: Stage) -> Row:
    """Reads by Zipf's law, all filled before, while somewhere in the catalogue topics are corrected."""
    ids = some_topics(stage, stage.size.zipf)
    stage.main.read(related(ids))
    weights = [1 / rank for rank in range(1, len(ids) + 1)]
    chosen = random.Random(SEED).choices(ids, weights, k=int(READS_A_SECOND * stage.size.seconds))
    with correcting(stage), fills(stage.main) as filled:
        outcome = stage.main.read(related(chosen), rate=READS_A_SECOND)
    assert not outcome.failed
    cached = next(stage.main.cache.scan_iter(match=ENTRIES), None) is not None
    hits = 1 - len(filled) / len(chosen) if cached else 0
    what = f"hit ratio, a correction every {CORRECTED_EVERY_SECONDS:.0f} s, Zipf over {len(ids):,} topics, 200 reads/s"
    return at_least(what, hits, 0.8)


@contextmanager
def correcting(stage: Stage) -> Iterator[None]:
    stop, others = threading.Event(), iter(some_topics(stage, stage.size.zipf + CORRECTIONS_MOST)[stage.size.zipf :])

    def correct() -> None:
        while not stop.wait(CORRECTED_EVERY_SECONDS):
            stage.main.catalogue.ask(
                f"UPDATE topics_topic SET title = title || '.' WHERE id = {next(others)} RETURNING id"
            )

    thread = threading.Thread(target=correct)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def fills(site: Site) -> Iterator[list[object]]:
    """The entries that are written meanwhile, as Valkey tells of them, whoever writes them."""
    before = site.cache.config_get("notify-keyspace-events")["notify-keyspace-events"] or ""
    written: list[object] = []
    site.cache.config_set("notify-keyspace-events", "K$")
    with site.cache.pubsub(ignore_subscribe_messages=True) as listener:
        listener.psubscribe(f"__keyspace@{site.cache.connection_pool.connection_kwargs['db']}__:{ENTRIES}")
        listener.get_message(timeout=1)
        try:
            yield written
        finally:
            while message := listener.get_message(timeout=0.2):
                written += [message] if message["data"] == b"set" else []
            site.cache.config_set("notify-keyspace-events", before)


def by_load(stage: Stage) -> None:
    """For the chart: p50 of hits and of misses at ever more requests a second, until the service falls behind."""
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(TIMES_A_RATE):
        for name, rate, p50 in both_by_load(stage):
            found[name, rate].append(p50)
    for (name, rate), values in sorted(found.items()):
        stage.series.setdefault(name, []).append((rate, statistics.median(values)))


def both_by_load(stage: Stage) -> Iterator[tuple[str, int, float]]:
    most = int(max(stage.size.rates, default=0) * SECONDS_A_RATE)
    for name, ids in ((HITS, stage.hot), (MISSES, some_topics(stage, most))):
        for rate in stage.size.rates:
            if name == MISSES:
                stage.main.forget()
            paths = related(cycled(ids, int(rate * SECONDS_A_RATE)))
            outcome = stage.main.read(paths, connections=BURST, rate=rate)
            yield name, rate, outcome.p50
            if outcome.seconds > 1.2 * SECONDS_A_RATE:
                break


def some_topics(stage: Stage, most: int) -> list[int]:
    sql = f"SELECT id FROM topics_topic WHERE status = 'published' ORDER BY hashint8(id) LIMIT {most}"
    return stage.main.catalogue.ask(sql)

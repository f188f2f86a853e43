"""Related topics that no cache holds: over HTTP, one client, one request after the other, each topic once a round."""

import statistics
from collections import defaultdict
from itertools import islice

from bench.reading import SELECT_1
from bench.stage import Site, Stage, chunks, related
from bench.table import Row

Times = dict[tuple[Site, str], list[float]]
MOST_MS, MOST_SELECTS, MOST_GROWTH = 6, 12, 1.5
MISS_BY_SIZE, FLOOR_BY_SIZE = "miss by size", "SELECT 1 by size"


def rows(stage: Stage) -> list[Row]:
    times = measure(stage)
    middle = {key: statistics.median(values) for key, values in times.items()}
    largest = [stage.site(stage.size.large, empty) for empty in (0.5, 0.0)]
    kinds = list(stage.main.catalogue.bases)
    stage.series[MISS_BY_SIZE] = [
        (site.catalogue.topics, statistics.median(middle[site, kind] for kind in kinds))
        for site in stage.sites
        if site.catalogue.empty
    ]
    stage.series[FLOOR_BY_SIZE] = [
        (site.catalogue.topics, middle[site, SELECT_1]) for site in stage.sites if site.catalogue.empty
    ]
    return [
        *(miss(site, kind, middle[site, kind], middle[site, SELECT_1]) for site in largest for kind in kinds),
        *(growth(stage, site, middle) for site in largest),
    ]


def measure(stage: Stage) -> Times:
    """All sites and all kinds take turns."""
    times: Times = defaultdict(list)
    step = -(-stage.size.samples // stage.size.rounds)
    for number in range(stage.size.rounds):
        for site in stage.sites:
            site.forget()
            for kind, ids in site.catalogue.bases.items():
                batch = next(islice(chunks(ids, step), number % -(-len(ids) // step), None))
                times[site, kind] += site.read(related(batch), connections=1).latencies
            times[site, SELECT_1] += site.read(["/bench/select-1"] * step, connections=1).latencies
    return times


def miss(site: Site, kind: str, p50: float, floor: float) -> Row:
    return Row(
        f"related, miss, p50: {kind}; {site.catalogue}",
        f"{p50:.2f} ms = {p50 / floor:.1f} × SELECT 1",
        f"≤ {MOST_MS} ms, ≤ {MOST_SELECTS} ×",
        p50 <= MOST_MS and p50 <= MOST_SELECTS * floor,
    )


def growth(stage: Stage, large: Site, middle: dict[tuple[Site, str], float]) -> Row:
    """Of the kind that grows most, from the smaller catalogue of the same shape."""
    small = stage.site(stage.size.small, large.catalogue.empty)
    grown, kind = max((middle[large, kind] / middle[small, kind], kind) for kind in large.catalogue.bases)
    what = f"related, miss, growth from {stage.size.small:,}; {large.catalogue}"
    return Row(what, f"{grown:.2f} × at most ({kind})", f"≤ {MOST_GROWTH} ×", grown <= MOST_GROWTH)

"""`POST /topics` by filters that many, few and none of the topics meet: statements in this process, times over HTTP."""

import itertools
import json
import statistics
from collections.abc import Mapping
from functools import partial
from typing import Any

from bench import load
from bench.counting import client, counted
from bench.stage import Site, Stage, cycled, sign_in
from bench.table import Row, at_most

BODIES: Mapping[str, Mapping[str, Any]] = {
    "common": {"talkPurposes": ["친목"], "talkSituations": ["첫만남"], "talkMoods": ["편안한"]},
    "rare": {"talkPurposes": ["면접"], "talkSituations": ["여행에 늦었을 때 친구"], "talkMoods": ["설레는"]},
    "never seen": {"talkPurposes": ["달 착륙"], "talkSituations": ["우주 정거장"], "talkMoods": ["무중력"]},
    "no filters": {},
}
# Every user has their own history, and a call equal to one within 2 s would get that one's choice.
CHOICES = "choose:*"
MOST_MS, MOST_STATEMENTS, MOST_GROWTH = 60, 5, 2


def rows(stage: Stage) -> list[Row]:
    small = stage.site(stage.size.small, 0.5)
    times = measure(stage, [small, stage.main])
    middle = {key: statistics.median(values) for key, values in times.items()}
    size = f"{stage.main.catalogue.topics:,} topics"
    grown, kind = max((middle[stage.main, kind] / middle[small, kind], kind) for kind in BODIES)
    return [
        *(at_most(f"POST /topics, p50: {kind} ({size})", middle[stage.main, kind], MOST_MS, " ms") for kind in BODIES),
        at_most("POST /topics: statements at most", statements(stage), MOST_STATEMENTS),
        at_most(
            f"POST /topics, from {small.catalogue.topics:,} to {size}", grown, MOST_GROWTH, " ×", f" at most ({kind})"
        ),
    ]


def measure(stage: Stage, sites: list[Site]) -> dict[tuple[Site, str], list[float]]:
    """Both sites and all kinds take turns; each request of a round is another user's."""
    step = -(-stage.size.samples // stage.size.rounds)
    times: dict[tuple[Site, str], list[float]] = {key: [] for key in itertools.product(sites, BODIES)}
    for _ in range(stage.size.rounds):
        for site, kind in times:
            site.forget(CHOICES)
            tokens = [sign_in(user) for user in cycled(site.catalogue.people, step)]
            requests = [load.request("/topics", token=token, body=body(kind)) for token in tokens]
            times[site, kind] += load.run(site.service.port, requests, connections=1).latencies
    return times


def body(kind: str) -> bytes:
    return json.dumps({"includeFilterCondition": True, **BODIES[kind]}).encode()


def statements(stage: Stage) -> int:
    """Of the kind that takes most, for somebody who has been shown topics before."""
    chooser = client(sign_in(stage.main.catalogue.people[1]))
    return max(len(counted(partial(choose, stage, chooser, kind)).statements) for kind in BODIES)


def choose(stage: Stage, chooser: Any, kind: str) -> Any:
    stage.main.forget(CHOICES)
    return chooser.post("/topics", body(kind), content_type="application/json")

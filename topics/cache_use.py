"""What is counted about cached answers (docs/decisions/0011): hits and their age, misses and why, fills, their time."""

from bisect import bisect
from functools import cache
from typing import Literal

from prometheus_client import Counter, Histogram

from tokpik import counting

# Upper bounds, in seconds, of the ages that hits are counted by; what is older has no bound.
AGES = (60, 300, 600, 1200, 1800, 2400, 3000)
OLDER = "older"
LOOKS = Counter("cache_looks", "Looks into the cache, and what became of them.", ["kind", "outcome"])
AGE = Histogram("cache_age_at_hit_seconds", "How old what was served had become.", ["kind"], buckets=AGES)
FILL = Histogram(
    "cache_fill_seconds", "What a miss takes in the database.", ["kind"], buckets=(0.002, 0.005, 0.01, 0.05, 0.5)
)
# Prometheus' own look-up takes longer than counting.
looks_of, age_of, fill_of = cache(LOOKS.labels), cache(AGE.labels), cache(FILL.labels)
# A look that found nothing; something that cannot be read; something that was corrected since.
Outcome = Literal["hit", "miss", "unreadable", "stale"]


def count_look(kind: str, outcome: Outcome, age: float) -> None:
    """`age`: of what was served, in seconds."""
    counts = {f"{kind}.{outcome}": 1}
    looks_of(kind, outcome).inc()
    if outcome == "hit":
        age_of(kind).observe(age)
        counts[f"{kind}.age.{bucket(age)}"] = 1
    counting.tally.add(counts)


def count_fill(kind: str, seconds: float) -> None:
    fill_of(kind).observe(seconds)
    counting.tally.add({f"{kind}.fill": 1, f"{kind}.fill_ms": round(seconds * 1000, 3)})


def bucket(age: float) -> str:
    place = bisect(AGES, age)
    return str(AGES[place]) if place < len(AGES) else OLDER

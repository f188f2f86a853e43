"""What is counted about cached answers (docs/decisions/0011): hits and their age, misses and why, fills, their time."""

from bisect import bisect
from typing import Literal

from tokpik import counting

# Upper bounds, in seconds, of the ages that hits are counted by; what is older has no bound.
AGES = (60, 300, 600, 1200, 1800, 2400, 3000)
OLDER = "older"
# A look that found nothing; something that cannot be read; something that was corrected since.
Outcome = Literal["hit", "miss", "unreadable", "stale"]


def count_look(kind: str, outcome: Outcome, age: float) -> None:
    """`age`: of what was served, in seconds."""
    counts = {f"{kind}.{outcome}": 1}
    if outcome == "hit":
        counts[f"{kind}.age.{bucket(age)}"] = 1
    counting.tally.add(counts)


def count_fill(kind: str, seconds: float) -> None:
    counting.tally.add({f"{kind}.fill": 1, f"{kind}.fill_ms": round(seconds * 1000, 3)})


def bucket(age: float) -> str:
    place = bisect(AGES, age)
    return str(AGES[place]) if place < len(AGES) else OLDER

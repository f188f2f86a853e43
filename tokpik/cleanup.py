"""What belongs to no app and is kept too long: counts, and back-ups."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from tokpik import backups
from tokpik.background import Work
from tokpik.models import HourlyCounts

CLEAN_UP_SECONDS = 3600.0
# Thirteen months, so that a month can be held against that of the year before.
COUNTS_KEPT = timedelta(days=400)


def clear_expired(*, now: datetime) -> Iterator[tuple[str, int]]:
    """Yields (what, how many)."""
    yield "hourly counts", HourlyCounts.objects.filter(hour__lt=now - COUNTS_KEPT).delete()[0]
    yield from backups.clear_expired(now=now)


def work() -> list[Work]:
    return [Work("clean-up of counts and back-ups", clean_up, seconds=CLEAN_UP_SECONDS)]


def clean_up() -> bool:
    for _ in clear_expired(now=timezone.now()):
        pass
    return False

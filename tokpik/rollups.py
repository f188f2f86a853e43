"""What the dashboard is drawn from: counts by the hour, and figures that are too dear to be asked for with each page.

Both are written beside the web server (`run_background`), by setting and never by adding: several processes may write
them, and a step that died halfway is simply done again.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from tokpik.models import HourlyCounts, Rollup

# A push may be sent so long after its slot began, and a transaction be as slow as that.
LATE = timedelta(hours=6)
# How far back is counted again by who comes back after a break.
BREAK_MOST = timedelta(days=7)
SET = """
INSERT INTO tokpik_hourlycounts AS known (hour, counts) VALUES (%s, %s)
ON CONFLICT (hour) DO UPDATE SET counts = known.counts || excluded.counts
"""
BY_DAY = """
SELECT (hour AT TIME ZONE 'Asia/Seoul')::date, name, sum(number::numeric)::float8,
    (array_agg(number::numeric ORDER BY hour DESC))[1]::float8
FROM tokpik_hourlycounts, jsonb_each_text(counts) AS counted (name, number)
WHERE hour >= %s
GROUP BY 1, 2
"""


def beginning_of_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def beginning_of_day(moment: datetime) -> datetime:
    """In Seoul."""
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def to_count_from(name: str, now: datetime) -> datetime:
    """The hour from which on this count is to be set again: all that may have changed since it was last set."""
    last = HourlyCounts.objects.filter(hour__gt=now - BREAK_MOST, counts__has_key=name).order_by("-hour").first()
    return beginning_of_hour(last.hour - LATE if last else now - BREAK_MOST)


def set_hours(
    names: Iterable[str], counted: Iterable[tuple[datetime, str, int]], *, since: datetime, now: datetime
) -> None:
    """Sets these counts in every hour since then, to 0 where nothing was counted."""
    hours = {}
    hour = since
    while hour <= now:
        hours[hour] = dict.fromkeys(names, 0)
        hour += timedelta(hours=1)
    for hour, name, number in counted:
        hours[hour][name] = number
    set_counts(hours)


def set_counts(hours: Mapping[datetime, Mapping[str, float]]) -> None:
    """In the order of time, as whoever else writes several."""
    with connection.cursor() as cursor:
        for hour in sorted(hours):
            cursor.execute(SET, [hour, json.dumps(hours[hour])])


def keep(name: str, value: Any, now: datetime) -> None:
    """In the place of what was kept under this name."""
    Rollup.objects.update_or_create(name=name, defaults={"value": value, "taken_at": now})


class Figures:
    """What was counted on each of the last `days` days, in Seoul, today included; in two statements."""

    def __init__(self, *, now: datetime, days: int) -> None:
        first = beginning_of_day(now) - timedelta(days=days - 1)
        self.days = [first.date() + timedelta(days=number) for number in range(days)]
        with connection.cursor() as cursor:
            cursor.execute(BY_DAY, [first])
            rows = cursor.fetchall()
        self.sums: dict[tuple[date, str], float] = {(day, name): number for day, name, number, _ in rows}
        self.lasts: dict[tuple[date, str], float] = {(day, name): number for day, name, _, number in rows}
        self.rollups = {rollup.name: rollup for rollup in Rollup.objects.all()}

    def sum(self, name: str) -> list[float]:
        return [self.sums.get((day, name), 0) for day in self.days]

    def last(self, name: str) -> list[float | None]:
        """Of what is a level and no count: as it stood at last on each day, None where nobody looked."""
        return [self.lasts.get((day, name)) for day in self.days]

    def rollup(self, name: str) -> Any:
        """None where it was never taken."""
        return self.rollups[name].value if name in self.rollups else None

"""Deleting what is kept too long: how, and what belongs to no app."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Model, QuerySet

from tokpik import backups
from tokpik.background import Work, clearing
from tokpik.models import HourlyCounts

BATCH = 10_000
CLEAN_UP_SECONDS = 3600.0
# Thirteen months, so that a month can be held against that of the year before.
COUNTS_KEPT = timedelta(days=400)


def delete(rows: "QuerySet[Model]") -> int:
    """One statement a batch: Django's own delete would fetch every row first. What somebody holds is left for later."""
    table, key = rows.model._meta.db_table, rows.model._meta.pk.column
    sql, params = rows.order_by("pk").values_list("pk")[:BATCH].query.sql_with_params()
    batch = f"{sql} FOR UPDATE OF {table} SKIP LOCKED"
    total = 0
    with connection.cursor() as cursor:
        while True:
            # An array, since the planner may run a sub-query after IN once for each row of the table.
            cursor.execute(f"DELETE FROM {table} WHERE {key} = ANY(ARRAY({batch}))", params)
            total += cursor.rowcount
            if cursor.rowcount < BATCH:
                return total


def clear_expired(*, now: datetime) -> Iterator[tuple[str, int]]:
    """Yields (what, how many)."""
    yield "hourly counts", HourlyCounts.objects.filter(hour__lt=now - COUNTS_KEPT).delete()[0]
    yield from backups.clear_expired(now=now)


def work() -> list[Work]:
    return [Work("clean-up of counts and back-ups", clearing(clear_expired), seconds=CLEAN_UP_SECONDS)]

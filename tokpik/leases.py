"""Rows that are a queue: claimed under a lease by one worker of several; whoever dies over one leaves it due."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.utils import timezone


class Leased(models.Model):
    due_at = models.DateTimeField("다음 시도", default=timezone.now, db_index=True)
    leased_until = models.DateTimeField("처리 중", null=True, blank=True)
    tries = models.PositiveIntegerField("시도", default=0)

    class Meta:
        abstract = True


L = TypeVar("L", bound=Leased)


def database_now() -> datetime:
    """One clock for all: a lease is set by one machine and minded by another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def claim(rows: QuerySet[L], now: datetime, lease: timedelta) -> L | None:
    """Of `rows` one that is due, leased to us; whoever dies over it leaves it due when the lease ends."""
    with transaction.atomic():
        due = rows.select_for_update(skip_locked=True, of=("self",)).filter(due_at__lte=now)
        row = due.order_by("due_at").first()
        if row is not None:
            row.due_at = row.leased_until = now + lease
            row.tries += 1
            row.save(update_fields=["due_at", "leased_until", "tries"])
        return row


def ours(row: L) -> QuerySet[L]:
    """The row while nobody has claimed it since."""
    return type(row)._default_manager.filter(pk=row.pk, leased_until=row.leased_until)

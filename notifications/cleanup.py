"""Reminders that are long past, and the log of what was pushed."""

from collections.abc import Iterator
from datetime import datetime

from notifications.models import KEPT, Notification, Push, oldest_kept
from tokpik.cleanup import delete


def clear_expired(*, now: datetime) -> Iterator[tuple[str, int]]:
    """Deletes in batches; yields (what, how many). The log first: else a batch of reminders would take all theirs."""
    yield "pushes", delete(Push.objects.filter(due_at__lt=now - KEPT))
    yield "reminders", delete(Notification.objects.filter(date__lt=oldest_kept(now)))

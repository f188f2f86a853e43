"""Whose accounts were deleted, told outside of the database, so that no restore of a back-up brings them back.

A trigger writes a row for every user that is deleted, however that was done. In the background rows are moved to a file
of the day in the folder of the back-ups: an internal number and the moment of joining, which tell who it was only where
the account is still there.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts.models import Deletion, User
from accounts.services import delete_user
from tokpik.backups import journal_of, journals

MOST = 1000


def journal_step() -> bool:
    """Whether there may be more."""
    return write_journal(now=timezone.now()) == MOST if settings.BACKUP_DIR else False


def write_journal(*, now: datetime) -> int:
    """Appends the table's rows to today's file, then deletes them: one that dies in between writes them twice.

    A day on which nobody goes has its file too: a journal that is empty is told from one that is lost.
    """
    rows = list(Deletion.objects.order_by("pk")[:MOST])
    if rows or not journal_of(now).exists():
        # A new line first: the last writer may have died in the middle of one.
        lines = "".join(f"\n{row.user_id} {row.joined_at.isoformat()}" for row in rows)
        append(journal_of(now), f"{lines}\n")
        Deletion.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def append(file: Path, text: str) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(opened, text.encode())
        os.fsync(opened)
    finally:
        os.close(opened)


def read_journal() -> Iterator[tuple[int, datetime]]:
    for file in journals():
        for line in file.read_text().splitlines():
            with suppress(ValueError):
                user_id, joined_at = line.split(" ")
                yield int(user_id), datetime.fromisoformat(joined_at)


def delete_again() -> int:
    """Deletes whoever stands in the journal and is there, as they were deleted then; says how many that were."""
    deleted = 0
    for user_id, joined_at in set(read_journal()):
        # The number alone may be somebody else's by now.
        for user in User.objects.filter(pk=user_id, joined_at=joined_at):
            delete_user(user=user)
            deleted += 1
    return deleted

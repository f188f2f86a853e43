"""Which sessions have ended: what every worker knows of, at most a second late, without asking in the request.

The database writes a row for every session that ends or is deleted, however that was done (the trigger is in the
migrations); the worker's reading (`tokpik.reading`) brings it to every process.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework_simplejwt.settings import api_settings

from accounts.models import Restoration, Revocation
from accounts.tokens import AccessToken, mark
from tokpik.reading import Part

# A session that ended here a moment ago may be missing in a reading whose snapshot is older.
AFTERGLOW_SECONDS = 60.0
MARGIN = timedelta(minutes=10)

# Mark of a session (`tokens.mark`) → when this process heard of its end.
ended: dict[UUID, float] = {}
# Whatever was issued before is refused, in seconds since 1970: the database was restored from a back-up then.
restored_at = 0.0


def kept_for() -> timedelta:
    """After this an access token of an ended session has expired by itself."""
    return api_settings.ACCESS_TOKEN_LIFETIME + MARGIN


def part() -> Part:
    seconds = int(kept_for().total_seconds())
    return Part(
        f"SELECT array_agg(sid) FROM {Revocation._meta.db_table} "
        f"WHERE xid >= %(since)s::xid8 AND at > now() - interval '{seconds} seconds'",
        take,
    )


def take(value: list[UUID] | None, everything: bool) -> None:
    """Changed in place, since requests look and note at the same time. A full reading forgets what is too old."""
    now = time.monotonic()
    ended.update(dict.fromkeys(value or (), now))
    if everything:
        for sid, heard in list(ended.items()):
            if now - heard > AFTERGLOW_SECONDS:
                ended.pop(sid, None)


def restored_part() -> Part:
    return Part(f"SELECT extract(epoch FROM max(at)) FROM {Restoration._meta.db_table}", take_restored)


def take_restored(value: Any, everything: bool) -> None:
    global restored_at
    restored_at = float(value or 0)


def refuses(token: AccessToken) -> bool:
    """Whether its session has ended, or it is from before a restore, which knows nothing of what ended since."""
    return token.mark in ended or token.issued_at < restored_at


def note(sessions: Iterable[UUID]) -> None:
    """Sessions that this process has just ended: known here with the next request."""
    ended.update(dict.fromkeys(map(mark, sessions), time.monotonic()))


def has_ended(session_id: UUID) -> bool:
    return mark(session_id) in ended

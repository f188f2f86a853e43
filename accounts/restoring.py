"""What becomes of sessions when the database is restored from a back-up: none lives on (docs/decisions/0033)."""

from datetime import datetime

from django.contrib.sessions.models import Session as ConsoleSession
from django.db import connection, transaction

from accounts.models import Restoration, Revocation, Session


def end_everything(*, now: datetime) -> int:
    """Ends every session, and refuses every token that was issued before now; says how many lived.

    The back-up does not know which have ended since, nor those that began since and ended. No revocations are needed
    beside: whatever they would refuse is older.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        ended = Session.objects.not_ended().update(
            revoked_at=now, revoked_why=Session.Ending.RESTORED, push_target="", push_target_hash=None
        )
        # Staff sign in anew as well.
        ConsoleSession.objects.all().delete()
        Revocation.objects.all().delete()
        # Tokens count in whole seconds: those of this very second are the new ones.
        Restoration.objects.create(at=now.replace(microsecond=0))
    return ended

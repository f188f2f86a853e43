"""What accounts keep too long: tokens, sessions and revocations that can do nothing any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session as ConsoleSession
from django.db.models import Q
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import Deletion, Restoration, Revocation, Session
from accounts.revocations import MARGIN, kept_for
from tokpik.backups import JOURNALS_KEPT
from tokpik.cleanup import delete

# An ended session is kept so long for staff to see why it ended.
ENDED_KEPT = timedelta(days=30)


def clear_expired(*, now: datetime) -> Iterator[tuple[str, int]]:
    """Deletes in batches, so that memory stays flat and no lock is long; yields (what, how many)."""
    # Where a clock is behind, a token may be used a little after it has expired.
    expired = now - MARGIN
    yield "blacklisted tokens", delete(BlacklistedToken.objects.filter(token__expires_at__lt=expired))
    yield "outstanding tokens", delete(OutstandingToken.objects.filter(expires_at__lt=expired))
    unused = Q(last_used_at__lt=now - settings.PUSH_TARGET_LIFETIME) | Q(revoked_at__lt=now - ENDED_KEPT)
    yield "sessions", delete(Session.objects.filter(unused))
    yield "revocations", delete(Revocation.objects.filter(at__lt=now - kept_for()))
    yield "restorations", delete(Restoration.objects.filter(at__lt=now - kept_for()))
    # Where no back-ups are kept nobody takes them out.
    yield "deletions", delete(Deletion.objects.filter(at__lt=now - JOURNALS_KEPT))
    yield "console sessions", delete(ConsoleSession.objects.filter(expire_date__lt=now))

"""Keeping Kakao's links and our accounts in step, from the background: telling it of deletions, believing it of none.

A deletion leaves a `KakaoUnlink`: Kakao is told, again and again until it succeeds or seven days are over. An unlink
that Kakao reports leaves a `KakaoNotice`, a hint and not an order: Kakao is asked whether the person is still linked,
and the account is deleted only if not.
"""

import logging
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone

from accounts import kakao
from accounts.models import KakaoNotice, KakaoUnlink, User
from accounts.services import delete_user
from tokpik.errors import SessionRevoked, UpstreamUnavailable

logger = logging.getLogger(__name__)
# Longer than a call may take: while it runs, the person's logins wait for the call's outcome.
LEASE = timedelta(seconds=3)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP = timedelta(days=7)
Row = TypeVar("Row", KakaoUnlink, KakaoNotice)


def unlink_step() -> bool:
    """Tell Kakao of one deleted account, if one is due; False when none is."""
    return step(KakaoUnlink, lambda row: kakao.unlink(row.kakao_id))


def notice_step() -> bool:
    """Look into one reported unlink, if one is due; False when none is."""
    return step(KakaoNotice, lambda row: end_unless_linked(row.kakao_id))


def step(kind: type[Row], act: "Callable[[Row], None]") -> bool:
    row = claim(kind, timezone.now())
    if row is None:
        return False
    # Nothing is held while Kakao takes its time.
    connection.close()
    try:
        act(row)
    except UpstreamUnavailable:
        put_off(row, timezone.now())
    else:
        mine(row).delete()
    return True


def claim(kind: type[Row], now: datetime) -> Row | None:
    """A row that is due, leased to us; whoever dies over it leaves it due when the lease ends."""
    with transaction.atomic():
        due = kind.objects.select_for_update(skip_locked=True).filter(due_at__lte=now)
        row = due.order_by("due_at").first()
        if row is not None:
            row.due_at = row.leased_until = now + LEASE
            row.tries += 1
            row.save(update_fields=["due_at", "leased_until", "tries"])
        return row


def mine(row: Row) -> "QuerySet[Row]":
    """The row while nobody has claimed it since."""
    return type(row).objects.filter(pk=row.pk, tries=row.tries)


def put_off(row: Row, now: datetime) -> None:
    if now - row.created_at > GIVE_UP:
        logger.error("%s: Kakao could not be reached for %s days, given up", row._meta.object_name, GIVE_UP.days)
        mine(row).delete()
        return
    pause = min(FIRST_PAUSE * 2 ** min(row.tries - 1, 16), LONGEST_PAUSE)
    mine(row).update(due_at=now + pause, leased_until=None)


def end_unless_linked(kakao_id: int) -> None:
    if kakao.is_linked(kakao_id):
        return
    user = User.objects.filter(kakao_id=kakao_id).first()
    if user is None:
        return
    try:
        delete_user(user=user, tell_kakao=False)
    except SessionRevoked:
        logger.info("An account that Kakao unlinked was deleted meanwhile")


def take_over(kakao_id: int, now: datetime) -> timedelta:
    """Withdraws an unlink that is pending for somebody who signs in again. Call inside the login's transaction.

    Returns how long to wait where the call to Kakao is under way: the transaction is to be left, and tried again then.
    """
    row = KakaoUnlink.objects.select_for_update().filter(kakao_id=kakao_id).first()
    if row is None:
        return timedelta(0)
    if row.leased_until and row.leased_until > now:
        return row.leased_until - now
    row.delete()
    return timedelta(0)

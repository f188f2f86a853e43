"""The queue of what is to be settled with Kakao: a row is claimed under a lease, acted on, and removed."""

import logging
from datetime import datetime, timedelta
from typing import TypeVar

from accounts.models import KakaoNotice, KakaoUnlink
from tokpik import leases

logger = logging.getLogger(__name__)
# Longer than a call may take. While it runs, logins of the same person wait for its outcome.
LEASE = timedelta(seconds=3)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP = timedelta(days=7)
Errand = TypeVar("Errand", KakaoUnlink, KakaoNotice)


def claim(kind: type[Errand], now: datetime) -> Errand | None:
    return leases.claim(kind.objects.all(), now, LEASE)


def settle(errand: Errand) -> None:
    leases.ours(errand).delete()


def put_off(errand: Errand, now: datetime) -> None:
    """To be tried again after a pause that grows; given up, loudly, when seven days are over."""
    if now - errand.created_at > GIVE_UP:
        logger.error("%s: Kakao could not be reached for %s days, given up", errand._meta.object_name, GIVE_UP.days)
        settle(errand)
        return
    pause = min(FIRST_PAUSE * 2 ** min(errand.tries - 1, 16), LONGEST_PAUSE)
    leases.ours(errand).update(due_at=now + pause, leased_until=None)


def withdraw_unlink(kakao_id: int, now: datetime) -> timedelta:
    """Withdraws an unlink that is pending for somebody who signs in again. Call inside the login's transaction.

    Returns how long to wait where the call to Kakao is under way: then leave the transaction, and come again.
    """
    errand = KakaoUnlink.objects.select_for_update().filter(kakao_id=kakao_id).first()
    if errand is None:
        return timedelta(0)
    if errand.leased_until and errand.leased_until > now:
        return errand.leased_until - now
    errand.delete()
    return timedelta(0)

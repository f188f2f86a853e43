"""Keeping Kakao's links and our accounts in step, from the background: telling it of deletions, believing it of none.

A deletion leaves a `KakaoUnlink`: Kakao is told, again and again until it succeeds or seven days are over. An unlink
that Kakao reports leaves a `KakaoNotice`, a hint and not an order: Kakao is asked whether the person is still linked,
and the account is deleted only if not.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts import errands, kakao
from accounts.errands import Errand
from accounts.models import KakaoNotice, KakaoUnlink, User
from accounts.services import delete_user
from tokpik.errors import SessionRevoked, UpstreamUnavailable
from tokpik.leases import database_now

logger = logging.getLogger(__name__)
# By so much the clocks of two machines may differ.
CLOCKS = timedelta(seconds=5)


def unlink_step() -> bool:
    """Tell Kakao of one deleted account, if one is due; False when none is."""
    return step(KakaoUnlink, kakao.unlink)


def notice_step() -> bool:
    """Look into one reported unlink, if one is due; False when none is."""
    return step(KakaoNotice, end_unless_linked)


def step(kind: type[Errand], act: Callable[[int], object]) -> bool:
    errand = errands.claim(kind, database_now())
    if errand is None:
        return False
    # Nothing is held while Kakao takes its time.
    connection.close()
    try:
        act(errand.kakao_id)
    except Exception as error:
        errands.put_off(errand, database_now())
        if not isinstance(error, UpstreamUnavailable):
            raise
    else:
        errands.settle(errand)
    return True


def end_unless_linked(kakao_id: int) -> None:
    asked_at = timezone.now()
    if kakao.is_linked(kakao_id):
        return
    user = User.objects.filter(kakao_id=kakao_id).first()
    if user is None:
        return
    try:
        delete_user(user=user, tell_kakao=False, unless_back_since=asked_at - CLOCKS)
    except SessionRevoked:
        logger.info("An account that Kakao unlinked was deleted meanwhile")

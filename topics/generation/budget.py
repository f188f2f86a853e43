"""How many calls a day may be made, for one user and in all, exact under concurrency; and the pause after failures."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from topics.models import CallBudget, ModelPause

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
THE_PAUSE = 1
# A search, or a topic, for which nothing could be written is not tried again so soon.
QUIET = timedelta(minutes=1)

# One statement looks and counts: two at once cannot both get the last call.
TAKE = """
INSERT INTO topics_callbudget AS budget (day, user_id, calls) VALUES (%(day)s, %(user)s, 1)
ON CONFLICT (day, user_id) DO UPDATE SET calls = budget.calls + 1 WHERE budget.calls < %(most)s
"""
# Calls that fail at the same moment count once.
LENGTHEN = """
INSERT INTO topics_modelpause AS pause (id, failures, failed_at, until)
VALUES (%(id)s, 1, %(now)s, %(now)s + greatest(%(first)s, %(asked)s))
ON CONFLICT (id) DO UPDATE SET
    failures = CASE WHEN news THEN pause.failures + 1 ELSE pause.failures END,
    until = greatest(pause.until, %(now)s + %(asked)s, CASE WHEN news THEN %(now)s + least(
        %(first)s * power(2, least(pause.failures, 16)), %(longest)s) END),
    failed_at = %(now)s
"""


class Refused(Exception):
    """The day has no call left, for this user or for all; or the model is left alone for a while."""


def take(user_id: int | None, now: datetime) -> None:
    """One call of the day's. Raises `Refused`, and takes nothing then."""
    if ModelPause.objects.filter(until__gt=now).exists():
        raise Refused
    day = timezone.localdate(now)
    with transaction.atomic():
        if user_id is not None:
            take_one(day, user_id, settings.GENERATION_CALLS_A_USER)
        take_one(day, None, settings.GENERATION_CALLS_A_DAY)


def take_one(day: date, user_id: int | None, most: int) -> None:
    with connection.cursor() as cursor:
        if most > 0:
            cursor.execute(TAKE, {"day": day, "user": user_id, "most": most})
        if most == 0 or cursor.rowcount == 0:
            raise Refused


def give_back(user_id: int | None, day: date) -> None:
    """A call that was not sent."""
    whose = Q(user=None) if user_id is None else Q(user=None) | Q(user=user_id)
    CallBudget.objects.filter(whose, day=day, calls__gt=0).update(calls=F("calls") - 1)


def may_ask(user_id: int, now: datetime) -> bool:
    """Whether a request stands a chance: no pause, and calls left. What counts is decided when the call is taken."""
    if not (settings.GENERATION_CALLS_A_USER and settings.GENERATION_CALLS_A_DAY):
        return False
    spent = Q(user=user_id, calls__gte=settings.GENERATION_CALLS_A_USER) | Q(
        user=None, calls__gte=settings.GENERATION_CALLS_A_DAY
    )
    against = CallBudget.objects.filter(spent, day=timezone.localdate(now)).order_by().values("id")
    paused = ModelPause.objects.filter(until__gt=now).order_by().values("id")
    return not against.union(paused, all=True).exists()


def lengthen_pause(*, began_at: datetime, now: datetime, asked: timedelta) -> None:
    """The model has failed: after a pause that grows it is asked again, not before what its server `asked` for."""
    values: dict[str, Any] = {"id": THE_PAUSE, "now": now, "asked": asked, "began": began_at}
    values |= {"first": FIRST_PAUSE, "longest": LONGEST_PAUSE}
    news = "(pause.failed_at IS NULL OR pause.failed_at < %(began)s)"
    with connection.cursor() as cursor:
        cursor.execute(LENGTHEN.replace("news", news), values)


def end_pause(*, began_at: datetime) -> None:
    """The model has answered a call that began after it last failed."""
    ModelPause.objects.filter(failures__gt=0, failed_at__lt=began_at).update(failures=0, failed_at=None, until=None)

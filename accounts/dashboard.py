"""What the dashboard shows of people."""

from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDay
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from tokpik.charts import Bars
from tokpik.rollups import Figures, beginning_of_day, set_counts

ACTIVE = "users.active"


def count(now: datetime | None = None) -> bool:
    """How many people signed in or refreshed today and yesterday, in the first hour of each day.

    Each leaves a token, which is kept for longer than that. Returns False: there is no more to do.
    """
    now = now or timezone.now()
    today = beginning_of_day(now)
    yesterday = today - timedelta(days=1)
    tokens = OutstandingToken.objects.filter(created_at__gte=yesterday, created_at__lte=now).order_by()
    by_day = dict(tokens.values_list(TruncDay("created_at")).annotate(n=Count("user", distinct=True)))
    set_counts({day: {ACTIVE: by_day.get(day, 0)} for day in (yesterday, today)})
    return False


def panels(figures: Figures) -> list[object]:
    return [Bars("활동한 사용자", figures.days, [("사용자", "second", figures.sum(ACTIVE))], unit="명")]

"""What the dashboard shows of reminders."""

from datetime import datetime

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone

from notifications.models import Push
from tokpik.charts import Bars
from tokpik.rollups import Figures, set_hours, to_count_from

OUTCOMES = {outcome: f"pushes.{outcome}" for outcome in Push.Outcome.values}
KINDS = {Push.Outcome.SENT: "first", Push.Outcome.FAILED: "bad", Push.Outcome.MISSED: "quiet"}


def count(now: datetime | None = None) -> bool:
    """What became of the slots of each hour. Returns False: there is no more to do."""
    now = now or timezone.now()
    since = to_count_from(OUTCOMES[Push.Outcome.SENT], now)
    pushes = Push.objects.filter(due_at__gte=since, due_at__lte=now).order_by()
    by_hour = pushes.values_list(TruncHour("due_at"), "outcome").annotate(n=Count("pk"))
    counted = ((hour, OUTCOMES[outcome], n) for hour, outcome, n in by_hour)
    set_hours(OUTCOMES.values(), counted, since=since, now=now)
    return False


def panels(figures: Figures) -> list[object]:
    parts = [(outcome.label, KINDS[outcome], figures.sum(OUTCOMES[outcome])) for outcome in Push.Outcome]
    return [Bars("알림 푸시", figures.days, parts)]

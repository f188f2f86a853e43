"""What `/metrics` says of reminders: how far behind the senders are, and what became of today's pushes."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

from tokpik import counting

# Leased ones are due in the future. Over the partial index.
DUE = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(next_due_at)), 0)
FROM notifications_notification WHERE next_due_at <= now()
"""


def figures() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        due, lag = cursor.fetchone()
    yield GaugeMetricFamily("reminders_due", "Reminders that are due and in no sender's hands.", value=due)
    yield GaugeMetricFamily("reminders_lag_seconds", "For how long the longest of them has been due.", value=float(lag))
    pushes = CounterMetricFamily("pushes", "What became of pushes, from midnight UTC on.", labels=["outcome", "reason"])
    for name, number in counting.today("push.").items():
        pushes.add_metric(name.split(".")[1:], number)
    yield pushes

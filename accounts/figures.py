"""What `/metrics` says of accounts: what is still to be settled with Kakao."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily

from accounts.models import KakaoNotice, KakaoUnlink

QUEUES = {"unlink": KakaoUnlink, "notice": KakaoNotice}
PENDING = " UNION ALL ".join(
    f"SELECT '{kind}', count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0), "
    f"coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM {model._meta.db_table}"
    for kind, model in QUEUES.items()
)


def figures() -> Iterator[Metric]:
    pending = GaugeMetricFamily("kakao_errands", "What is still to be settled with Kakao.", labels=["kind"])
    age = GaugeMetricFamily("kakao_errand_age_seconds", "How old the oldest of these is.", labels=["kind"])
    lag = GaugeMetricFamily("kakao_errand_lag_seconds", "How long one has been due and untried.", labels=["kind"])
    with connection.cursor() as cursor:
        cursor.execute(PENDING)
        for kind, count, oldest, due in cursor.fetchall():
            pending.add_metric([kind], count)
            age.add_metric([kind], float(oldest))
            lag.add_metric([kind], max(0.0, float(due)))
    yield from (pending, age, lag)

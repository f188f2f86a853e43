"""What `/metrics` says of the model: today's calls and what they cost, counted from their rows."""

from collections.abc import Iterator

from django.db.models import Count, Sum
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily

from topics.models import ModelCall


def figures() -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "model_calls", "Calls to the model, from midnight in Seoul on.", labels=["why", "outcome"]
    )
    dollars = CounterMetricFamily("model_cost_dollars", "What they cost, by OPENAI_PRICES.", labels=["why"])
    spent: dict[str, float] = {}
    today = ModelCall.objects.filter(day=timezone.localdate()).order_by().values_list("why", "outcome")
    for why, outcome, count, cost in today.annotate(Count("pk"), Sum("cost")):
        calls.add_metric([why, outcome], count)
        spent[why] = spent.get(why, 0.0) + float(cost or 0)
    for why, cost in spent.items():
        dollars.add_metric([why], cost)
    yield from (calls, dollars)

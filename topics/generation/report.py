"""What the model has cost, and how often it failed, day by day."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from topics.models import ModelCall

Outcome = ModelCall.Outcome


def spending(*, today: date, days: int) -> list[Mapping[str, Any]]:
    """Of each day that had calls, the newest first: calls, failures and their rate, tokens, dollars."""
    failed = ~Q(outcome__in=[Outcome.WRITTEN, Outcome.UNDER_WAY])
    calls = ModelCall.objects.filter(day__gt=today - timedelta(days=days)).order_by().values("day")
    return list(
        calls.annotate(
            calls=Count("pk"),
            failures=Count("pk", filter=failed),
            failure_rate=Count("pk", filter=failed) * 1.0 / F("calls"),
            input_tokens=Coalesce(Sum("input_tokens"), 0),
            output_tokens=Coalesce(Sum("output_tokens"), 0),
            dollars=Sum("cost"),
        ).order_by("-day")
    )

"""What topics keep too long: what was typed, written and spent, 30 days after."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from tokpik.cleanup import delete
from topics.models import CallBudget, GeneratedItem, GenerationRequest, ModelCall

KEPT = timedelta(days=30)


def clear_expired(*, now: datetime) -> Iterator[tuple[str, int]]:
    """Deletes in batches; yields (what, how many). What hangs on a request goes before it."""
    oldest = now - KEPT
    day = timezone.localdate(oldest)
    readers = GenerationRequest.readers.through.objects
    yield "model calls", delete(ModelCall.objects.filter(Q(day__lt=day) | Q(request__created_at__lt=oldest)))
    yield "written items", delete(GeneratedItem.objects.filter(request__created_at__lt=oldest))
    yield "waiting readers", delete(readers.filter(generationrequest__created_at__lt=oldest))
    yield "generation requests", delete(GenerationRequest.objects.filter(created_at__lt=oldest))
    yield "call budgets", delete(CallBudget.objects.filter(day__lt=day))

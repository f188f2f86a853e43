"""What was written enters the catalogue: by the hand of staff, or by itself when its time has come."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from topics.generation.storing import enter_details
from topics.models import GenerationRequest, Topic

Status = GenerationRequest.Status
BATCH = 100


def publish_step() -> bool:
    """Publishes what has waited long enough; whether there may be more."""
    after = settings.GENERATION_PUBLISH_AFTER
    if after is None:
        return False
    before = timezone.now() - after
    return publish_topics(before) + publish_details(before) > 0


def publish_topics(before: datetime) -> int:
    """Drafts whose search held nothing but the client's own values, and whose details have waited as long. What staff
    hid, or published, is no draft."""
    written = Topic.objects.filter(
        status=Topic.Status.DRAFT,
        created_at__lte=before,
        generated__request__why=GenerationRequest.Why.SEARCH,
        generated__request__from_lists=True,
    ).exclude(generation_requests__finished_at__gt=before)
    with transaction.atomic():
        topics = written.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("pk")[:BATCH]
        for topic in topics:
            topic.publish()
        return len(topics)


def publish_details(before: datetime) -> int:
    waiting = GenerationRequest.objects.waiting().filter(finished_at__lte=before)
    with transaction.atomic():
        requests = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:BATCH]
        for request in requests:
            let_in(request)
        return len(requests)


def let_in(request: GenerationRequest) -> None:
    """Details that wait, into the catalogue. Call inside a transaction, with the request locked."""
    topic = Topic.objects.select_for_update(no_key=True).get(generation_requests=request)
    request.status = enter_details(request, topic)
    request.save(update_fields=["status"])


def discard(request: GenerationRequest) -> None:
    """Details that wait, thrown away: nobody has them written again."""
    request.status = Status.DISCARDED
    request.save(update_fields=["status"])

"""A topic without details: having some written, once, and who sees them before they are in the catalogue."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tokpik.errors import NotFound
from topics.details import plain, read_details
from topics.generation import budget
from topics.generation.waiting import wait_for
from topics.models import GeneratedItem, GenerationRequest, Topic

Status = GenerationRequest.Status
Why = GenerationRequest.Why


def details_written(topic_id: int, user_id: int) -> list[dict[str, Any]]:
    """What the model has written of a topic that has no details yet, and waits a moment for; else one detail made of
    the topic's own title and subtitle. Raises `NotFound`."""
    request = request_for(topic_id, user_id)
    if request is not None and request.status == Status.OPEN and wait_for(request):
        request = join(request, user_id)
    if request is not None and request.status == Status.WAITING and request.is_reader:
        kept = request.items.filter(outcome=GeneratedItem.Outcome.KEPT)
        return [{"itemTitle": item.title, "itemContent": item.text} for item in kept]
    return details_now(topic_id, user_id)


def request_for(topic_id: int, user_id: int) -> Any:
    """The topic's own request; a new one only where none has brought anything, and one may be made now. Or None."""
    last = requests_of(topic_id, user_id).first()
    now = timezone.now()
    if last is not None and last.status == Status.FAILED:
        if last.finished_at > now - budget.QUIET:
            return None
    elif last is not None and last.status != Status.REFUSED:
        return last
    if not budget.may_ask(user_id, now):
        return None
    # Of several first readers one makes it.
    wanted = GenerationRequest(why=Why.DETAILS, topic_id=topic_id, user_id=user_id)
    GenerationRequest.objects.bulk_create([wanted], ignore_conflicts=True)
    return requests_of(topic_id, user_id).first()


def requests_of(topic_id: int, user_id: int) -> QuerySet[GenerationRequest, Any]:
    readers = GenerationRequest.readers.through.objects.filter(generationrequest=OuterRef("pk"), user=user_id)
    of_topic = GenerationRequest.objects.filter(why=Why.DETAILS, topic=topic_id)
    return of_topic.annotate(is_reader=Exists(readers)).order_by("-pk")


def join(request: GenerationRequest, user_id: int) -> Any:
    """Whoever has waited for the call sees what it brings, now or later."""
    if GenerationRequest.objects.filter(pk=request.pk, status__in=[Status.OPEN, Status.WAITING]).exists():
        request.readers.add(user_id)
    return requests_of(request.topic_id, user_id).first()  # type: ignore[arg-type]


def details_now(topic_id: int, user_id: int) -> list[dict[str, Any]]:
    found = read_details(topic_id, user_id, DEFAULT_DB_ALIAS)
    if found is None:
        raise NotFound
    if found.body:
        return list(found.body)
    title, subtitle = Topic.objects.values_list("title", "subtitle").get(pk=topic_id)
    return plain(title, subtitle)

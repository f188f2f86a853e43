"""Keeping what was written and passed the checks: topics as drafts, details in the catalogue or until it is time."""

from datetime import timedelta

from django.conf import settings

from topics.generation import duplicates
from topics.generation.checks import TOPICS_MOST, Item
from topics.models import GeneratedItem, GenerationRequest, Situation, Topic, TopicDetail

Status = GenerationRequest.Status
Outcome = GeneratedItem.Outcome
Why = GenerationRequest.Why
AT_ONCE = timedelta(0)


def keep(request: GenerationRequest, items: list[Item]) -> Status:
    """Call inside a transaction, with the request locked. Returns what has become of the request."""
    if request.why == Why.DETAILS:
        return keep_details(request, items)
    duplicates.one_at_a_time()
    room, kept = room_for(request), 0
    for item in items:
        kept += kept < room and keep_topic(request, item)
    return Status.DONE if kept else Status.FAILED


def room_for(request: GenerationRequest) -> int:
    """How many topics may still be kept: of bulk no more than are wanted in all."""
    if request.why != Why.BULK:
        return TOPICS_MOST
    return request.wanted - request.items.filter(outcome=Outcome.KEPT).count()


def keep_topic(request: GenerationRequest, item: Item) -> bool:
    """Whether it has become a topic."""
    if item.reason:
        note(request, item, Outcome.UNFIT)
        return False
    nearest, score = duplicates.nearest(item.title)
    found = {"nearest_id": nearest, "similarity": round(score, 3)}
    if score >= duplicates.TOO_ALIKE:
        note(request, item, Outcome.DUPLICATE, **found)
        return False
    note(request, item, Outcome.KEPT, topic=make_topic(request, item), **found)
    return True


def make_topic(request: GenerationRequest, item: Item) -> Topic:
    situation, _ = Situation.objects.get_or_create(text=item.fields["situation"])
    at_once = request.from_lists and settings.GENERATION_PUBLISH_AFTER == AT_ONCE
    return Topic.objects.create(
        **{**item.fields, "situation": situation},
        title=item.title,
        subtitle=item.text,
        source=Topic.Source.GENERATED,
        made_for_id=request.user_id,
        status=Topic.Status.PUBLISHED if at_once else Topic.Status.DRAFT,
    )


def keep_details(request: GenerationRequest, items: list[Item]) -> Status:
    """A draft has them at once: only whom it was written for sees it. Of what is published they wait."""
    for item in items:
        note(request, item, Outcome.UNFIT if item.reason else Outcome.KEPT)
    if all(item.reason for item in items):
        return Status.FAILED
    topic = Topic.objects.select_for_update(no_key=True).get(generation_requests=request)
    if topic.status == Topic.Status.DRAFT or settings.GENERATION_PUBLISH_AFTER == AT_ONCE:
        return enter_details(request, topic)
    return Status.WAITING


def enter_details(request: GenerationRequest, topic: Topic) -> Status:
    """Into the catalogue, with the topic locked; not beside what staff wrote meanwhile."""
    if topic.details.exists():
        return Status.DISCARDED
    kept = request.items.filter(outcome=Outcome.KEPT).order_by("pk")
    TopicDetail.objects.bulk_create(
        TopicDetail(topic=topic, position=place, title=item.title, content=item.text)
        for place, item in enumerate(kept, start=1)
    )
    return Status.DONE


def note(request: GenerationRequest, item: Item, outcome: Outcome, **found: object) -> None:
    GeneratedItem.objects.create(
        request=request, title=item.title, text=item.text, outcome=outcome, reason=item.reason, **found
    )

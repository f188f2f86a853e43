"""What staff do with many topics at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from topics.models import PlaceTag, Topic, TopicTag

# More at once would be held in one transaction for too long.
TOPICS_MOST = 10_000


@dataclass(frozen=True)
class Outlook:
    """What a bulk change would meet: topics by status, and how many of them lie in somebody's folder."""

    topics: int
    drafts: int
    published: int
    hidden: int
    scraped: int


def outlook(ids: Iterable[int]) -> Outlook:
    topics = Topic.objects.filter(pk__in=list(ids))
    by_status = topics.aggregate(
        topics=Count("pk"),
        drafts=Count("pk", Q(status=Topic.Status.DRAFT)),
        published=Count("pk", Q(status=Topic.Status.PUBLISHED)),
        hidden=Count("pk", Q(status=Topic.Status.HIDDEN)),
    )
    # By its name: folders stand above the catalogue, which imports nothing of them.
    return Outlook(**by_status, scraped=topics.filter(scrap_entries__isnull=False).distinct().count())


def set_status(*, ids: Iterable[int], status: str) -> int:
    """How many topics were not of this status and now are."""
    return change(ids, status=status)


def move(*, ids: Iterable[int], topic_tag: TopicTag | None, place_tag: PlaceTag | None) -> int:
    """How many topics have another tag now; None leaves that tag as it is."""
    given = {"topic_tag": topic_tag, "place_tag": place_tag}
    return change(ids, **{name: tag for name, tag in given.items() if tag is not None})


@transaction.atomic
def change(ids: Iterable[int], **values: object) -> int:
    """Held in the order of ids, so that two bulk changes do not wait for one another in a circle."""
    held = Topic.objects.filter(pk__in=list(ids)).order_by("pk").select_for_update().values_list("pk", flat=True)
    differing = Topic.objects.filter(pk__in=list(held)).exclude(**values)
    return differing.update(**values, updated_at=timezone.now())

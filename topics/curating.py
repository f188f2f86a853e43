"""What staff do with many topics at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from topics.models import PlaceTag, Tag, Topic, TopicTag

# More at once would be held in one transaction for too long.
TOPICS_MOST = 10_000
# Where a topic keeps a tag of each kind.
TOPIC_FIELDS: dict[type, str] = {TopicTag: "topic_tag", PlaceTag: "place_tag"}


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


class InUse(Exception):
    """Something hangs on the tag, and nobody has said where it goes."""


@transaction.atomic
def delete_tag(*, tag: Tag, by: Tag | None) -> None:
    """Moves the tag's topics, and the interests of people, to the tag `by`, and deletes it.

    Raises `InUse` when something hangs on it and `by` is None.
    """
    kind: Any = type(tag)
    # Held: nobody takes the tag for a new topic meanwhile.
    list(kind.objects.filter(pk__in=[tag.pk, by.pk if by else None]).order_by("pk").select_for_update())
    topics = Topic.objects.filter(**{TOPIC_FIELDS[kind]: tag})
    name = kind._meta.model_name
    # By its name: accounts stand above the catalogue, which imports nothing of them.
    interests = kind.users.through.objects.all()
    mine = interests.filter(**{name: tag})
    if by is not None:
        values: dict[str, Any] = {TOPIC_FIELDS[kind]: by, "updated_at": timezone.now()}
        topics.update(**values)
        mine.exclude(user__in=interests.filter(**{name: by}).values("user")).update(**{name: by})
        mine.delete()
    elif topics.exists() or mine.exists():
        raise InUse("이 태그에 달린 것이 있습니다. 옮길 태그를 골라 주세요.")
    tag.delete()

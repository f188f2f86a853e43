"""The review of drafts: what waits, what is decided, and how the last decision is taken back."""

from django.db import transaction

from topics.models import Topic
from topics.versions import locked, version_of

DECISIONS = {"publish": Topic.Status.PUBLISHED, "hide": Topic.Status.HIDDEN}
WAITING_MOST = 1_000


def waiting() -> int:
    """How many drafts wait, up to `WAITING_MOST`."""
    return Topic.objects.drafts().order_by()[:WAITING_MOST].count()


def next_draft(after: int) -> Topic | None:
    """The oldest draft whose id is greater than `after`."""
    drafts = Topic.objects.drafts().filter(pk__gt=after).order_by("pk")
    return drafts.select_related("topic_tag", "place_tag", "situation").prefetch_related("details").first()


@transaction.atomic
def decide(pk: int, *, version: str, decision: str) -> str:
    """The version that the decision left behind. Raises `Changed` when another version was looked at, or
    `Topic.DoesNotExist`.
    """
    topic = locked(pk, version=version)
    topic.publish() if DECISIONS[decision] == Topic.Status.PUBLISHED else topic.hide()
    return version_of(topic)


@transaction.atomic
def take_back(pk: int, *, version: str) -> None:
    """Makes a draft of it again. Raises `Changed` when somebody has written to it since, or `Topic.DoesNotExist`."""
    topic = locked(pk, version=version)
    topic.status = Topic.Status.DRAFT
    topic.save(update_fields=["status", "updated_at"])

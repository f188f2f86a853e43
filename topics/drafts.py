"""Drafts that were written for one person."""

from typing import TYPE_CHECKING

from django.db import transaction

from tokpik.history import events_of
from topics.models import Topic, TopicDetail

if TYPE_CHECKING:
    from accounts.models import User


def delete_drafts(*, user: "User") -> None:
    """Those of this user, and their history too: what was never published is nobody else's to keep."""
    with transaction.atomic():
        drafts = list(Topic.objects.filter(made_for=user, status=Topic.Status.DRAFT).values_list("pk", flat=True))
        Topic.objects.filter(pk__in=drafts).delete()
        events_of(TopicDetail, topic__in=drafts).delete()
        events_of(Topic, id__in=drafts).delete()

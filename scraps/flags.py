"""Which topics a user has scraped: asked by the topic views, the one arrow that points upward."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from scraps.models import ScrapTopic

if TYPE_CHECKING:
    from accounts.models import User


def is_scraped_by(user: "User") -> Exists:
    """For a queryset of topics: whether the topic is in any of the user's folders."""
    return Exists(ScrapTopic.objects.owned_by(user).filter(topic=OuterRef("pk")))

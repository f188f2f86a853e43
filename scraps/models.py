"""A user's named folders of topics."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tokpik.text import TrimmedCharField
from topics.models import Topic

if TYPE_CHECKING:
    from accounts.models import User

SCRAPS_MOST = 200
ENTRIES_MOST = 1_000
ENTRIES_IN_ALL_MOST = 5_000


class ScrapQuerySet(models.QuerySet["Scrap"]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(user=user)


class Scrap(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="사용자", related_name="scraps")
    name = TrimmedCharField("이름", max_length=100)
    created_at = models.DateTimeField("만든 때", default=timezone.now)

    objects = ScrapQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "스크랩"
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="scrap_name_not_blank")]

    def __str__(self) -> str:
        return self.name


class ScrapTopicQuerySet(models.QuerySet["ScrapTopic"]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(scrap__user=user)

    def showable(self, user: "User") -> Self:
        """Without the topics that this user may not open now, such as those that staff hid."""
        visible = Topic.objects.visible_to(user).filter(pk=OuterRef("topic"))
        return self.filter(Exists(visible))


class ScrapTopic(models.Model):
    """A topic in a folder. Its id is what the client's cursors count in."""

    is_scraped = True

    scrap = models.ForeignKey(Scrap, models.CASCADE, verbose_name="스크랩", related_name="entries", db_index=False)
    topic = models.ForeignKey(Topic, models.CASCADE, verbose_name="주제", related_name="scrap_entries")
    created_at = models.DateTimeField("담은 때", auto_now_add=True)

    objects = ScrapTopicQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "담은 주제"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["scrap", "topic"], name="scrap_topic_once")]
        indexes = [
            # In the order of the cursors.
            models.Index(fields=["scrap", "id"], name="scrap_topic_by_cursor"),
            # Rows lie in the order of time, so a few pages tell which to look into for an hour's count.
            BrinIndex(fields=["created_at"], name="scrap_topic_created", autosummarize=True),
        ]

    def __str__(self) -> str:
        return str(self.topic_id)

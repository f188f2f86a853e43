"""What scraps keep about a user: the folders, and what is in them, hidden topics too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from scraps.models import Scrap, ScrapTopic
from tokpik.export import ROWS, Section
from tokpik.fields import StrictInteger, Text, Timestamp

if TYPE_CHECKING:
    from accounts.models import User

MOMENT = "2027-03-14T09:00:00+09:00"


class Folder(serializers.Serializer[Any]):
    scrapId = StrictInteger(source="pk", example=7)
    scrapName = Text(source="name", example="소개팅 필승 주제")
    createdAt = Timestamp(source="created_at", example=MOMENT)


class Entry(serializers.Serializer[Any]):
    scrapTopicId = StrictInteger(source="pk", example=42)
    scrapId = StrictInteger(source="scrap_id", example=7)
    topicId = StrictInteger(source="topic_id", example=1)
    topicTitle = Text(source="topic.title", example="집 데이트에서 들킨 나의 진짜 취향")
    createdAt = Timestamp(source="created_at", example=MOMENT)


def sections() -> list[Section]:
    folders = Section("scraps", Folder, lambda user: Scrap.objects.owned_by(user).order_by("pk"))
    return [folders, Section("scrapTopics", Entry, entries)]


def entries(user: "User") -> Iterator[ScrapTopic]:
    return ScrapTopic.objects.owned_by(user).select_related("topic").order_by("pk").iterator(ROWS)

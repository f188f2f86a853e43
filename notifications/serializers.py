"""Bodies and answers of the reminder calls; fields are named as the client sees them."""

from datetime import date
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from notifications.models import INTERVAL_MOST
from tokpik.cursors import PageAnswer
from tokpik.fields import StrictDate, StrictInteger, StrictList, StrictText, StrictTime, Text

NAME_LETTERS = 100
TOPICS_MOST = 100


def a_year_after(today: date) -> date:
    """The same day of the next year; of February 29th, the 28th."""
    if (today.month, today.day) == (2, 29):
        return today.replace(year=today.year + 1, day=28)
    return today.replace(year=today.year + 1)


class NotificationBody(serializers.Serializer[Any]):
    notificationName = StrictText(source="name", max_length=NAME_LETTERS, example="소개팅 20분마다")
    scrapId = StrictInteger(source="scrap_id", example=7)
    notificationTalkTopicIds = StrictList(
        source="topic_ids",
        child=StrictInteger(example=1),
        max_length=TOPICS_MOST,
        unique=True,
        allow_empty=False,
        help_text="보낼 순서대로, 모두 그 스크랩에 있는 주제",
    )
    noticeDate = StrictDate(source="date", example="2027-03-14", help_text="오늘부터 1년 뒤까지")
    notificationStartTime = StrictTime(source="start", example="19:00")
    notificationEndTime = StrictTime(source="end", example="21:00", help_text="시작보다 뒤")
    notificationIntervalMinutes = StrictInteger(source="interval_minutes", most=INTERVAL_MOST, example=20)

    def validate_noticeDate(self, value: date) -> date:
        today = timezone.localdate()
        if not today <= value <= a_year_after(today):
            raise serializers.ValidationError("오늘부터 1년 뒤까지의 날짜여야 합니다.")
        return value

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["end"] <= body["start"]:
            raise serializers.ValidationError({"notificationEndTime": "시작 시각보다 뒤여야 합니다."})
        return body


class FirstTopicAnswer(serializers.Serializer[Any]):
    topicTypeId = StrictInteger(source="topic_tag_id", example=1)
    topicTypeContent = Text(source="topic_tag.content", example="사랑과 연애")


class NotificationAnswer(serializers.Serializer[Any]):
    notificationId = StrictInteger(source="pk", example=3)
    noticeDate = StrictDate(source="date", example="2027-03-14")
    notificationStartTime = StrictTime(source="start", example="19:00")
    notificationEndTime = StrictTime(source="end", example="21:00")
    notificationInterval = StrictInteger(source="interval_minutes", most=INTERVAL_MOST, example=20)
    notificationName = Text(source="name", example="소개팅 20분마다")
    notificationTopicTotal = StrictInteger(source="topic_total", least=0, example=3)
    notificationTalkTopicTypes = FirstTopicAnswer(source="first_topics", many=True, help_text="앞의 네 주제")


class NotificationsAnswer(PageAnswer):
    contents = NotificationAnswer(many=True)


class SlotAnswer(serializers.Serializer[Any]):
    talkTopicTitle = Text(source="topic.title", example="집 데이트에서 들킨 나의 진짜 취향")
    talkTopicTypeId = StrictInteger(source="topic_type_place", least=0, example=0, help_text="0부터 센 자리")
    talkTopicTypeContent = Text(source="topic.topic_tag.content", example="사랑과 연애")
    noticeTime = StrictTime(source="begins", example="19:20")


class NotificationDetailsAnswer(serializers.Serializer[Any]):
    notificationName = Text(source="name", example="소개팅 20분마다")
    notificationStartTime = StrictTime(source="start", example="19:00")
    notificationEndTime = StrictTime(source="end", example="21:00")
    notificationIntervalMinutes = StrictInteger(source="interval_minutes", most=INTERVAL_MOST, example=20)
    notificationTalkTopics = SlotAnswer(source="slots", many=True, help_text="차례마다 하나, 시각 순서로")

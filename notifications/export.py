"""What notifications keep about a user: the reminders, and what became of each push."""

from collections.abc import Iterator
from typing import Any

from rest_framework import serializers

from accounts.models import User
from notifications.models import INTERVAL_MOST, Notification, Push
from notifications.serializers import TOPICS_MOST
from tokpik.export import ROWS, Section
from tokpik.fields import StrictDate, StrictInteger, StrictList, StrictTime, Text, Timestamp, Uuid

MOMENT = "2027-03-14T19:00:00+09:00"


class Reminder(serializers.Serializer[Any]):
    notificationId = StrictInteger(source="pk", example=3)
    notificationName = Text(source="name", example="소개팅 20분마다")
    scrapId = StrictInteger(source="scrap_id", example=7)
    notificationTalkTopicIds = StrictList(source="topic_ids", child=StrictInteger(example=1), max_length=TOPICS_MOST)
    noticeDate = StrictDate(source="date", example="2027-03-14")
    notificationStartTime = StrictTime(source="start", example="19:00")
    notificationEndTime = StrictTime(source="end", example="21:00")
    notificationIntervalMinutes = StrictInteger(source="interval_minutes", most=INTERVAL_MOST, example=20)
    createdAt = Timestamp(source="created_at", example=MOMENT)
    nextDueAt = Timestamp(source="next_due_at", allow_null=True, example=MOMENT, help_text="모두 끝났으면 null")


class PushOutcome(serializers.Serializer[Any]):
    notificationId = StrictInteger(source="notification_id", example=3)
    slot = StrictInteger(least=0, example=0, help_text="0부터 센 차례")
    sessionId = Uuid(source="session_id", allow_null=True, example="0b7f6f3e-3f43-4c62-9d6f-0e6d1c7a2b11")
    outcome = Text(source="get_outcome_display", example="보냄")
    reason = Text(source="get_reason_display", example="기기 등록이 끝남", help_text="없으면 빈 문자열")
    dueAt = Timestamp(source="due_at", example=MOMENT)
    doneAt = Timestamp(source="done_at", example=MOMENT)
    latencyMs = StrictInteger(source="latency_ms", least=0, allow_null=True, example=120)


def sections() -> list[Section]:
    return [Section("notifications", Reminder, reminders), Section("pushes", PushOutcome, pushes)]


def reminders(user: User) -> Iterator[Notification]:
    return Notification.objects.owned_by(user).order_by("pk").iterator(ROWS)


def pushes(user: User) -> Iterator[Push]:
    return Push.objects.filter(notification__scrap__user=user).order_by("notification", "slot", "pk").iterator(ROWS)

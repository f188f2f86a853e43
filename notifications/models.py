"""A reminder, which is also its own place in the queue, and the log of what was pushed."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from notifications.slots import SEOUL, Window
from scraps.models import Scrap
from tokpik.text import TrimmedCharField

if TYPE_CHECKING:
    from accounts.models import User

INTERVAL_MOST = 240
# So long past reminders are shown, and they and their log are kept.
KEPT = timedelta(days=30)


def oldest_kept(now: datetime) -> date:
    return now.astimezone(SEOUL).date() - KEPT


class Derived:
    """A field that, left empty when its row is made, becomes what the method of this name says.

    Here and not in a service, so that `create()` and `bulk_create()` fill it alike.
    """

    attname: str

    def __init__(self, *args: Any, derive: str = "", **kwargs: Any) -> None:
        self.derive = derive
        super().__init__(*args, **kwargs)

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        if add and getattr(instance, self.attname) is None:
            setattr(instance, self.attname, getattr(instance, self.derive)())
        return super().pre_save(instance, add)  # type: ignore[misc]


class DerivedNumber(Derived, models.PositiveSmallIntegerField):
    pass


class DerivedMoment(Derived, models.DateTimeField):
    pass


class NotificationQuerySet(models.QuerySet["Notification"]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(scrap__user=user)

    def coming(self, now: datetime) -> Self:
        """Those of which a slot lies ahead."""
        return self.filter(last_slot_at__gt=now)

    def kept(self, now: datetime) -> Self:
        return self.filter(date__gte=oldest_kept(now))


class Notification(models.Model):
    """A reminder: on one date, from start to before end, every so many minutes, push the next topic of a list.

    `next_due_at` makes the table the queue (docs/decisions/0020): when the next slot is due, when it is to be tried
    again, or until when a sender has leased it; null when all is done.
    """

    scrap = models.ForeignKey(Scrap, models.CASCADE, verbose_name="스크랩", related_name="notifications")
    name = TrimmedCharField("이름", max_length=100)
    # An array and no relation: the list stays as long as it was, whatever becomes of its topics.
    topic_ids = ArrayField(models.BigIntegerField(), verbose_name="주제 번호")
    date = models.DateField("날짜")
    start = models.TimeField("시작")
    end = models.TimeField("끝")
    interval_minutes = models.PositiveSmallIntegerField("간격(분)")
    created_at = models.DateTimeField("만든 때", default=timezone.now)
    next_slot = DerivedNumber("다음 차례", blank=True, derive="first_slot")
    next_due_at = DerivedMoment("다음 처리", null=True, blank=True, derive="first_due_at")
    last_slot_at = DerivedMoment("마지막 차례", blank=True, derive="last_slot_begins_at")
    # Of the next slot.
    tries = models.PositiveSmallIntegerField("시도", default=0)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "알림"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="notification_name_not_blank"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="notification_ends_after_start"),
            models.CheckConstraint(
                condition=Q(interval_minutes__gte=1, interval_minutes__lte=INTERVAL_MOST),
                name="notification_interval_in_range",
            ),
            models.CheckConstraint(condition=Q(topic_ids__len__gte=1), name="notification_has_topics"),
        ]
        indexes = [
            models.Index(fields=["next_due_at"], condition=Q(next_due_at__isnull=False), name="notification_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def window(self) -> Window:
        return Window(self.date, self.start, self.end, timedelta(minutes=self.interval_minutes))

    def first_slot(self) -> int:
        """A slot at or before the moment of creation is none."""
        return self.window.first_after(self.created_at)

    def first_due_at(self) -> datetime | None:
        return self.window.due_at(self.next_slot)

    def last_slot_begins_at(self) -> datetime:
        return self.window.begins(self.window.count - 1)


class Push(models.Model):
    """What became of one slot on one device; one row without a device where there was none."""

    class Outcome(models.TextChoices):
        SENT = "sent", "보냄"
        FAILED = "failed", "실패"
        MISSED = "missed", "놓침"

    class Reason(models.TextChoices):
        UNREGISTERED = "unregistered", "기기 등록이 끝남"
        MISMATCH = "mismatch", "다른 프로젝트의 기기"
        BAD_TARGET = "bad_target", "잘못된 푸시 주소"
        INVALID = "invalid", "FCM이 요청을 거절"
        UNAVAILABLE = "unavailable", "FCM이 제때 받지 않음"
        LATE = "late", "제때 처리하지 못함"
        NO_PHONE = "no_phone", "받을 기기 없음"
        NOTHING_TO_SHOW = "nothing_to_show", "보여 줄 주제 없음"

    # The database's own cascade (0002): a sender may add a row while Django's deletion is under way.
    notification = models.ForeignKey(
        Notification,
        models.DO_NOTHING,
        verbose_name="알림",
        related_name="pushes",
        db_constraint=False,
        db_index=False,
    )
    slot = models.PositiveSmallIntegerField("차례")
    # The session that held the phone's push target. No foreign key: the log outlives it.
    session_id = models.UUIDField("기기(세션)", null=True, blank=True)
    outcome = models.CharField("결과", max_length=6, choices=Outcome.choices)
    reason = models.CharField("이유", max_length=15, choices=Reason.choices, blank=True)
    due_at = models.DateTimeField("차례가 시작된 때", db_index=True)
    done_at = models.DateTimeField("처리한 때")
    # From the beginning of the slot to FCM's answer.
    latency_ms = models.PositiveIntegerField("걸린 시간(ms)", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "푸시 기록"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "slot", "session_id"], name="push_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification_id}-{self.slot}"

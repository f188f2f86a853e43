"""What changes a user's reminders. Each is one transaction that holds the user's row, so that the limit is exact."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypedDict, Unpack

from accounts.locks import writing_for
from accounts.models import User
from notifications.models import Notification
from scraps.models import Scrap, ScrapTopic
from tokpik.errors import Invalid, NotFound, QuotaReached

COMING_MOST = 100
# The client may send the same twice.
SAME_REMINDER = timedelta(seconds=5)


class Wish(TypedDict):
    """What a reminder is called, and when it pushes."""

    name: str
    date: date
    start: time
    end: time
    interval_minutes: int


def create_notification(
    *, user: User, scrap_id: int, topic_ids: Sequence[int], now: datetime, **wish: Unpack[Wish]
) -> Notification:
    """A new reminder, or the same one that was made within the last five seconds.

    Raises `Invalid` for a folder that is not the user's and for a topic that is not in it; `QuotaReached`.
    """
    with writing_for(user):
        refuse_foreign(user, scrap_id, topic_ids)
        reminders = Notification.objects.owned_by(user)
        made = Notification(scrap_id=scrap_id, topic_ids=list(topic_ids), created_at=now, **wish)
        recent = reminders.filter(created_at__gt=now - SAME_REMINDER)
        twin = recent.filter(scrap=scrap_id, topic_ids=made.topic_ids, **wish).order_by("pk").first()
        if twin:
            return twin
        # One whose slots have all passed today comes no more, and takes no place.
        if made.last_slot_begins_at() > now and reminders.coming(now).count() >= COMING_MOST:
            raise QuotaReached
        made.save(force_insert=True)
        return made


def refuse_foreign(user: User, scrap_id: int, topic_ids: Sequence[int]) -> None:
    """Raises `Invalid` under the field whose ids are not the user's to choose."""
    if not Scrap.objects.owned_by(user).filter(pk=scrap_id).exists():
        raise Invalid({"scrapId": "없는 스크랩입니다."})
    entries = ScrapTopic.objects.owned_by(user).showable(user).filter(scrap=scrap_id, topic__in=topic_ids)
    if entries.count() != len(topic_ids):
        raise Invalid({"notificationTalkTopicIds": "이 스크랩에 없는 주제가 들어 있습니다."})


def delete_notification(*, user: User, notification_id: int) -> None:
    """Nothing more is pushed of it but what is being sent at this moment. Raises `NotFound` for one not the user's."""
    with writing_for(user):
        deleted, _ = Notification.objects.owned_by(user).filter(pk=notification_id).delete()
        if not deleted:
            raise NotFound

"""A push as FCM HTTP v1 takes it and the client's service worker reads it (docs/contract.md, The push)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings

from notifications.models import Notification

# Of the topic tags 1 to 8, as the client's addresses name them.
SLUGS = ("love", "business", "ice-breaker", "humor", "issue", "hobby", "self-development", "relation")


@dataclass(frozen=True)
class Content:
    """What is said in one slot, to whatever phone."""

    tag: str
    title: str
    body: str
    topic_id: int
    link: str
    ttl: int

    def message(self, target: str) -> dict[str, Any]:
        webpush: dict[str, Any] = {
            "headers": {"TTL": str(self.ttl), "Urgency": "high"},
            "notification": {"title": self.title, "body": self.body, "tag": self.tag},
            "data": {"topicId": str(self.topic_id), "link": self.link},
        }
        if self.link.startswith("https://"):  # FCM refuses others
            webpush["fcm_options"] = {"link": self.link}
        return {"message": {"token": target, "webpush": webpush}}


def content_of(reminder: Notification, slot: int, topic_id: int, title: str, tag_id: int, seconds: float) -> Content:
    """Of the slot that ends in so many seconds. It has one tag, so that what is pushed twice can be shown once."""
    return Content(
        tag=f"{reminder.pk}-{slot}",
        title=reminder.name,
        body=title,
        topic_id=topic_id,
        link=link_to(topic_id, title, tag_id),
        ttl=max(1, round(seconds)),
    )


def link_to(topic_id: int, title: str, tag_id: int) -> str:
    slug = f"&type={SLUGS[tag_id - 1]}" if 1 <= tag_id <= len(SLUGS) else ""
    return f"{settings.CLIENT_URL}/detail/{topic_id}?title={quote(title, safe='')}{slug}"

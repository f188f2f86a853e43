"""What a user sees of their reminders: which topics are in them, and which comes when, as things stand now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from accounts.models import User
from notifications.models import Notification
from notifications.slots import topic_of
from topics.models import Topic

TYPES_SHOWN = 4


@dataclass(frozen=True)
class Slot:
    begins: datetime
    topic: Topic

    @property
    def topic_type_place(self) -> int:
        """The client takes it for an index into its list of the eight kinds."""
        return self.topic.topic_tag_id - 1


def showable_topics(user: User, reminders: Sequence[Notification]) -> Mapping[int, Topic]:
    """The topics of these reminders that this user may see now, by their ids, in one statement."""
    ids = {id for reminder in reminders for id in reminder.topic_ids}
    return Topic.objects.visible_to(user).select_related("topic_tag").in_bulk(ids)


def add_topics(user: User, reminders: Sequence[Notification]) -> None:
    """Gives each reminder its `topic_total` and its `first_topics`, for the list."""
    topics = showable_topics(user, reminders)
    for reminder in reminders:
        shown = [id for id in reminder.topic_ids if id in topics]
        reminder.topic_total = len(shown)  # type: ignore[attr-defined]
        reminder.first_topics = [topics[id] for id in islice(shown, TYPES_SHOWN)]  # type: ignore[attr-defined]


def add_slots(user: User, reminder: Notification) -> None:
    """Gives the reminder its `slots`: those that some topic can fill, past ones too."""
    topics, window = showable_topics(user, [reminder]), reminder.window
    turns = ((slot, topic_of(slot, reminder.topic_ids, topics)) for slot in range(window.count))
    reminder.slots = [Slot(window.begins(slot), topics[id]) for slot, id in turns if id is not None]  # type: ignore[attr-defined]

"""When a reminder pushes, and which topic: plain arithmetic, without a database and without a clock."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
# A slot that could not be pushed for so long is not pushed any more, even if the next one is far.
LATE_MOST = timedelta(minutes=5)


@dataclass(frozen=True)
class Window:
    """One date in Seoul, from `start` to before `end`, every `interval`. Slots count from 0."""

    date: date
    start: time
    end: time
    interval: timedelta

    @cached_property
    def count(self) -> int:
        length = datetime.combine(self.date, self.end) - datetime.combine(self.date, self.start)
        return max(0, -(-length // self.interval))

    def begins(self, slot: int) -> datetime:
        return datetime.combine(self.date, self.start, SEOUL) + slot * self.interval

    def ends(self, slot: int) -> datetime:
        return self.begins(slot) + self.interval

    def due_at(self, slot: int) -> datetime | None:
        """When this slot begins; None past the last one."""
        return self.begins(slot) if slot < self.count else None

    @property
    def lateness_most(self) -> timedelta:
        return min(self.interval, LATE_MOST)

    def too_late(self, slot: int) -> datetime:
        """From when on the slot cannot be pushed: the next one begins, or it is five minutes late."""
        return self.begins(slot) + self.lateness_most

    def first_after(self, moment: datetime) -> int:
        """The first slot that begins after `moment`; `count` when none does."""
        passed = moment - self.begins(0)
        return min(self.count, max(0, passed // self.interval + 1))

    def current(self, moment: datetime) -> int:
        """The first slot that is not yet too late at `moment`, begun or not; `count` when none is left."""
        return self.first_after(moment - self.lateness_most)


def topic_of(slot: int, topic_ids: Sequence[int], showable: Container[int]) -> int | None:
    """The topic whose turn it is in this slot, or the next in the list that can be shown; None when none can."""
    turn = slot % len(topic_ids)
    return next((id for id in [*topic_ids[turn:], *topic_ids[:turn]] if id in showable), None)

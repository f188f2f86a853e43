"""What is to be done now for a reminder that was claimed: which slot, which topic, to which phones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from notifications.messages import content_of
from notifications.models import Push
from notifications.parcels import Entry, Parcel, Turn
from notifications.slots import topic_of

Outcome, Reason = Push.Outcome, Push.Reason


def plan(claimed: Any, now: datetime, send_before: float) -> tuple[Turn, list[Parcel]]:
    """What became of slots that are over, and the pushes of the one that is due, if one is.

    `claimed` is a reminder as `notifications.queue.claim` gives it.
    """
    window, first = claimed.window, claimed.next_slot
    slot = max(first, window.current(now))
    tried = claimed.tries if slot == first else 0
    turn = Turn(claimed.pk, window, claimed.next_due_at, slot, window.due_at(slot), tried)
    for over in range(first, slot):
        reason = Reason.UNAVAILABLE if over == first and claimed.tries else Reason.LATE
        note_missed(turn, over, phones_left(claimed, over), reason, now)
    if turn.next_due_at is None or turn.next_due_at > now:
        return turn, []
    turn.next_slot, turn.next_due_at = slot + 1, window.due_at(slot + 1)
    parcels = begin(claimed, turn, slot, now, send_before)
    turn.open = turn.parcels = len(parcels)
    return turn, parcels


def begin(claimed: Any, turn: Turn, slot: int, now: datetime, send_before: float) -> list[Parcel]:
    """The pushes of this slot; none where nobody can be reached or nothing can be shown, which is noted."""
    phones = phones_left(claimed, slot)
    topics = {id: (title, tag_id) for id, title, tag_id in claimed.topics}
    topic_id = topic_of(slot, claimed.topic_ids, topics)
    if topic_id is None or phones == [NO_PHONE]:
        reason = Reason.NO_PHONE if phones == [NO_PHONE] else Reason.NOTHING_TO_SHOW
        note_missed(turn, slot, phones, reason, now)
        return []
    seconds = (turn.window.ends(slot) - now).total_seconds()
    content = content_of(claimed, slot, topic_id, *topics[topic_id], seconds)
    return [Parcel(turn, slot, id, target, content.message(target), send_before) for id, target in phones]


NO_PHONE = [None, ""]


def phones_left(claimed: Any, slot: int) -> Sequence[Any]:
    """Session and target of each phone of which nothing is known in this slot; `NO_PHONE` where there never was any."""
    done = claimed.done if slot == claimed.next_slot else ()
    return [phone for phone in claimed.phones if phone[0] not in done] or ([] if done else [NO_PHONE])


def note_missed(turn: Turn, slot: int, phones: Sequence[Any], reason: Push.Reason, now: datetime) -> None:
    turn.entries += [entry(turn, slot, session_id, Outcome.MISSED, reason, now) for session_id, _ in phones]


def entry(turn: Turn, slot: int, session_id: str | None, outcome: str, reason: str, now: datetime) -> Entry:
    begins = turn.window.begins(slot)
    late = max(0, round((now - begins).total_seconds() * 1000))
    return Entry(turn.id, slot, session_id, outcome, reason, begins, now, None if outcome == Outcome.MISSED else late)

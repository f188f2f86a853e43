"""The queue in the database: claiming reminders that are due, under a lease, and writing down what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from django.db import connection

from notifications.models import Notification
from notifications.parcels import Turn

# Longer than a push may take from its claim on (`notifications.sender`).
LEASE = timedelta(seconds=15)

# With each reminder comes what its push needs: the phones of its user (living sessions with a push target), those of
# them for which its next slot is settled, and the topics that may be shown (as `Topic.objects.visible_to` says it).
CLAIM = """
WITH due AS (
    SELECT id FROM notifications_notification WHERE next_due_at <= %(now)s
    ORDER BY next_due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE notifications_notification reminder SET next_due_at = %(lease)s
FROM due, scraps_scrap scrap
WHERE reminder.id = due.id AND scrap.id = reminder.scrap_id
RETURNING reminder.*, ARRAY (
    SELECT json_build_array(session.id, session.push_target) FROM accounts_session session
    WHERE session.user_id = scrap.user_id AND session.revoked_at IS NULL AND session.push_target_hash IS NOT NULL
    ORDER BY session.id
) AS phones, ARRAY (
    SELECT push.session_id::text FROM notifications_push push
    WHERE push.notification_id = reminder.id AND push.slot = reminder.next_slot
) AS done, ARRAY (
    SELECT json_build_array(topic.id, topic.title, topic.topic_tag_id) FROM topics_topic topic
    WHERE topic.id = ANY (reminder.topic_ids)
    AND (topic.status = 'published' OR topic.status = 'draft' AND topic.made_for_id = scrap.user_id)
) AS topics
"""

# `held` are those that are still there and that nobody is just deleting: nothing here waits for anybody's lock, so no
# deletion ever waits for us in a circle. Only the lease's holder moves the reminder on; the log takes what is true.
RECORD = """
WITH turn AS (
    SELECT * FROM json_to_recordset(%(turns)s::json)
    AS turn (id bigint, lease timestamptz, slot smallint, due_at timestamptz, tries smallint)
), held AS (
    SELECT reminder.id FROM notifications_notification reminder JOIN turn USING (id)
    FOR NO KEY UPDATE OF reminder SKIP LOCKED
), moved AS (
    UPDATE notifications_notification reminder SET next_slot = slot, next_due_at = due_at, tries = turn.tries
    FROM turn JOIN held USING (id) WHERE reminder.id = turn.id AND reminder.next_due_at = turn.lease
), logged AS (
    INSERT INTO notifications_push (notification_id, slot, session_id, outcome, reason, due_at, done_at, latency_ms)
    SELECT entry.* FROM json_to_recordset(%(entries)s::json)
    AS entry (id bigint, slot smallint, session_id uuid, outcome text, reason text, due_at timestamptz,
        done_at timestamptz, latency_ms integer) JOIN held USING (id)
    ON CONFLICT DO NOTHING
)
SELECT id FROM held
"""


def claim(most: int, now: datetime) -> Sequence[Notification]:
    """At most so many reminders that are due, leased to us: whoever dies over them leaves them due when the lease ends.

    One statement, which is its own transaction. `next_due_at` of each is the lease.
    """
    return list(Notification.objects.raw(CLAIM, {"now": now, "most": most, "lease": now + LEASE}))


def record(turns: Sequence[Turn]) -> list[Turn]:
    """Writes down what became of these, in one statement; returns those that somebody held, to be written later.

    Of a reminder that has gone meanwhile nothing is written.
    """
    states = [turn.state() for turn in turns]
    entries = [entry for turn in turns for entry in turn.entries]
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {"turns": as_json(states), "entries": as_json(entries)})
        held = {id for (id,) in cursor.fetchall()}
    missing = [turn for turn in turns if turn.id not in held]
    if not missing:
        return []
    there = set(Notification.objects.filter(pk__in=[turn.id for turn in missing]).values_list("pk", flat=True))
    return [turn for turn in missing if turn.id in there]


def as_json(rows: Sequence[object]) -> str:
    return orjson.dumps(rows).decode()

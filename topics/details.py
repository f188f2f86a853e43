"""The ways to carry a topic on."""

from django.db import connections

from topics.corrections import REVISION
from topics.entries import Kind, Shared

MOST = 5
DETAILS = Kind("details", {"itemTitle": str, "itemContent": str})

READ = f"""
SELECT
    coalesce(
        (
            SELECT json_agg(json_build_object('itemTitle', title, 'itemContent', content) ORDER BY position, id)
            FROM (
                SELECT * FROM topics_topicdetail WHERE topic_id = topic.id ORDER BY position, id LIMIT {MOST}
            ) first
        ),
        json_build_array(json_build_object('itemTitle', topic.title, 'itemContent', topic.subtitle))
    ),
    topic.topic_tag_id,
    topic.place_tag_id,
    {REVISION.format(topic_tag="topic.topic_tag_id", place_tag="topic.place_tag_id")},
    topic.status = 'published'
FROM topics_topic topic
WHERE id = %(id)s AND (status = 'published' OR status = 'draft' AND made_for_id = %(user)s)
"""


def read_details(topic_id: int, user_id: int, using: str) -> Shared | None:
    """A topic's first details, or one made of its own title and subtitle; None when this user may not open it."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ, {"id": topic_id, "user": user_id})
        row = cursor.fetchone()
    return Shared(*row) if row else None

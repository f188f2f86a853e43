"""The ways to carry a topic on."""

from typing import Any

from django.db import connections

from topics.corrections import REVISION
from topics.entries import Kind, Shared
from topics.generation import model

MOST = 5
DETAILS = Kind("details", {"itemTitle": str, "itemContent": str})

READ = f"""
SELECT
    topic.title,
    topic.subtitle,
    (
        SELECT json_agg(json_build_object('itemTitle', title, 'itemContent', content) ORDER BY position, id)
        FROM (SELECT * FROM topics_topicdetail WHERE topic_id = topic.id ORDER BY position, id LIMIT {MOST}) first
    ),
    topic.topic_tag_id,
    topic.place_tag_id,
    {REVISION.format(topic_tag="topic.topic_tag_id", place_tag="topic.place_tag_id")},
    topic.status = 'published'
FROM topics_topic topic
WHERE id = %(id)s AND (status = 'published' OR status = 'draft' AND made_for_id = %(user)s)
"""


def read_details(topic_id: int, user_id: int, using: str) -> Shared | None:
    """A topic's first details; None when this user may not open it.

    One without any has one made of its own title and subtitle; none at all, and nothing to be kept, where a model may
    write some.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(READ, {"id": topic_id, "user": user_id})
        row = cursor.fetchone()
    if row is None:
        return None
    title, subtitle, details, topic_tag, place_tag, revision, is_published = row
    if details is None and model.is_on():
        return Shared([], topic_tag, place_tag, revision, everybodys=False)
    return Shared(details or plain(title, subtitle), topic_tag, place_tag, revision, is_published)


def plain(title: str, subtitle: str) -> list[dict[str, Any]]:
    return [{"itemTitle": title, "itemContent": subtitle}]

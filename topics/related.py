"""What is related to a topic, in one statement that stays quick at a million topics (docs/decisions/0002, 0011)."""

from django.db import connections

from topics.corrections import REVISION
from topics.entries import Kind, Shared

MOST = 10
RELATED = Kind("related", {"topicId": int, "type": str, "title": str})

# Published, of the base's tags, with a partner that fits: an empty bound or gender on either side never excludes.
SUITS = """
    topic.status = 'published' AND topic.id <> base.id
    AND topic.topic_tag_id = base.topic_tag_id AND topic.place_tag_id = base.place_tag_id
    AND (topic.partner_gender = base.partner_gender) IS NOT FALSE
    AND (topic.partner_age_lower >= base.partner_age_lower) IS NOT FALSE
    AND (topic.partner_age_upper <= base.partner_age_upper) IS NOT FALSE
"""
# For each situation that contains the base's, its ten newest topics are a look-up in an index; then the ten newest of
# those. A base that suits anyone needs no look at situations.
NEWEST = f"""
    SELECT id FROM (
        (
            SELECT topic.id FROM topics_topic topic WHERE own.text = '' AND {SUITS}
            ORDER BY topic.id DESC LIMIT {MOST}
        )
        UNION ALL
        SELECT of_one.id
        FROM topics_situation situation CROSS JOIN LATERAL (
            SELECT topic.id FROM topics_topic topic WHERE topic.situation_id = situation.id AND {SUITS}
            ORDER BY topic.id DESC LIMIT {MOST}
        ) of_one
        WHERE own.text <> '' AND (situation.text = '' OR strpos(situation.folded, own.folded) > 0)
    ) newest
    ORDER BY id DESC LIMIT {MOST}
"""
READ = f"""
SELECT
    (
        SELECT coalesce(
            json_agg(
                json_build_object('topicId', topic.id, 'type', tag.content, 'title', topic.title) ORDER BY topic.id DESC
            ), '[]'
        )
        FROM topics_topic topic JOIN topics_topictag tag ON tag.id = topic.topic_tag_id WHERE topic.id IN ({NEWEST})
    ),
    base.topic_tag_id,
    base.place_tag_id,
    {REVISION.format(topic_tag="base.topic_tag_id", place_tag="base.place_tag_id")},
    base.status = 'published'
FROM topics_topic base JOIN topics_situation own ON own.id = base.situation_id
WHERE base.id = %(id)s AND (base.status = 'published' OR base.status = 'draft' AND base.made_for_id = %(user)s)
"""


def read_related(topic_id: int, user_id: int, using: str) -> Shared | None:
    """At most ten related topics, newest first, as the client reads them but for the user's own flag; None when this
    user may not open the topic."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ, {"id": topic_id, "user": user_id})
        row = cursor.fetchone()
    return Shared(*row) if row else None

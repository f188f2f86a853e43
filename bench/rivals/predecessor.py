"""Related topics as the service before this one asked for them, without its cache: the situation is text on the topic,
looked through by infix; the tags have an index each. Where the base names a gender or an age, the others must name a
fitting one. Its flags are left out, which counts for it.
"""

from typing import Any

import psycopg
from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from tokpik.errors import NotFound
from tokpik.viewsets import ApiViewSet, path_id

TABLE = """
CREATE TABLE bench_predecessor AS
    SELECT topic.id, title, situation.text AS situation, partner_gender, partner_age_lower, partner_age_upper,
        topic_tag_id, place_tag_id
    FROM topics_topic topic JOIN topics_situation situation ON situation.id = situation_id
    WHERE status = 'published';
ALTER TABLE bench_predecessor ADD PRIMARY KEY (id);
CREATE INDEX ON bench_predecessor (topic_tag_id);
CREATE INDEX ON bench_predecessor (place_tag_id);
"""
BASE = """
SELECT situation, partner_gender, partner_age_lower, partner_age_upper, topic_tag_id, place_tag_id
FROM bench_predecessor WHERE id = %(id)s
"""
RELATED = """
SELECT topic.id, tag.content, topic.title
FROM bench_predecessor topic JOIN topics_topictag tag ON tag.id = topic.topic_tag_id
WHERE topic.id <> %(id)s AND topic.topic_tag_id = %(topic_tag)s AND topic.place_tag_id = %(place_tag)s
    AND topic.situation LIKE %(situation)s
    AND (%(gender)s::text IS NULL OR topic.partner_gender = %(gender)s)
    AND (%(lower)s::int IS NULL OR topic.partner_age_lower >= %(lower)s)
    AND (%(upper)s::int IS NULL OR topic.partner_age_upper <= %(upper)s)
ORDER BY topic.id DESC LIMIT 10
"""


def prepare(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute(TABLE)
        database.execute("VACUUM ANALYZE bench_predecessor")


class PredecessorViewSet(ApiViewSet):
    def related(self, request: Request, topic_id: str) -> Response:
        rows = related_to(path_id(topic_id))
        return Response({"talkTopics": [{"topicId": id, "type": tag, "title": title} for id, tag, title in rows]})


def related_to(topic_id: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(BASE, {"id": topic_id})
        base = cursor.fetchone()
        if base is None:
            raise NotFound
        situation, gender, lower, upper, topic_tag, place_tag = base
        values = {"id": topic_id, "situation": f"%{situation}%", "topic_tag": topic_tag, "place_tag": place_tag}
        cursor.execute(RELATED, {**values, "gender": gender, "lower": lower, "upper": upper})
        return cursor.fetchall()

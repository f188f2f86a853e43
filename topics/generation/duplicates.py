"""Near-duplicates: titles that read alike, by the trigrams of their letters (topics/migrations/0007)."""

from django.db import connection

# Titles as alike as this are one topic told twice; equal ones, but for spaces and signs, are 1.
TOO_ALIKE = 0.6
# Anything less alike is not looked for: at 0.3 it takes six times as long.
ALIKE = 0.5
NEAREST = """
SELECT id, similarity(topics_squeeze(title), topics_squeeze(%(title)s)) AS score
FROM topics_topic WHERE topics_squeeze(title) %% topics_squeeze(%(title)s) ORDER BY score DESC, id LIMIT 1
"""
# Whoever stores what was written does so alone: two could not see each other's.
ALONE = 7_060_001


def one_at_a_time() -> None:
    """Until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ALONE])
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(ALIKE)])


def nearest(title: str) -> tuple[int | None, float]:
    """The topic whose title is the most alike, hidden ones too, and how much; (None, 0) when none is."""
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, {"title": title})
        return cursor.fetchone() or (None, 0.0)

"""What was corrected: the revisions by which cached answers are told to be current (docs/decisions/0011).

A correction is a row that a trigger appends in the correcting transaction (topics/migrations/0005_corrections.py). The
revision of a pair of tags is the sum of its rows; each worker's reading brings all of them, a few dozen numbers.
"""

from django.db import connection, connections

from tokpik.reading import Part

Pair = tuple[int | None, int | None]
# Tag lists, terms and policies hang on no pair of tags: they have a revision of their own.
LISTS = (0, 0)
# So do users' lists of what they scraped, for writes that the cache could not be told of.
FLAGS = (0, -1)
REVISION = """(
    SELECT coalesce(sum(raised), 0)::bigint FROM topics_correction
    WHERE (topic_tag = {topic_tag} OR topic_tag IS NULL) AND (place_tag = {place_tag} OR place_tag IS NULL)
)"""
# In one statement, so that whoever reads meanwhile sees the rows as they were or their sums; rows only when there is
# something to add up. Two at once share the rows between them.
FOLD = """
WITH gone AS (
    DELETE FROM topics_correction
    WHERE (SELECT count(*) > count(DISTINCT (topic_tag, place_tag)) FROM topics_correction)
    RETURNING topic_tag, place_tag, raised
)
INSERT INTO topics_correction (topic_tag, place_tag, raised)
SELECT topic_tag, place_tag, sum(raised) FROM gone GROUP BY topic_tag, place_tag
"""

revisions: dict[Pair, int] = {}


def part() -> Part:
    return Part(
        "SELECT json_agg(json_build_array(topic_tag, place_tag, raised)) FROM ("
        "SELECT topic_tag, place_tag, sum(raised) AS raised FROM topics_correction GROUP BY topic_tag, place_tag"
        ") AS sums",
        take,
    )


def take(value: list[tuple[int | None, int | None, int]] | None, everything: bool) -> None:
    global revisions
    revisions = {(topic_tag, place_tag): raised for topic_tag, place_tag, raised in value or ()}


def revision_of(topic_tag: int, place_tag: int) -> int:
    """As the worker's reading has it. A row without a tag counts for every such tag."""
    known = revisions.get
    return (
        known((topic_tag, place_tag), 0)
        + known((topic_tag, None), 0)
        + known((None, place_tag), 0)
        + known((None, None), 0)
    )


def read_lists_revision(using: str) -> int:
    """As that database has it now: to be asked before the rows of a list, never after."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT " + REVISION.format(topic_tag=LISTS[0], place_tag=LISTS[1]))
        return int(cursor.fetchone()[0])


def fold() -> bool:
    """Add the rows of each pair together. Returns False: there is no more to do."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
    return False

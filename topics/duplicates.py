"""Topics that say nearly the same: by titles that are equal but for spacing and punctuation, or that share most of
their letters' neighbourhoods (pg_trgm over `topics_spread`)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, FloatField, Func, OuterRef, QuerySet, Value
from psycopg.errors import QueryCanceled

from topics.generation.duplicates import TOO_ALIKE
from topics.models import Spread, Topic

# The share of common trigrams from which two titles are worth a look.
SIMILAR = 0.5
SHOWN_MOST = 5
# Of so many candidates the most similar are shown: where more look alike, any of them tells the curator enough.
COMPARED_MOST = 200
# For a page of the list.
COMPARING_MS = 200
# (The planner does not know that the functions of an index cost more than the index.)
BOUNDS = """
SELECT set_config('pg_trgm.similarity_threshold', %(least)s, true), set_config('statement_timeout', %(most)s, true),
    set_config('enable_seqscan', 'off', true)
"""
NEAREST = """
SELECT page.id, twin.id, twin.score
FROM topics_topic page
CROSS JOIN LATERAL (
    SELECT other.id, similarity(topics_squeeze(other.title), topics_squeeze(page.title)) AS score
    FROM topics_topic other
    WHERE {alike} AND other.id <> page.id AND other.status <> 'hidden'
    ORDER BY score DESC, other.id
    LIMIT 1
) twin
WHERE page.id = ANY (%(ids)s)
"""
ALIKE = "topics_squeeze(other.title) %% topics_squeeze(page.title)"
EQUAL = "topics_spread(other.title) = topics_spread(page.title)"


def similar_to(topic: Topic) -> list[Topic]:
    """The topics, hidden ones left out, whose titles are most like this one's, with their `similarity` from 0 to 1."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(SIMILAR)])
        return ranked(topic)


def ranked(topic: Topic) -> list[Topic]:
    title = Spread(Value(topic.title))
    others = Topic.objects.exclude(status=Topic.Status.HIDDEN).exclude(pk=topic.pk)
    # The index that searches are answered from finds the words of this title in others' titles and subtitles.
    texts = others.alias(searched=Spread("title", "subtitle"))
    candidates = texts.filter(searched__trigram_word_similar=title).order_by()
    found = Topic.objects.filter(pk__in=candidates.values("pk")[:COMPARED_MOST])
    similarity = Func(Spread("title"), title, function="similarity", output_field=FloatField())
    found = found.annotate(similarity=similarity).filter(similarity__gte=SIMILAR).order_by("-similarity", "-pk")
    return list(found.select_related("topic_tag", "place_tag").prefetch_related("details")[:SHOWN_MOST])


def with_a_twin(topics: QuerySet[Topic]) -> QuerySet[Topic]:
    """Those whose title another topic has too, but for spacing, case and punctuation; hidden ones do not count."""
    others = Topic.objects.exclude(status=Topic.Status.HIDDEN).exclude(pk=OuterRef("pk"))
    twins = others.alias(spread=Spread("title")).filter(spread=Spread(OuterRef("title")))
    return topics.filter(Exists(twins))


@dataclass(frozen=True)
class Twin:
    """The topic whose title is the most like another's, from `TOO_ALIKE` on; 1 is the same but for spaces and signs."""

    pk: int
    similarity: float


def twins_of(ids: Iterable[int]) -> tuple[dict[int, Twin], bool]:
    """The nearest twin of each of a page's topics that has one, hidden ones left out; and whether all were compared.

    Where a great part of the catalogue is made of the same words comparing takes long: then only those of equal
    titles are told.
    """
    wanted = {"ids": list(ids)}
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(BOUNDS, {"least": str(TOO_ALIKE), "most": str(COMPARING_MS)})
                cursor.execute(NEAREST.format(alike=ALIKE), wanted)
                compared = True
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            cursor.execute(NEAREST.format(alike=EQUAL), wanted)
            compared = False
        return {pk: Twin(twin, score) for pk, twin, score in cursor.fetchall()}, compared

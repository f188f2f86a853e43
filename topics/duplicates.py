"""Topics that say nearly the same: by titles that are equal but for spacing and punctuation, or that share most of
their letters' neighbourhoods (pg_trgm over `topics_spread`)."""

from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Exists, FloatField, Func, OuterRef, QuerySet, Value

from topics.models import Spread, Topic

# The share of common trigrams from which two titles are worth a look.
SIMILAR = 0.5
SHOWN_MOST = 5
# Of so many candidates the most similar are shown: where more look alike, any of them tells the curator enough.
COMPARED_MOST = 200


def similar_to(topic: Topic) -> list[Topic]:
    """The topics, hidden ones left out, whose titles are most like this one's, with their `similarity` from 0 to 1."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(SIMILAR)])
        return compared(topic)


def compared(topic: Topic) -> list[Topic]:
    title = Spread(Value(topic.title))
    others = Topic.objects.exclude(status=Topic.Status.HIDDEN).exclude(pk=topic.pk)
    # The index that searches are answered from finds the words of this title in others' titles and subtitles.
    texts = others.alias(searched=Spread("title", "subtitle"))
    candidates = texts.filter(searched__trigram_word_similar=title).order_by()
    found = Topic.objects.filter(pk__in=candidates.values("pk")[:COMPARED_MOST])
    similarity = Func(Spread("title"), title, function="similarity", output_field=FloatField())
    ranked = found.annotate(similarity=similarity).filter(similarity__gte=SIMILAR).order_by("-similarity", "-pk")
    return list(ranked.select_related("topic_tag", "place_tag").prefetch_related("details")[:SHOWN_MOST])


def with_a_twin(topics: QuerySet[Topic]) -> QuerySet[Topic]:
    """Those whose title another topic has too, but for spacing, case and punctuation; hidden ones do not count."""
    others = Topic.objects.exclude(status=Topic.Status.HIDDEN).exclude(pk=OuterRef("pk"))
    twins = others.alias(spread=Spread("title")).filter(spread=Spread(OuterRef("title")))
    return topics.filter(Exists(twins))


def ids_with_a_twin(ids: Iterable[int]) -> set[int]:
    return set(with_a_twin(Topic.objects.filter(pk__in=list(ids))).order_by().values_list("pk", flat=True))

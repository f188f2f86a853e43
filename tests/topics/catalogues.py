"""Small random catalogues: rows in the database beside the plain rows that describe them (`tests.topics.rules`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction
from django_redis import get_redis_connection
from hypothesis import strategies as st

from tests.factories import PlaceTagFactory, SituationFactory, TopicTagFactory
from tests.topics.rules import Row
from topics.models import Situation, Topic

COMMON_WORDS = ["친목", "Tea", "tEA"]
COMMON_SITUATIONS = ["친구", "오랜 친구", "SCHOOL", "school"]
# Letters that have a meaning to LIKE or to a tsquery, letters of two cases, and decomposed Hangul.
ODD_WORDS = ["Straße", "STRASSE", "ΣΑΣ", "σας", "ﬁ", "FI", "e\u0301", "É", "50%\\", "'", "\\", '"', "a'b",
             "& | ! ( ) : *", "<->", "v", "p", "-", "$1", "{}", "NULL", "a_b"]  # fmt: skip
ODD_SITUATIONS = ["1 : 1", "old School", "\u110e\u1175\u11ab\u1100\u116e", "Straße", "große STRASSE", "ΣΑΣ", "σας",
                  "100%", "%", "100_", "\\", "a\\b", "' | 'v"]  # fmt: skip
UNSEEN = ["전혀 없는 말", "' | 'v", "없음\\"]
TOPIC_TAGS = ["사랑과 연애", "인간관계", "자기 계발"]
PLACE_TAGS = ["집", "카페", "학교"]

one_word = st.one_of(st.sampled_from(COMMON_WORDS), st.sampled_from(COMMON_WORDS), st.sampled_from(ODD_WORDS))
one_situation = st.one_of(st.sampled_from(COMMON_SITUATIONS), st.sampled_from(ODD_SITUATIONS))
words = st.lists(one_word, max_size=2)
ages = st.one_of(st.none(), st.sampled_from([0, 4, 5, 9, 19, 20, 24, 25, 40, 119, 120]))
# Which tags, as places in the two lists above.
rows = st.builds(
    Row,
    status=st.sampled_from(["published"] * 6 + ["draft", "hidden"]),
    made_for=st.sampled_from([None, 0, 1]),
    situation=st.one_of(st.just(""), one_situation),
    purposes=words,
    moods=words,
    gender=st.sampled_from([None, "male", "female"]),
    lower=ages,
    upper=ages,
    topic_tag=st.integers(0, 2),
    place_tag=st.integers(0, 2),
    for_equal=st.booleans(),
).filter(lambda row: row.lower is None or row.upper is None or row.lower <= row.upper)


@st.composite
def catalogues(draw: st.DrawFn, most: int = 12) -> list[Row]:
    """Up to `most` kinds of topics, some of them many times over."""
    kinds = draw(st.lists(rows, max_size=most))
    return [row for row in kinds for _ in range(draw(st.sampled_from([1, 1, 1, 2, 7, 12])))]


def vocabulary() -> dict[str, list[int]]:
    """The tags and situations that the rows speak of, made once a test."""
    for text in ["", *COMMON_SITUATIONS, *ODD_SITUATIONS]:
        SituationFactory(text=text)
    return {
        "topic": [TopicTagFactory(content=content).pk for content in TOPIC_TAGS],
        "place": [PlaceTagFactory(content=content).pk for content in PLACE_TAGS],
    }


@contextmanager
def stored(described: Sequence[Row], tags: dict[str, list[int]], users: Sequence[int]) -> Iterator[list[Row]]:
    """The rows in the database and an empty cache; afterwards both are as before. Yields the rows with their ids."""
    get_redis_connection("default").flushdb()
    situations = dict(Situation.objects.values_list("text", "pk"))
    full = [
        replace(
            row,
            made_for=None if row.made_for is None else users[row.made_for],
            topic_tag=tags["topic"][row.topic_tag],
            place_tag=tags["place"][row.place_tag],
        )
        for row in described
    ]
    with transaction.atomic():
        topics = Topic.objects.bulk_create(as_topic(row, situations) for row in full)
        yield [replace(row, id=topic.pk) for row, topic in zip(full, topics, strict=True)]
        transaction.set_rollback(True)


def as_topic(row: Row, situations: dict[str, int]) -> Topic:
    situation = Situation._meta.get_field("text").get_prep_value(row.situation)
    return Topic(
        title="집 데이트에서 들킨 취향",
        subtitle="냉장고와 책장이 먼저 말해 버린 것들",
        status=row.status,
        made_for_id=row.made_for,
        situation_id=situations[situation],
        purposes=list(row.purposes),
        moods=list(row.moods),
        partner_gender=row.gender,
        partner_age_lower=row.lower,
        partner_age_upper=row.upper,
        topic_tag_id=row.topic_tag,
        place_tag_id=row.place_tag,
    )

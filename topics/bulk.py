"""Made-up topics by the million, spread as a real catalogue is: frequent words and rare ones, half left empty."""

import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import product

from django.db import connection
from django.utils import timezone

from tokpik.copying import Progress, copy, without_indexes
from topics.models import Gender, PlaceTag, Situation, Topic, TopicTag

PURPOSES = ["친목", "소개팅", "비즈니스", "일상", "면접", "멘토링", "동아리", "스터디"]
MOODS = ["편안한", "유익한", "유쾌한", "알아가는", "진지한", "설레는"]
SITUATIONS = ["첫만남", "1 : 1", "집단", "상사", "동료", "친구"]
WHERE = ["회의", "점심", "퇴근길", "엘리베이터", "발표", "산책", "영화", "전시", "운동", "등굣길", "축제", "여행"]
WHEN = ["전", "뒤", "중", "직전", "다음 날", "이 어색할 때", "이 길어질 때", "에 늦었을 때"]
SUBJECTS = [
    "요리",
    "음악",
    "고양이",
    "출근",
    "산책",
    "독서",
    "게임",
    "여행",
    "사진",
    "커피",
    "운동",
    "꿈",
    "이름",
    "계절",
]
ASKS = ["에 얽힌 첫 기억", "이 바꿔 놓은 하루", "을 고르는 나만의 기준", " 이야기로 여는 저녁", "에서 배운 한 가지"]
COLUMNS = [
    "title",
    "subtitle",
    "situation_id",
    "purposes",
    "moods",
    "partner_gender",
    "partner_age_lower",
    "partner_age_upper",
    "topic_tag_id",
    "place_tag_id",
    "status",
    "source",
    "created_at",
    "updated_at",
]
# From here on indexes are made again as a whole.
MANY = 100_000
SEED = 20_240_101


def scale(*, topics: int, empty_situations: float = 0.5, progress: Progress) -> None:
    """Adds `topics` published topics; `empty_situations` is the share that suits any situation.

    Needs the tags that `seed` makes.
    """
    texts = [*SITUATIONS, *(f"{place} {time} {kind}" for place in WHERE for time in WHEN for kind in SITUATIONS)]
    Situation.objects.bulk_create([Situation(text=text) for text in ["", *texts]], ignore_conflicts=True)
    ids = dict(Situation.objects.values_list("text", "pk"))
    pairs = list(product(TopicTag.objects.values_list("pk", flat=True), PlaceTag.objects.values_list("pk", flat=True)))
    made = rows(topics, [ids[text] for text in texts], ids[""], empty_situations, pairs)
    with without_indexes("topics_topic") if topics >= MANY else nullcontext():
        copy("topics_topic", COLUMNS, made, total=topics, progress=progress)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE topics_topic, topics_situation")


def rows(
    count: int, situations: Sequence[int], none: int, empty: float, pairs: Sequence[tuple[int, int]]
) -> Iterator[Sequence[object]]:
    luck = random.Random(SEED)
    now = timezone.now()
    for number in range(count):
        lower, upper = ages(luck)
        yield (
            f"{luck.choice(SUBJECTS)}{luck.choice(ASKS)} {number}",
            f"{luck.choice(WHERE)}에서 {luck.choice(SUBJECTS)} 이야기 꺼내기",
            # A few texts are frequent and most are rare.
            none if luck.random() < empty else situations[int(len(situations) * luck.random() ** 3)],
            some_of(PURPOSES, luck),
            some_of(MOODS, luck),
            luck.choices([None, Gender.MALE.value, Gender.FEMALE.value], [8, 1, 1])[0],
            lower,
            upper,
            *luck.choice(pairs),
            Topic.Status.PUBLISHED.value,
            Topic.Source.CURATED.value,
            now,
            now,
        )


def ages(luck: random.Random) -> tuple[int | None, int | None]:
    if luck.random() < 0.5:
        return None, None
    lower = luck.randrange(15, 60, 5)
    return lower, lower + luck.choice([4, 9, 19])


def some_of(words: Sequence[str], luck: random.Random) -> list[str]:
    return [] if luck.random() < 0.3 else luck.sample(words, luck.choice([1, 1, 2]))

"""Made-up people: negative Kakao ids, a birth date, a few interests."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from accounts.models import User
from tokpik.copying import Progress, copy
from topics.models import Gender, PlaceTag, TopicTag

COLUMNS = [
    "kakao_id",
    "password",
    "email",
    "photo_url",
    "birth",
    "gender",
    "is_superuser",
    "is_active",
    "is_staff",
    "joined_at",
    "consented_at",
]
SEED = 20_240_102
# Whom `issue_token` signs in.
SOMEBODY = -1
OLDEST = date(1960, 1, 1)


def scale(*, users: int, progress: Progress) -> list[int]:
    """Adds `users` people; returns their ids."""
    lowest = min(User.objects.aggregate(lowest=Min("kakao_id"))["lowest"] or 0, SOMEBODY)
    copy("accounts_user", COLUMNS, rows(users, lowest), total=users, progress=progress)
    made = list(User.objects.filter(kakao_id__lt=lowest).values_list("pk", flat=True))
    for name, tags in (("topic_tags", TopicTag), ("place_tags", PlaceTag)):
        through = getattr(User, name).through._meta.db_table
        chosen = list(interests(made, list(tags.objects.values_list("pk", flat=True))))
        columns = ["user_id", f"{tags._meta.model_name}_id"]
        copy(through, columns, chosen, total=len(chosen), progress=progress)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
    return made


def rows(count: int, lowest: int) -> Iterator[Sequence[object]]:
    luck = random.Random(SEED)
    now = timezone.now()
    for number in range(1, count + 1):
        birth = OLDEST + timedelta(days=luck.randrange(45 * 365))
        gender = luck.choice([Gender.MALE.value, Gender.FEMALE.value])
        email = f"person{number}@example.com"
        yield (lowest - number, "!", email, "", birth, gender, False, True, False, now, now)


def interests(users: Sequence[int], tags: Sequence[int]) -> Iterator[Sequence[object]]:
    luck = random.Random(SEED)
    for user in users:
        for tag in luck.sample(tags, min(len(tags), luck.randint(0, 3))):
            yield user, tag

"""Folders for made-up people: one to three each, with a few topics."""

import random
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from scraps.models import Scrap
from tokpik.copying import Progress, copy
from topics.models import Topic

NAMES = ["소개팅 필승", "회식 때 쓸 것", "엄마랑 통화할 때", "첫 출근", "동아리 뒤풀이", "지하철에서"]
SEED = 20_240_103
TOPICS_MOST = 10_000


def scale(*, users: Sequence[int], progress: Progress) -> None:
    """Adds folders for these users, filled from the newest topics."""
    luck = random.Random(SEED)
    now = timezone.now()
    folders = [(user, luck.choice(NAMES), now) for user in users for _ in range(luck.randint(1, 3))]
    last = Scrap.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    copy("scraps_scrap", ["user_id", "name", "created_at"], folders, total=len(folders), progress=progress)
    topics = list(Topic.objects.published().values_list("pk", flat=True)[:TOPICS_MOST])
    made = Scrap.objects.filter(pk__gt=last)
    entries = [
        (scrap, topic, now)
        for scrap in made.values_list("pk", flat=True)
        for topic in luck.sample(topics, min(len(topics), luck.randint(0, 8)))
    ]
    copy("scraps_scraptopic", ["scrap_id", "topic_id", "created_at"], entries, total=len(entries), progress=progress)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scraps_scrap, scraps_scraptopic")
